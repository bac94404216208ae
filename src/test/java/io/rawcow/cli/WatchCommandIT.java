package io.rawcow.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.TestService;
import io.rawcow.cli.Cli.Result;
import io.rawcow.security.TestTokens;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The real service watched: in lines, as JSON, and on a real terminal. */
class WatchCommandIT {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final Pattern PERCENT = Pattern.compile("([0-9.]+)%");
    /** The images take a second or two. */
    private static final long SPEED = 3 << 20;

    @TempDir
    static Path data;

    private static ServedImages images;

    @BeforeAll
    static void start() {
        images = new ServedImages(data);
    }

    @AfterAll
    static void stop() {
        images.close();
    }

    private static double percent(String line) {
        var matcher = PERCENT.matcher(line);
        assertThat(matcher.find()).as(line).isTrue();
        return Double.parseDouble(matcher.group(1));
    }

    @Test
    void anImageIsFollowedUntilItIsStandalone() throws Exception {
        images.create("lines");
        InProcess watch = InProcess.start("watch", "lines", "--interval=0.1", "--server", images.url());
        watch.awaitErr("rawcow: no job streams the image: waiting for one: image=lines\n");
        images.stream("lines", "lines-job", SPEED);

        Result result = watch.end();

        assertThat(result.code()).isZero();
        assertThat(result.lines().getFirst()).isEqualTo("lines  cow  0.00%  0 B of 4 MiB  -  -  -");
        assertThat(result.lines()).anyMatch(line -> line.endsWith("  running") && line.contains("/s  "));
        assertThat(result.lines().getLast()).isEqualTo("lines  standalone  100.00%  4 MiB of 4 MiB  -  -  concluded");
        assertThat(result.lines()).doesNotHaveDuplicates();
        assertThat(result.lines().stream().map(WatchCommandIT::percent).toList())
                .isSorted();
        assertThat(Cli.run("watch", "lines", "--server", images.url()).lines())
                .as("watched too late")
                .containsExactly(result.lines().getLast());
    }

    @Test
    void everyLineOfJsonIsTheImageAndItsJob() throws Exception {
        images.create("json");
        images.stream("json", "json-job", SPEED);

        Result result = Cli.run("watch", "json", "--output=json", "--interval=0.1", "--server", images.url());

        assertThat(result.code()).isZero();
        assertThat(result.err()).isEmpty();
        List<JsonNode> lines = result.lines().stream().map(JSON::readTree).toList();
        assertThat(lines).allMatch(line -> line.at("/name").asString().equals("json"));
        assertThat(lines.getFirst().at("/job/id").asString()).isEqualTo("json-job");
        assertThat(lines.getLast().get("image")).isEqualTo(JSON.readTree(images.get("/v1/images/json")));
        assertThat(lines.getLast().get("job")).isEqualTo(JSON.readTree(images.get("/v1/jobs/json-job")));
    }

    @Test
    void aJobThatFailsEndsItWithTheReason() throws Exception {
        images.create("broken");
        images.stream("broken", "broken-job", 65_536);
        InProcess watch = InProcess.start("watch", "broken", "--server", images.url());
        watch.awaitOut("running");
        try (var backing = new RandomAccessFile(images.backing("broken").toFile(), "rw")) {
            backing.setLength(4096);
        }

        Result result = watch.end();

        assertThat(result.code()).isEqualTo(1);
        assertThat(result.lines().getLast()).contains("broken  cow  ", "  concluded  cannot read backing: ");
        assertThat(result.err()).startsWith("rawcow: cannot read backing: ").contains("job=broken-job", "To go on: ");
        assertThat(Cli.run("watch", "broken", "--server", images.url()).err())
                .as("watched too late")
                .isEqualTo(result.err());
    }

    @Test
    void aCancelEndsItAndSoDoesADelete() throws Exception {
        images.create("dropped");
        images.stream("dropped", "dropped-job", 4096);
        InProcess watch = InProcess.start("watch", "dropped", "--server", images.url());
        watch.awaitOut("running");
        images.send("POST", "/v1/jobs/dropped-job/cancel", "");
        Result cancelled = watch.end();
        assertThat(cancelled.code()).isEqualTo(1);
        assertThat(cancelled.err()).startsWith("rawcow: the job was cancelled: job=dropped-job\n");

        InProcess again = InProcess.start("watch", "dropped", "--server", images.url());
        again.awaitErr("waiting for one");
        images.send("DELETE", "/v1/images/dropped", "");
        Result deleted = again.end();
        assertThat(deleted.code()).isEqualTo(1);
        assertThat(deleted.lines().getLast()).isEqualTo("dropped  deleted");
        assertThat(deleted.err()).contains("the service does not have the image any more: image=dropped");
    }

