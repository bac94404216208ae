package io.rawcow.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** A command that runs on a real terminal, whose screen is read from what the command wrote. */
final class OnTerminal implements AutoCloseable {
    private final Process process;
    private final BufferedReader output;
    private final Writer keys;
    private final StringBuilder written = new StringBuilder();

    private OnTerminal(Process process) {
        this.process = process;
        this.output = process.inputReader(StandardCharsets.UTF_8);
        this.keys = process.outputWriter(StandardCharsets.UTF_8);
    }

    static OnTerminal start(int columns, String server, String... words) throws IOException {
        String command = "stty cols %d rows 20; exec %s".formatted(columns, String.join(" ", Cli.command(words)));
        var builder = new ProcessBuilder("script", "-q", "-e", "-c", command, "/dev/null").redirectErrorStream(true);
        builder.environment().put("LC_ALL", "C.UTF-8");
        builder.environment().put("RAWCOW_SERVER", server);
        builder.environment().keySet().removeAll(List.of("COLUMNS", "LINES", "RAWCOW_TOKEN_FILE"));
        return new OnTerminal(builder.start());
    }

    TerminalScreen screen() throws IOException {
        while (output.ready()) {
            written.append((char) output.read());
        }
        // A picture may have come in part.
        int last = written.lastIndexOf("\033[?25h");
        return new TerminalScreen().write(written.substring(0, last < 0 ? 0 : last + "\033[?25h".length()));
    }

    /** Waits until one of the lines is this. */
    void awaitShown(String pattern) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(20))
                .untilAsserted(() -> assertThat(screen().shown()).anyMatch(line -> line.matches(pattern)));
    }

    void type(char key) throws IOException {
        keys.append(key).flush();
    }

    /** The exit code. */
    int end() throws InterruptedException {
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return process.exitValue();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
