package io.rawcow.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Calls the command line as a person would, or as a process of its own, and other people's tools beside it. */
final class Cli {

    /** What a call ended with, and all it said. */
    record Result(int code, String out, String err) {

        List<String> lines() {
            return out.lines().toList();
        }
    }

    private Cli() {}

    /** In this process: names must be absolute, for a process has one current folder. */
    static Result run(String... arguments) {
        var out = new StringWriter();
        var err = new StringWriter();
        int code = RawCowCommand.build()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(arguments);
        return new Result(code, out.toString(), err.toString());
    }

    /** The words of a call in a process of its own. */
    static List<String> command(String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                "io.rawcow.RawCow"));
        command.addAll(List.of(arguments));
        return command;
    }

    static Process start(Path folder, String... arguments) throws IOException {
        return start(folder, command(arguments));
    }

    static Process start(Path folder, List<String> command) throws IOException {
        var builder = new ProcessBuilder(command).directory(folder.toFile());
        builder.environment().put("LC_ALL", "C.UTF-8");
        return builder.start();
    }

    /** Waits for its end. What it says must fit a pipe. */
    static Result end(Process process) throws IOException, InterruptedException {
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IllegalStateException("it does not end: " + process.info());
        }
        return new Result(
                process.exitValue(),
                new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8),
                new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8));
    }

    /** Another tool, in a folder. */
    static Result tool(Path folder, String... command) throws IOException, InterruptedException {
        return end(start(folder, List.of(command)));
    }
}
