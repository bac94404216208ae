package io.rawcow.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import io.rawcow.posix.Folder;
import io.rawcow.posix.PosixException;
import io.rawcow.posix.PosixFolder;
import io.rawcow.testing.TestMemory;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The folder that live files are in belongs to one user, and is lost with the machine's power. */
class LiveFolderTest {
    @TempDir
    Path disk;

    private Path memory;

    @BeforeEach
    void create() throws Exception {
        memory = Files.createTempDirectory(TestMemory.path(), "folder");
    }

    private static void assertRefused(Path path, String why) throws BlockException {
        LiveFolder folder = LiveFolder.at(path.toString(), 1 << 20);
        assertThatExceptionOfType(BlockException.class)
                .isThrownBy(folder::requireUsable)
                .matches(e -> e.kind() == FaultKind.INVALID_VALUE && e.action() != null)
                .withMessageContaining(why);
    }

    @Test
    void itIsMadeForOneUserAlone() throws Exception {
        LiveFolder.at(memory.resolve("new").toString(), 1).requireUsable();

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(memory.resolve("new"))))
                .isEqualTo("rwx------");
        LiveFolder.at(memory.resolve("new").toString(), 1).requireUsable();
    }

    @Test
    void itIsMadeByWhoeverIsFirst() throws Exception {
        var first = LiveFolder.at(memory.resolve("new").toString(), 1);
        LiveFolder second = LiveFolder.in(() -> lookedAtBefore(first), "new", "a boot", 1);

        second.requireUsable();
    }

    /** A folder in which somebody makes another, just when he is told that it is not there. */
    private Folder lookedAtBefore(LiveFolder other) throws PosixException {
        Folder above = PosixFolder.open(memory.toString());
        var asked = new AtomicBoolean();
        return (Folder) Proxy.newProxyInstance(
                Folder.class.getClassLoader(), new Class<?>[] {Folder.class}, (_, call, args) -> {
                    Object answer = answerOf(above, call, args);
                    if (call.getName().equals("status") && !asked.getAndSet(true)) {
                        other.requireUsable();
                    }
                    return answer;
                });
    }

    private static Object answerOf(Folder above, Method call, Object[] args) throws Throwable {
        try {
            return call.invoke(above, args);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    @Test
    void oneThatOthersMayEnter() throws Exception {
        Path open = Files.createDirectory(
                memory.resolve("open"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-x---")));

        assertRefused(open, "it must belong to this user alone");
    }

    @Test
    void aLinkToAGoodOne() throws Exception {
        Path good = Files.createDirectory(
                memory.resolve("good"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Files.createSymbolicLink(memory.resolve("link"), good.getFileName());

        assertRefused(memory.resolve("link"), "it is a link");
    }

    @Test
    void oneOnADisk() throws Exception {
        assertRefused(disk.toRealPath().resolve("live"), "it is not on tmpfs");
    }

    @Test
    void oneInAFolderThatIsNotThere() throws Exception {
        assertRefused(memory.resolve("no/live"), "No such file");
    }

    @Test
    void aFileInItsPlace() throws Exception {
        Files.createFile(memory.resolve("file"));

        assertRefused(memory.resolve("file"), "Not a directory");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "live", "/", "/dev/shm/", "/dev/shm/.", "/dev/shm/.."})
    void aPathWithoutAName(String path) {
        assertThatExceptionOfType(BlockException.class)
                .isThrownBy(() -> LiveFolder.at(path, 1))
                .matches(e -> e.kind() == FaultKind.INVALID_VALUE);
    }

    @Test
    void withoutABudgetItIsNotNeeded() throws Exception {
        LiveFolder.at("/no/such/folder/live", 0).requireUsable();
    }
}