    @Test
    void anImageThatARestartCannotOpenEndsItThoughItsJobWaits(@TempDir Path own) throws Exception {
        try (var before = new ServedImages(own)) {
            before.create("lost");
            before.stream("lost", "lost-job", 4096);
        }
        try (var backing = new RandomAccessFile(own.resolve("lost.golden").toFile(), "rw")) {
            backing.setLength(4096);
        }
        try (var after = new ServedImages(own)) {
            assertThat(JSON.readTree(after.get("/v1/jobs/lost-job"))
                            .at("/status")
                            .asString())
                    .isEqualTo("created");

            Result result =
                    InProcess.start("watch", "lost", "--server", after.url()).end();

            assertThat(result.code()).isEqualTo(1);
            assertThat(result.lines()).hasSize(1).first().asString().startsWith("lost  unavailable  ");
            String why = JSON.readTree(after.get("/v1/images/lost"))
                    .at("/error/detail")
                    .asString();
            assertThat(result.err()).startsWith("rawcow: " + why + ": image=lost\nTo go on: ");
        }
    }

    @Test
    void aServiceThatEndsItsEventsNowAndThenIsFollowedWithoutAWord(@TempDir Path own) throws Exception {
        Path tokens = TestTokens.write(own.resolve("tokens"), TestTokens.token("ci"));
        Path folder = Files.createDirectory(own.resolve("data"));
        Files.write(folder.resolve("vm.golden"), new byte[4 << 20]);
        try (var service = TestService.start(
                folder,
                "rawcow.access.tokens.ci.file=" + tokens,
                "rawcow.access.tokens.ci.role=operator",
                "rawcow.access.stream-life=1s",
                "rawcow.images.vm.sidecar=vm.raw-cow",
                "rawcow.images.vm.raw-file=vm.img",
                "rawcow.images.vm.backing-file=vm.golden",
                "rawcow.images.vm.stream.speed=512KB")) {
            String url = service.base().toString();

            Result result = InProcess.start(
                            "watch", "vm", "--interval=0.1", "--server", url, "--token-file", tokens.toString())
                    .end();

            assertThat(result.code()).isZero();
            assertThat(result.err()).isEmpty();
            assertThat(result.lines().getLast()).startsWith("vm  standalone  100.00%");
            assertThat(result.lines()).hasSizeGreaterThan(3).doesNotHaveDuplicates();
        }
    }

    @Test
    void anImageThatTheServiceDoesNotHaveIsItsProblem() {
        Result result = Cli.run("watch", "nothing", "--server", images.url());

        assertThat(result).isEqualTo(new Result(1, "", "rawcow: there is no image of this name: image=nothing\n"));
    }

    @Test
    void onATerminalLinesAreDrawnOver() throws Exception {
        images.create("terminal");
        images.stream("terminal", "terminal-job", 65_536);
        try (var terminal = OnTerminal.start(120, images.url(), "watch", "--interval=0.2", "terminal")) {
            terminal.awaitShown("terminal  cow +\\[#*\\.+] +[0-9.]+% .* of 4 MiB +\\S+ \\S+/s +[0-9:]+  running");
            images.changeSpeed("terminal-job", 0);

            assertThat(terminal.end()).isZero();
            TerminalScreen screen = terminal.screen();
            assertThat(screen.shown()).hasSize(1);
            assertThat(screen.shown().getFirst())
                    .matches("terminal  standalone  \\[#{20}]  100\\.00%  4 MiB of 4 MiB .*  concluded");
            assertThat(screen.widest()).isBetween(80, 119);
            assertThat(screen.isCursorVisible()).isTrue();
        }
    }

    @Test
    void ctrlCLeavesTheTerminalInOrder() throws Exception {
        images.create("narrow");
        images.stream("narrow", "narrow-job", 4096);
        try (var terminal = OnTerminal.start(40, images.url(), "watch")) {
            terminal.awaitShown("narrow  .*running");

            terminal.type('\u0003');

            assertThat(terminal.end()).isEqualTo(130);
            TerminalScreen screen = terminal.screen();
            assertThat(screen.isCursorVisible()).isTrue();
            assertThat(screen.widest()).isLessThan(40);
            assertThat(screen.shown()).anyMatch(line -> line.matches("narrow  .*running"));
        }
    }
}
