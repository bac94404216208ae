package io.rawcow.testing;

import io.rawcow.posix.Folder;
import io.rawcow.posix.PosixException;
import io.rawcow.posix.PosixFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A folder on tmpfs for this process, removed at its end. */
public final class TestMemory {
    private static final Path FOLDER = make();

    private TestMemory() {}

    private static Path make() {
        try {
            Path made = Files.createTempDirectory(Path.of("/dev/shm"), "rawcow-test-memory");
            Runtime.getRuntime().addShutdownHook(new Thread(() -> remove(made)));
            return made;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void remove(Path folder) {
        try (Stream<Path> all = Files.walk(folder)) {
            List<Path> deepestFirst = all.sorted(Comparator.reverseOrder()).toList();
            for (Path path : deepestFirst) {
                Files.delete(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static Path path() {
        return FOLDER;
    }

    public static Folder open() throws PosixException {
        return PosixFolder.open(FOLDER.toString());
    }
}
