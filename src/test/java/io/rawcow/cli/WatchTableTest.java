package io.rawcow.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Lines of images in terminals of any size. */
class WatchTableTest {
    private static final WatchRow RUNNING =
            new WatchRow("my_vm", "cow", 0.43219, "4.32 GiB of 10 GiB", "50 MiB/s", "1:50", "running", "");
    private static final WatchRow PAUSED = new WatchRow(
            "a-rather-long-name-of-a-machine",
            "cow",
            0.5,
            "5 GiB of 10 GiB",
            "-",
            "-",
            "paused",
            "cannot write raw file: No space left on device");
    private static final WatchRow WIDE =
            new WatchRow("日本語の名前", "unavailable", null, "-", "-", "-", "-", "the sidecar is gone");

    @Test
    void aWideTerminalShowsEverything() {
        assertThat(WatchTable.lines(List.of(RUNNING), 119, 10))
                .containsExactly("my_vm  cow         [########............]   43.21%  4.32 GiB of 10 GiB      50 MiB/s"
                        + "     1:50  running");
    }

    @Test
    void aNarrowOneShowsWhatCountsMost() {
        assertThat(WatchTable.lines(List.of(RUNNING), 39, 10)).containsExactly("my_vm  [####......]   43.21%  running");
    }

    @Test
    void noLineIsEverWiderThanTheTerminal() {
        for (int width = 1; width <= 200; width++) {
            List<String> lines = WatchTable.lines(List.of(RUNNING, PAUSED, WIDE), width, 10);
            int most = width;
            assertThat(lines).hasSize(3).allMatch(line -> Printable.width(line) <= most);
            if (width >= 30) {
                assertThat(lines.getFirst()).startsWith("my_vm").contains("43.21%");
                assertThat(lines.get(1)).startsWith("a-rather-lo").contains("50.00%");
            }
        }
    }

    @Test
    void whatIsWrongStandsWhereThereIsRoom() {
        assertThat(WatchTable.lines(List.of(PAUSED), 180, 10).getFirst()).endsWith(PAUSED.detail());
        assertThat(WatchTable.lines(List.of(PAUSED), 60, 10).getFirst())
                .contains("paused")
                .endsWith("…");
    }

    @Test
    void allIsSaidOnlyWhenAllIsDone() {
        var nearly = new WatchRow("vm", "cow", 0.9999999, "-", "-", "-", "running", "");
        assertThat(WatchTable.lines(List.of(nearly), 119, 1).getFirst()).contains("99.99%", "[###################.]");
    }

    @Test
    void aLowTerminalShowsThoseAtWorkAndCountsTheRest() {
        List<WatchRow> rows = IntStream.range(0, 100)
                .mapToObj(i ->
                        new WatchRow("vm" + i, "standalone", 1.0, "-", "-", "-", i == 77 ? "running" : "concluded", ""))
                .toList();

        List<String> lines = WatchTable.lines(rows, 80, 4);

        assertThat(lines).hasSize(4);
        assertThat(lines.getFirst()).startsWith("vm77");
        assertThat(lines.get(1)).startsWith("vm0");
        assertThat(lines.getLast()).isEqualTo("and 97 more");
    }

    @Test
    void aServiceWithoutImagesIsNoEmptyView() {
        assertThat(WatchTable.lines(List.of(), 80, 10)).containsExactly("no images");
    }
}
