package io.rawcow.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * How the service is started many times in little time: from an ahead-of-time cache of its classes, made once in a run
 * of the tests. Such a cache takes jars only, so our own classes go into one.
 */
final class QuickJvm {
    /** The cache has to be used with the collector it was made with. */
    private static final List<String> FLAGS = List.of(
            "--enable-native-access=ALL-UNNAMED",
            "-XX:+UseSerialGC",
            "-Xmx512m",
            "-XX:TieredStopAtLevel=1",
            "-Xlog:aot*=off",
            "-Xlog:cds*=off");

    private static List<String> command = List.of();

    private QuickJvm() {}

    /** The command up to the main class. */
    static synchronized List<String> command() throws IOException, InterruptedException {
        if (command.isEmpty()) {
            Path folder = Files.createTempDirectory("rawcow-jvm");
            Runtime.getRuntime().addShutdownHook(new Thread(() -> remove(folder)));
            String classPath = classPath(folder.resolve("rawcow.jar"));
            Path cache = folder.resolve("rawcow.aot");
            train(folder, command("-XX:AOTCacheOutput=" + cache, classPath));
            command = command("-XX:AOTCache=" + cache, classPath);
        }
        return command;
    }

    private static List<String> command(String cache, String classPath) {
        List<String> words = new ArrayList<>();
        words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        words.addAll(FLAGS);
        words.addAll(List.of(cache, "-cp", classPath));
        return List.copyOf(words);
    }

    /** A service that starts and is told to stop; the cache is written at its end. */
    private static void train(Path folder, List<String> command) throws IOException, InterruptedException {
        Path log = folder.resolve("training.log");
        List<String> words = new ArrayList<>(command);
        words.addAll(List.of("io.rawcow.RawCow", "serve", "--data", folder.toString(), "--listen", "127.0.0.1:0"));
        Path live = TestMemory.path().resolve("training");
        words.addAll(List.of("--nbd", "127.0.0.1:0", "--live", live.toString()));
        Process process = new ProcessBuilder(words).redirectError(log.toFile()).start();
        try (var lines = process.inputReader()) {
            assertThat(lines.readLine()).as("%s", log).isNotNull();
            process.toHandle().destroy(); // which, unlike the process's own, leaves the streams open
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
    }

    /** Ours without the tests' classes and their logging. */
    private static String classPath(Path jar) throws IOException {
        List<String> entries = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            if (entry.endsWith(File.separator + "classes")) {
                pack(Path.of(entry), jar);
                entries.add(jar.toString());
            } else if (entry.endsWith(".jar")) {
                entries.add(entry);
            }
        }
        return String.join(File.pathSeparator, entries);
    }

    private static void pack(Path classes, Path jar) throws IOException {
        try (Stream<Path> files = Files.walk(classes);
                var out = new ZipOutputStream(Files.newOutputStream(jar))) {
            out.setLevel(0);
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                out.putNextEntry(new ZipEntry(classes.relativize(file).toString()));
                Files.copy(file, out);
            }
        }
    }

    private static void remove(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(java.util.Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            System.err.println("cannot remove " + folder + ": " + e);
        }
    }
}
