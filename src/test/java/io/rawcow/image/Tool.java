package io.rawcow.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs other people's programs. A test that needs one fails without it: {@code ./verify} installs them. */
public final class Tool {

    /** How a program ended, and both its outputs as one. */
    public record Result(int status, String output) {
        public void succeeded() {
            assertThat(status).as(output).isZero();
        }

        public void failedWith(String message) {
            assertThat(status).as(output).isNotZero();
            assertThat(output).contains(message);
        }
    }

    private Tool() {}

    public static Result run(Path folder, String... command) throws IOException, InterruptedException {
        try (var running = new Running(folder, command)) {
            running.process.getOutputStream().close();
            String output = running.output.readAllAsString();
            assertThat(running.process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            return new Result(running.process.exitValue(), output);
        }
    }

    /** A program that runs until this is closed. */
    public static final class Running implements AutoCloseable {
        private final Process process;
        private final BufferedReader output;

        public Running(Path folder, String... command) throws IOException {
            process = new ProcessBuilder(command)
                    .directory(folder.toFile())
                    .redirectErrorStream(true)
                    .start();
            output = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        }

        public long pid() {
            return process.pid();
        }

        /** Waits until it has said something; answers all it said until then. */
        public String awaitOutput(String... anyOf) throws IOException {
            var said = new StringBuilder();
            while (List.of(anyOf).stream().noneMatch(words -> said.indexOf(words) >= 0)) {
                int next = ((Reader) output).read();
                assertThat(next).as("it ended after: %s", said).isNotNegative();
                said.append((char) next);
            }
            return said.toString();
        }

        /** What it has said besides, when it has ended. */
        public String rest() throws IOException {
            return output.readAllAsString();
        }

        /** What it has said can still be read. */
        public void kill() {
            process.toHandle().destroyForcibly();
            process.onExit().join();
        }

        @Override
        public void close() {
            process.destroyForcibly().onExit().join();
        }
    }
}
