package io.rawcow.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.cli.remote.Item;
import io.rawcow.posix.TerminalWindow;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Lines that are drawn over. */
class ScreenViewTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private TerminalWindow window = new TerminalWindow(80, 24);
    private final ScreenView view =
            new ScreenView(new PrintWriter(out, true), new PrintWriter(err, true), () -> window);

    private static WatchedImage image(String name, double progress) {
        Map<String, Object> image = new LinkedHashMap<>();
        image.put("name", name);
        image.put("state", "cow");
        image.put("progress", progress);
        return new WatchedImage(new Item(image), null);
    }

    private TerminalScreen screen() {
        return new TerminalScreen().write(out.toString());
    }

    @Test
    void laterPicturesTakeThePlaceOfEarlierOnes() throws Exception {
        view.show(List.of(image("one", 0.1), image("two", 0.2), image("three", 0.3)));
        view.show(List.of(image("one", 0.9)));

        assertThat(screen().shown())
                .hasSize(1)
                .first()
                .asString()
                .startsWith("one")
                .contains("90.00%");
    }

    @Test
    void aPictureThatIsThereIsNotDrawnAgain() throws Exception {
        view.show(List.of(image("one", 0.1)));
        int written = out.toString().length();

        view.show(List.of(image("one", 0.1)));

        assertThat(out.toString()).hasSize(written);
    }

    @Test
    void nothingIsClearedBeforeItIsDrawnOver() throws Exception {
        view.show(List.of(image("one", 0.1), image("two", 0.2)));
        int first = out.toString().length();
        view.show(List.of(image("one", 0.2), image("two", 0.3)));
        String picture = out.toString().substring(first);

        // To clear first is what flickers.
        assertThat(picture.indexOf("\033[J")).isGreaterThan(picture.indexOf("two"));
        assertThat(picture.indexOf("\033[K")).isGreaterThan(picture.indexOf("one"));
    }

    @Test
    void everyPictureLeavesTheCursorVisible() throws Exception {
        view.show(List.of(image("one", 0.1)));
        assertThat(screen().isCursorVisible()).isTrue();
        assertThat(out.toString()).contains("\033[?25l");

        view.close();
        assertThat(screen().isCursorVisible()).isTrue();
        assertThat(screen().shown()).hasSize(1);
    }

    @Test
    void nothingIsDrawnAfterTheClose() throws Exception {
        view.close();
        int written = out.toString().length();

        view.show(List.of(image("one", 0.1)));
        view.say("x");

        assertThat(out.toString()).hasSize(written);
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void whatIsSaidStandsAboveThePicture() throws Exception {
        view.show(List.of(image("one", 0.1)));
        int before = out.toString().length();

        view.say("rawcow: gone");

        assertThat(err.toString()).isEqualTo("rawcow: gone\n");
        // As they come together on a terminal: taken away, said, drawn again.
        String taken = out.toString().substring(0, out.toString().indexOf("\033[J", before) + 3);
        String drawn = out.toString().substring(taken.length());
        assertThat(new TerminalScreen()
                        .write(taken)
                        .write(err.toString())
                        .write(drawn)
                        .shown())
                .hasSize(2)
                .first()
                .isEqualTo("rawcow: gone");
    }

    @Test
    void aTerminalThatWasMadeNarrowerHasWrappedTheLines() throws Exception {
        view.show(List.of(image("one", 0.1), image("two", 0.2)));
        int first = out.toString().length();
        int widest = screen().widest();
        assertThat(widest).isBetween(31, 60);
        window = new TerminalWindow(30, 24);

        view.show(List.of(image("one", 0.1), image("two", 0.2)));

        // Both lines take two rows now.
        assertThat(out.toString().substring(first)).startsWith("\033[?25l\r\033[4A");
    }

    @Test
    void aLowTerminalIsNeverScrolled() throws Exception {
        window = new TerminalWindow(80, 3);

        view.show(List.of(image("a", 0.1), image("b", 0.1), image("c", 0.1), image("d", 0.1)));

        assertThat(screen().shown()).hasSize(2).last().isEqualTo("and 3 more");
    }
}
