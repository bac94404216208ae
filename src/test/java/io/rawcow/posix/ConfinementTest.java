package io.rawcow.posix;

import static io.rawcow.posix.PosixFolderTest.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConfinementTest {
    @TempDir
    Path temp;

    private Path inside;
    private PosixFolder root;

    @BeforeEach
    void open() throws Exception {
        inside = Files.createDirectories(temp.toRealPath().resolve("root"));
        Files.createDirectory(temp.resolve("outside"));
        Files.writeString(temp.resolve("outside/file"), "outside");
        Files.createDirectory(inside.resolve("sub"));
        Files.writeString(inside.resolve("sub/file"), "inside");
        root = PosixFolder.open(inside.toString());
    }

    @AfterEach
    void close() {
        root.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../outside/file",
                "sub/../../outside/file",
                "..",
                "/etc/passwd",
                "../root/sub/file",
                "absolute",
                "upward",
                "chain",
                "folder/file",
                "absolute-to-inside"
            })
    void waysOutAreRefused(String way) throws Exception {
        Files.createSymbolicLink(inside.resolve("absolute"), temp.resolve("outside/file"));
        Files.createSymbolicLink(inside.resolve("absolute-to-inside"), inside.resolve("sub/file"));
        Files.createSymbolicLink(inside.resolve("upward"), Path.of("../outside/file"));
        Files.createSymbolicLink(inside.resolve("chain"), Path.of("sub/second"));
        Files.createSymbolicLink(inside.resolve("sub/second"), Path.of("../upward"));
        Files.createSymbolicLink(inside.resolve("folder"), Path.of("../outside"));

        assertRefused(Errno.EXDEV, () -> root.open(way, Access.READ));
        assertRefused(Errno.EXDEV, () -> root.open(way, Access.READ_WRITE));
        assertRefused(Errno.EXDEV, () -> root.folder(way));
        if (way.contains("/") || way.equals("..")) {
            assertRefused(Errno.EXDEV, () -> root.status(way));
        }
    }

    @Test
    void waysThatStayInsideAreOpen() throws Exception {
        Files.createSymbolicLink(inside.resolve("link"), Path.of("sub/../sub/file"));

        try (OpenFile file = root.open("sub/../link", Access.READ)) {
            assertThat(Bytes.text(file, 0, 10)).isEqualTo("inside");
        }
    }

    @Test
    void aSubfolderIsARootOfItsOwn() throws Exception {
        try (Folder sub = root.folder("sub")) {
            assertRefused(Errno.EXDEV, () -> sub.open("../sub/file", Access.READ));
        }
    }

    @Test
    void linksOfProcToOpenFilesAreRefused() throws Exception {
        try (PosixFolder processes = PosixFolder.open("/proc")) {
            assertRefused(Errno.ELOOP, () -> processes.open("self/exe", Access.READ));
            assertRefused(Errno.ELOOP, () -> processes.open("self/root/etc/passwd", Access.READ));
            assertRefused(Errno.ELOOP, () -> processes.folder("self/cwd"));
        }
        try (PosixFolder everything = PosixFolder.open("/")) {
            assertRefused(Errno.ELOOP, () -> everything.open("proc/self/exe", Access.READ));
        }
    }

    @Test
    void inTheFolderOfAllAbsoluteLinksWork() throws Exception {
        Files.createSymbolicLink(inside.resolve("absolute"), inside.resolve("sub/file"));
        String relative = inside.toString().substring(1);

        try (PosixFolder everything = PosixFolder.open("/");
                OpenFile file = everything.open(relative + "/absolute", Access.READ)) {
            assertThat(everything.path()).isEqualTo("/");
            assertThat(Bytes.text(file, 0, 10)).isEqualTo("inside");
            everything.open("../../" + relative + "/sub/file", Access.READ).close();
            assertRefused(Errno.ENOENT, () -> everything.open(relative + "/missing", Access.READ));
        }
    }

    @Test
    void theWayCannotBeBentWhileItIsWalked() throws Exception {
        AtomicBoolean done = new AtomicBoolean();
        Thread bender = Thread.ofPlatform().start(() -> bend(done));
        long opened = 0;
        long refused = 0;
        try {
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(1);
            while (System.nanoTime() < deadline) {
                for (String way : new String[] {"link", "door/file", "sub/../door/file", "sub/../link"}) {
                    try (OpenFile file = root.open(way, Access.READ)) {
                        assertThat(Bytes.text(file, 0, 10)).isEqualTo("inside");
                        opened++;
                    } catch (PosixException outside) {
                        assertThat(outside.errno()).isIn(Errno.EXDEV, Errno.ENOENT);
                        refused++;
                    }
                }
            }
        } finally {
            done.set(true);
            bender.join();
        }
        assertThat(opened).as("opened of %d", opened + refused).isPositive();
    }

    /** Points two links into the root and out of it, in turn, each step at once. */
    private void bend(AtomicBoolean done) {
        String[] files = {"sub/file", "../outside/file", temp + "/outside/file"};
        String[] folders = {"sub", "../outside", temp + "/outside"};
        try {
            for (int turn = 0; !done.get(); turn++) {
                point("link", files[turn % files.length]);
                point("door", folders[turn % folders.length]);
            }
        } catch (IOException broken) {
            throw new AssertionError(broken);
        }
    }

    private void point(String link, String target) throws IOException {
        Path next = inside.resolve(link + ".next");
        Files.createSymbolicLink(next, Path.of(target));
        Files.move(next, inside.resolve(link), StandardCopyOption.ATOMIC_MOVE);
    }
}
