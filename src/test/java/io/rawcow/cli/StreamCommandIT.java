package io.rawcow.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.rawcow.cli.Cli.Result;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Streams as processes of their own: interrupted, killed, throttled, and over backings that break. */
class StreamCommandIT {
    private static final int MIB = 1 << 20;
    private static final int DATA = 12 * MIB;

    @TempDir
    Path folder;

    @BeforeEach
    void createAnImage() throws Exception {
        byte[] bytes = new byte[DATA];
        new SplittableRandom(1).nextBytes(bytes);
        try (var file = new RandomAccessFile(folder.resolve("base.img").toFile(), "rw")) {
            file.setLength(64 * MIB);
            file.seek(3 * MIB);
            file.write(bytes);
        }
        create();
    }

    private void create() {
        assertThat(Cli.run("create", "-q", "-b", "base.img", "-F", "raw", path("vm.raw-cow"))
                        .err())
                .isEmpty();
    }

    private String path(String name) {
        return folder.resolve(name).toString();
    }

    private Process stream(String... options) throws IOException {
        List<String> words = new ArrayList<>(List.of("stream"));
        words.addAll(List.of(options));
        words.add("vm.raw-cow");
        return Cli.start(folder, words.toArray(new String[0]));
    }

    private long savedSectors() {
        return Cli.run("info", path("vm.raw-cow")).lines().stream()
                .filter(line -> line.contains("allocated sectors:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll(".*: (\\d+) of.*", "$1")))
                .findFirst()
                .orElse(-1);
    }

    private void awaitSavedSectors(long more) {
        await().atMost(Duration.ofSeconds(30)).until(() -> savedSectors() >= more);
    }

    private static void signal(Process process, String name) throws Exception {
        assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                        .start()
                        .waitFor())
                .isZero();
    }

    private void assertDone() throws Exception {
        assertThat(Cli.tool(folder, "cmp", "base.img", "vm.img").code()).isZero();
        assertThat(folder.resolve("vm.raw-cow")).doesNotExist();
    }

    @Test
    void relativeNamesResolveAgainstTheFolderItIsCalledIn() throws Exception {
        Result result = Cli.end(stream());

        assertThat(result).isEqualTo(new Result(0, "", ""));
        assertDone();
    }

    @Test
    void progressIsShownInLinesWhereThereIsNoTerminal() throws Exception {
        Result result = Cli.end(stream("-p"));

        assertThat(result.code()).isZero();
        assertThat(result.lines().getLast()).contains("(100.00/100%)").contains("64 MiB of 64 MiB");
        assertThat(result.out()).doesNotContain("\r");
    }

    @Test
    void onATerminalALineIsDrawnOver() throws Exception {
        String command = String.join(" ", Cli.command("stream", "--speed", "8M", "vm.raw-cow"));

        Result result = Cli.tool(folder, "script", "-q", "-e", "-c", command, "/dev/null");

        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.out()).contains("\r[").contains("/s").contains("(100.00/100%)");
        assertDone();
    }

    @Test
    void theSidecarCanBeKept() throws Exception {
        assertThat(Cli.end(stream("-q", "--keep-sidecar")).code()).isZero();

        assertThat(Cli.run("info", path("vm.raw-cow")).out()).contains("state: standalone");
        assertThat(Cli.run("check", path("vm.raw-cow")).code()).isEqualTo(3);
        assertThat(Cli.end(stream("-q")).code()).isZero();
        assertDone();
    }

    @Test
    void interruptedItSavesItsBitsAndSaysHowToGoOn() throws Exception {
        Process stream = stream("--speed", "512K");
        awaitSavedSectors(100);
        signal(stream, "INT");
        Result result = Cli.end(stream);

        assertThat(result.code()).isEqualTo(130);
        assertThat(result.err())
                .contains("rawcow: interrupted at ", "what was copied is kept", "Go on with: rawcow stream vm.raw-cow");
        assertThat(Cli.run("check", path("vm.raw-cow")).lines().getFirst())
                .isEqualTo("No errors were found on the image.");
        assertThat(Cli.run("info", "--output=json", path("vm.raw-cow")).out()).contains("\"dirty-flag\": false");
        assertThat(Cli.end(stream()).code()).isZero();
        assertDone();
    }

    @Test
    void killedOverAndOverItGetsDone() throws Exception {
        long before = 0;
        for (int kill = 0; kill < 4; kill++) {
            Process stream = stream("-q", "--speed", "2M");
            long wanted = before + 300;
            awaitSavedSectors(wanted);
            signal(stream, "KILL");
            stream.waitFor();
            long now = savedSectors();
            assertThat(now).as("what was saved stays").isGreaterThanOrEqualTo(wanted);
            assertThat(Cli.run("check", path("vm.raw-cow")).code()).isZero();
            before = now;
        }

        assertThat(Cli.end(stream("-q")).code()).isZero();
        assertDone();
    }

