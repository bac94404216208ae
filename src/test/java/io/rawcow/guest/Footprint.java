package io.rawcow.guest;

import io.rawcow.testing.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What a Java process holds on to. Its memory is what Java itself accounts for; the collector has just run.
 *
 * @param heap bytes of objects
 * @param direct bytes of native memory that the program took itself
 * @param metadata bytes of what is known about classes
 */
record Footprint(long descriptors, long threads, long heap, long direct, long metadata) {
    private static final Pattern USED = Pattern.compile("^(?:DefNew|Tenured).* used (\\d+)K", Pattern.MULTILINE);
    private static final Pattern OTHER = Pattern.compile("Other \\(reserved=\\d+KB, committed=(\\d+)KB\\)");
    private static final Pattern METASPACE = Pattern.compile("Metaspace \\(reserved=\\d+KB, committed=(\\d+)KB\\)");

    /** @param pid of a process with {@code -XX:+UseSerialGC -XX:NativeMemoryTracking=summary} */
    static Footprint of(long pid) throws IOException, InterruptedException {
        jcmd(pid, "GC.run");
        jcmd(pid, "GC.run"); // what the first one found dead and had to clean up after
        String heap = jcmd(pid, "GC.heap_info");
        String memory = jcmd(pid, "VM.native_memory", "summary");
        return new Footprint(
                count(Path.of("/proc/%d/fd".formatted(pid))),
                count(Path.of("/proc/%d/task".formatted(pid))),
                sum(USED, heap),
                sum(OTHER, memory),
                sum(METASPACE, memory));
    }

    private static String jcmd(long pid, String... words) throws IOException, InterruptedException {
        String[] command = new String[words.length + 2];
        command[0] = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        command[1] = String.valueOf(pid);
        System.arraycopy(words, 0, command, 2, words.length);
        Path folder = Files.createTempDirectory("jcmd");
        try {
            return Tool.run(folder, command);
        } finally {
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(folder);
        }
    }

    private static long count(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.count();
        }
    }

    private static long sum(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        long sum = 0;
        boolean found = false;
        while (matcher.find()) {
            found = true;
            sum += Long.parseLong(matcher.group(1)) << 10;
        }
        if (!found) {
            throw new AssertionError("no " + pattern + " in: " + text);
        }
        return sum;
    }
}
