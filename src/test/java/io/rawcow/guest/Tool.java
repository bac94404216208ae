package io.rawcow.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Other people's programs. A test that needs one fails without it: {@code ./verify} installs them. */
public final class Tool implements AutoCloseable {
    private static final int LIMIT_SECONDS = 120;

    private final List<String> command;
    private final Process process;
    private final Path log;

    private Tool(List<String> command, Process process, Path log) {
        this.command = command;
        this.process = process;
        this.log = log;
    }

    /** Starts a program whose both outputs go into one file; its standard input is a pipe. */
    public static Tool start(Path folder, List<String> command) throws IOException {
        Path log = Files.createTempFile(folder, Path.of(command.getFirst()).getFileName() + "-", ".log");
        var builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        // nbdsh looks for the system's python, which alone has its module.
        builder.environment().merge("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", (mine, first) -> first + ":" + mine);
        return new Tool(command, builder.start(), log);
    }

    /** Runs a program that has to succeed, and answers what it said. */
    public static String run(Path folder, String... command) throws IOException, InterruptedException {
        return run(folder, "", List.of(command));
    }

    /** @param input for the program to read */
    public static String run(Path folder, String input, List<String> command) throws IOException, InterruptedException {
        try (Tool tool = start(folder, command)) {
            tool.say(input);
            tool.process.getOutputStream().close();
            return tool.succeeded();
        }
    }

    public void say(String input) throws IOException {
        process.getOutputStream().write(input.getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().flush();
    }

    public boolean isRunning() {
        return process.isAlive();
    }

    public Process process() {
        return process;
    }

    /** What it has said until now. */
    public String output() throws IOException {
        return Files.readString(log, StandardCharsets.ISO_8859_1);
    }

    /** Waits until it ends, which has to be a success, and answers all it said. */
    public String succeeded() throws IOException, InterruptedException {
        assertThat(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS))
                .as("%s ends; it said: %s", command, output())
                .isTrue();
        assertThat(process.exitValue()).as("%s said: %s", command, output()).isZero();
        return output();
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly().onExit().join();
        Files.delete(log);
    }
}
