package io.rawcow.posix;

import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Another process that runs a main class of these tests. */
final class ChildJvm {
    private ChildJvm() {}

    static ProcessBuilder of(Class<?> main, String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                System.getProperty("java.home") + File.separator + "bin" + File.separator + "java",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    }

    /** Runs a command of the system; answers its first line, or nothing if there is no such command or it fails. */
    static String run(String... command) throws IOException, InterruptedException {
        Process process;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException _) {
            return "";
        }
        try (var lines = process.inputReader()) {
            String all = String.join("\n", lines.lines().toList());
            return process.waitFor() == 0 ? (all.isEmpty() ? "done" : all) : "";
        }
    }
}
