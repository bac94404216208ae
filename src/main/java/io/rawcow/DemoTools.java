package io.rawcow;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Runs other people's programs for the demo, and shows what they say. */
final class DemoTools {
    private static final List<String> SYSTEM_FOLDERS = List.of("/usr/sbin", "/sbin", "/usr/bin", "/bin");

    private DemoTools() {}

    static boolean isInstalled(String program) {
        return find(program) != null;
    }

    private static @Nullable Path find(String program) {
        String path = System.getenv().getOrDefault("PATH", "");
        return java.util.stream.Stream.concat(Arrays.stream(path.split(":", -1)), SYSTEM_FOLDERS.stream())
                .filter(folder -> !folder.isEmpty())
                .map(folder -> Path.of(folder, program))
                .filter(Files::isExecutable)
                .findFirst()
                .orElse(null);
    }

    static void require(String program, String debianPackage) throws IOException {
        if (!isInstalled(program)) {
            throw new IOException("the demo needs %s: install it, on Debian with  apt-get install %s"
                    .formatted(program, debianPackage));
        }
    }

    /** Runs a program to its end; what it prints is shown only if it fails. */
    static void run(List<String> command) throws IOException, InterruptedException {
        Process process = start(command);
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(
                    "%s ended with %d: %s".formatted(String.join(" ", command), process.exitValue(), output.strip()));
        }
    }

    /** Runs a program that judges, and says what its verdict means. */
    static boolean check(PrintStream out, List<String> command, String verdict)
            throws IOException, InterruptedException {
        String program = command.getFirst();
        if (!isInstalled(program)) {
            out.printf("  %-9s not installed, left out: %s%n", program, verdict);
            return true;
        }
        Process process = start(command);
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        boolean good = process.waitFor() == 0;
        out.printf("  %-9s %s%n", program, good ? verdict : "DIFFERENT: " + output.strip());
        return good;
    }

    private static Process start(List<String> command) throws IOException {
        var line = new java.util.ArrayList<>(command);
        Path program = find(command.getFirst());
        line.set(0, program == null ? command.getFirst() : program.toString());
        return new ProcessBuilder(line).redirectErrorStream(true).start();
    }

    /** Copies a part of a file into one of its own. */
    static void copyPart(Path file, long offset, int length, Path part) throws IOException {
        var bytes = ByteBuffer.allocate(length);
        try (var source = FileChannel.open(file)) {
            source.read(bytes, offset);
        }
        Files.write(part, bytes.array());
    }

    /** A file's size, and what it takes of the disk. */
    static String sizes(Path file) throws IOException {

        return "%s, %s on disk".formatted(mib(Files.size(file)), mib(allocated(file)));
    }

    private static long allocated(Path file) throws IOException {
        Process du = new ProcessBuilder("du", "-B1", file.toString()).start();
        String text = new String(du.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return Long.parseLong(text.substring(0, text.indexOf('\t')));
    }

    static String mib(long bytes) {
        return String.format(Locale.ROOT, "%.1f MiB", bytes / 1048576.0);
    }
}