    @Test
    void theSpeedIsKept() throws Exception {
        long start = System.nanoTime();
        assertThat(Cli.end(stream("-q", "--speed", "4M")).code()).isZero();
        double seconds = (System.nanoTime() - start) / 1e9;

        // 12 MiB at 4 MiB a second, less what one step and a tenth of a second are ahead.
        assertThat(seconds).isGreaterThan(2.7);
        assertDone();
    }

    @Test
    void twoStreamsAtOnceAreRefused() throws Exception {
        Process first = stream("-q", "--speed", "2M");
        awaitSavedSectors(100);

        Result second = Cli.end(stream("-q"));

        assertThat(second.code()).isEqualTo(1);
        assertThat(second.err()).contains("pid " + first.pid(), "To go on: ");
        signal(first, "TERM");
        assertThat(first.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(first.exitValue()).isEqualTo(143);
        assertThat(Cli.end(stream("-q")).code()).isZero();
        assertDone();
    }

    @Test
    void aBackingThatIsCutOffMeanwhileIsAnErrorNotZeros() throws Exception {
        Process stream = stream("-q", "--speed", "2M");
        awaitSavedSectors(1000);
        try (var file = new RandomAccessFile(folder.resolve("base.img").toFile(), "rw")) {
            file.setLength(4 * MIB);
        }
        Result result = Cli.end(stream);

        assertThat(result.code()).isEqualTo(1);
        assertThat(result.err())
                .contains("cannot read backing: it has become shorter", "go on with: rawcow stream vm.raw-cow");
        assertThat(folder.resolve("vm.raw-cow")).exists();
        assertThat(Cli.end(stream("-q")).err()).contains("it was changed since the image was made");
    }

    @Test
    void aBackingThatCannotBeReadIsAnError() throws Exception {
        List<String> command = new ArrayList<>(List.of(
                "strace",
                "-f",
                "-qq",
                "-o",
                "/dev/null",
                "-e",
                "trace=pread64",
                "-P",
                path("base.img"),
                "-e",
                "inject=pread64:error=EIO:when=2+"));
        command.addAll(Cli.command("stream", "-q", "vm.raw-cow"));

        Result result = Cli.end(Cli.start(folder, command));

        assertThat(result.code()).isEqualTo(1);
        assertThat(result.err()).contains("cannot read backing: Input/output error", "offset=");
        assertThat(Cli.run("check", path("vm.raw-cow")).code()).isZero();
        assertThat(Cli.end(stream("-q")).code()).isZero();
        assertDone();
    }

    @Test
    void aFullDiskEndsItOrIsWaitedFor() throws Exception {
        Path small = Files.createDirectory(folder.resolve("small"));
        assumeThat(Cli.tool(folder, "mount", "-t", "tmpfs", "-o", "size=4m", "rawcow-test", "small")
                        .code())
                .as("may mount")
                .isZero();
        try {
            assertThat(Cli.run("create", "-q", "-b", "base.img", "-o", "raw_file=small/vm.img", path("small.raw-cow"))
                            .err())
                    .isEmpty();
            Result ended = Cli.end(Cli.start(folder, "stream", "small.raw-cow"));
            assertThat(ended.code()).isEqualTo(1);
            assertThat(ended.err()).contains("cannot write raw file: No space left on device");
            assertThat(Cli.run("check", path("small.raw-cow")).code()).isZero();

            Process waiting = Cli.start(folder, "stream", "-q", "--on-error=enospc", "small.raw-cow");
            assertThat(waiting.waitFor(7, TimeUnit.SECONDS)).as("has ended").isFalse();
            assertThat(Cli.tool(folder, "mount", "-o", "remount,size=64m", "small")
                            .code())
                    .isZero();
            Result waited = Cli.end(waiting);
            assertThat(waited.err()).contains("No space left on device", "trying again in 5 seconds");
            assertThat(waited.code()).isZero();
            assertThat(Cli.tool(
                                    folder,
                                    "cmp",
                                    "base.img",
                                    small.resolve("vm.img").toString())
                            .code())
                    .isZero();
        } finally {
            Cli.tool(folder, "umount", "small");
        }
    }

    @Test
    void namesOfOtherLettersWork() throws Exception {
        Path sidecar = folder.resolve("vm.raw-cow");
        Files.delete(sidecar);
        Files.delete(folder.resolve("vm.img"));
        assertThat(Cli.end(Cli.start(folder, "create", "-b", "base.img", "bücher-日本.raw-cow"))
                        .out())
                .startsWith("Formatting 'bücher-日本.raw-cow', fmt=raw-cow")
                .contains("raw_file=bücher-日本.img");
        assertThat(Cli.end(Cli.start(folder, "stream", "-q", "bücher-日本.raw-cow")))
                .isEqualTo(new Result(0, "", ""));
        assertThat(Cli.tool(folder, "cmp", "base.img", "bücher-日本.img").code()).isZero();
    }
}
