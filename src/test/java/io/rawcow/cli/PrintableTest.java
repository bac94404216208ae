package io.rawcow.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What somebody else's text does to a terminal: nothing. */
class PrintableTest {

    @Test
    void plainLettersStayAsTheyAre() {
        assertThat(Printable.of("vm-1.img bücher 日本 🐄")).isEqualTo("vm-1.img bücher 日本 🐄");
    }

    @Test
    void whatOrdersATerminalIsSpelledOut() {
        assertThat(Printable.of("a\033[2Jb")).isEqualTo("a\\x1b[2Jb");
        assertThat(Printable.of("a\r\n\tb\u007f")).isEqualTo("a\\x0d\\x0a\\x09b\\x7f");
        assertThat(Printable.of("\u009b31m")).as("C1, which needs no escape").isEqualTo("\\x9b31m");
        assertThat(Printable.of("gmi\u202e.img")).as("turns round what follows").isEqualTo("gmi\\u{202e}.img");
        assertThat(Printable.of("a\u200bb\u2028c\ud800")).isEqualTo("a\\u{200b}b\\u{2028}c\\u{d800}");
    }

    @Test
    void noCharacterOfAnyPlanePassesAsAControl() {
        var passing = IntStream.rangeClosed(0, Character.MAX_CODE_POINT)
                .filter(letter -> Printable.of(Character.toString(letter))
                        .codePoints()
                        .anyMatch(each -> Character.isISOControl(each) || Character.getType(each) == Character.FORMAT))
                .mapToObj("U+%04X"::formatted);

        assertThat(passing).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"abc,3", "'',0", "日本,4", "한국,4", "ｱ,1", "Ａ,2", "e\u0301,1", "🐄,2", "ü,1"})
    void widthIsThatOfTheCells(String text, int cells) {
        assertThat(Printable.width(text)).isEqualTo(cells);
    }

    @ParameterizedTest
    @CsvSource({"abcdef,6,abcdef", "abcdef,5,abcd…", "日本語,5,日本…", "日本語,4,日…", "abc,1,…", "abc,0,''"})
    void whatIsCutFitsAndSaysSo(String text, int cells, String cut) {
        assertThat(Printable.cut(text, cells)).isEqualTo(cut);
        assertThat(Printable.width(cut)).isLessThanOrEqualTo(cells);
    }

    @Test
    void columnsAreFilledByWidthNotByLetters() {
        assertThat(Printable.left("日本", 6)).isEqualTo("日本  ");
        assertThat(Printable.right("日本", 6)).isEqualTo("  日本");
        assertThat(Printable.left("日本", 2)).isEqualTo("日本");
    }
}
