package io.rawcow.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PosixFolderTest {
    @TempDir
    Path temp;

    private PosixFolder folder;

    @BeforeEach
    void open() throws Exception {
        folder = PosixFolder.open(temp.toString());
    }

    @AfterEach
    void close() {
        folder.close();
    }

    @Test
    void pathsAreWithoutLinks() throws Exception {
        Files.createDirectories(temp.resolve("real/sub"));
        Files.writeString(temp.resolve("real/sub/disk.raw"), "x");
        Files.createSymbolicLink(temp.resolve("link"), temp.resolve("real"));
        String real = temp.toRealPath() + "/real";

        try (PosixFolder root = PosixFolder.open(temp + "/link/");
                Folder sub = root.folder("sub");
                OpenFile file = root.open("./sub/../sub/disk.raw", Access.READ)) {
            assertThat(root.path()).isEqualTo(real);
            assertThat(sub.path()).isEqualTo(real + "/sub");
            assertThat(file.path()).isEqualTo(real + "/sub/disk.raw");
        }
    }

    @Test
    void missingFilesAreSaidToBeMissing() {
        assertThatExceptionOfType(PosixException.class)
                .isThrownBy(() -> folder.open("b", Access.READ))
                .withMessage("cannot open: No such file or directory: path=" + folder.path() + "/b");
        assertThatExceptionOfType(PosixException.class)
                .isThrownBy(() -> PosixFolder.open("/nowhere"))
                .withMessage("cannot open folder: No such file or directory: path=/nowhere");
        assertRefused(Errno.EINVAL, () -> PosixFolder.open("relative"));
        assertRefused(Errno.EINVAL, () -> PosixFolder.open("/a\0b"));
        assertRefused(Errno.EINVAL, () -> folder.open("a\0b", Access.READ));
        assertRefused(Errno.ENOENT, () -> folder.open("", Access.READ));
    }

    @Test
    void createMakesAPrivateFileOnceOnly() throws Exception {
        try (OpenFile created = folder.create("new.raw", 0600)) {
            created.write(0, Bytes.of("new"));
            assertThat(created.path()).isEqualTo(folder.path() + "/new.raw");
        }

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(temp.resolve("new.raw"))))
                .isEqualTo("rw-------");
        assertRefused(Errno.EEXIST, () -> folder.create("new.raw", 0600));
        Files.createSymbolicLink(temp.resolve("dangling"), Path.of("elsewhere"));
        assertRefused(Errno.EEXIST, () -> folder.create("dangling", 0600));
        assertThat(temp.resolve("elsewhere")).doesNotExist();
    }

    @Test
    void linksBeneathAreFollowedUnlessRefused() throws Exception {
        Files.writeString(temp.resolve("disk.raw"), "data");
        Files.createSymbolicLink(temp.resolve("link"), Path.of("disk.raw"));

        try (OpenFile file = folder.open("link", Access.READ_WRITE)) {
            assertThat(Bytes.text(file, 0, 10)).isEqualTo("data");
            assertThat(file.path()).isEqualTo(folder.path() + "/disk.raw");
        }
        assertRefused(Errno.ELOOP, () -> folder.open("link", Access.READ_WRITE_NO_FOLLOW));
        try (OpenFile file = folder.open("disk.raw", Access.READ_WRITE_NO_FOLLOW)) {
            file.write(0, Bytes.of("DATA"));
        }
        assertThat(temp.resolve("disk.raw")).hasContent("DATA");
    }

    @Test
    void foldersAndFifosAndSocketsAndCharacterDevicesAreRefusedAtOnce() throws Exception {
        Files.createDirectory(temp.resolve("folder"));
        assertWrongType(FileType.FOLDER, folder, "folder");
        assertWrongType(FileType.FOLDER, folder, ".");

        try (PosixFolder devices = PosixFolder.open("/dev")) {
            assertWrongType(FileType.CHARACTER_DEVICE, devices, "null");
        }
        try (var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(temp.resolve("socket")));
            assertWrongType(FileType.SOCKET, folder, "socket");
        }
        assumeTrue(!ChildJvm.run("mkfifo", temp + "/fifo").isEmpty(), "mkfifo is missing");
        assertWrongType(FileType.FIFO, folder, "fifo");
        assertThat(folder.status("fifo")).map(FileStatus::type).contains(FileType.FIFO);
    }

    private static void assertWrongType(FileType type, Folder folder, String name) {
        for (Access access : Access.values()) {
            // A FIFO opened for real would block until somebody opens its other end.
            assertTimeoutPreemptively(
                    Duration.ofSeconds(10),
                    () -> assertThatExceptionOfType(WrongFileTypeException.class)
                            .isThrownBy(() -> folder.open(name, access))
                            .withMessageContaining("it is a %s, not a regular file or block device", type)
                            .satisfies(refused -> assertThat(refused.type()).isEqualTo(type)));
        }
    }

    @Test
    void statusDoesNotFollowTheLastLink() throws Exception {
        Files.writeString(temp.resolve("disk.raw"), "12345");
        Files.createDirectory(temp.resolve("sub"));
        Files.createSymbolicLink(temp.resolve("sub/link"), Path.of("../disk.raw"));

        assertThat(folder.status("disk.raw")).map(FileStatus::size).contains(5L);
        assertThat(folder.status("sub/link")).map(FileStatus::type).contains(FileType.SYMBOLIC_LINK);
        assertThat(folder.status("sub")).map(FileStatus::type).contains(FileType.FOLDER);
        assertThat(folder.status("missing")).isEmpty();
        assertThat(folder.status("disk.raw/below")).isEmpty();
    }

    @Test
    void renameReplacesAndRenameNoReplaceDoesNot() throws Exception {
        Files.writeString(temp.resolve("a"), "a");
        Files.writeString(temp.resolve("b"), "b");

        assertRefused(Errno.EEXIST, () -> folder.renameNoReplace("a", "b"));
        assertThat(temp.resolve("b")).hasContent("b");
        folder.rename("a", "b");
        assertThat(temp.resolve("b")).hasContent("a");
        folder.renameNoReplace("b", "c");

        assertThat(folder.list()).containsExactly("c");
        assertRefused(Errno.ENOENT, () -> folder.rename("b", "d"));
    }

    @Test
    void namesThatAreRemovedAreGone() throws Exception {
        Files.writeString(temp.resolve("a"), "a");

        folder.unlink("a");
        folder.sync();

        assertThat(temp.resolve("a")).doesNotExist();
        assertRefused(Errno.ENOENT, () -> folder.unlink("a"));
    }

    @Test
    void foldersAreCreatedOnce() throws Exception {
        folder.createFolder("sub", 0700);

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(temp.resolve("sub"))))
                .isEqualTo("rwx------");
        assertRefused(Errno.EEXIST, () -> folder.createFolder("sub", 0700));
        assertRefused(Errno.EISDIR, () -> folder.unlink("sub"));
        assertRefused(Errno.ENOTDIR, () -> {
            Files.writeString(temp.resolve("file"), "");
            folder.folder("file");
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"sub/x", "../x", "/x", ".", "..", "a\0b", "x/"})
    void changesTakeSingleNamesOnly(String name) throws Exception {
        Files.createDirectory(temp.resolve("sub"));
        Files.writeString(temp.resolve("ok"), "");

        assertRefused(Errno.EINVAL, () -> folder.create(name, 0600));
        assertRefused(Errno.EINVAL, () -> folder.createFolder(name, 0700));
        assertRefused(Errno.EINVAL, () -> folder.rename("ok", name));
        assertRefused(Errno.EINVAL, () -> folder.rename(name, "ok"));
        assertRefused(Errno.EINVAL, () -> folder.renameNoReplace("ok", name));
        assertRefused(Errno.EINVAL, () -> folder.unlink(name));
    }

    @Test
    void listHasEveryNameEachTime() throws Exception {
        for (int i = 0; i < 2000; i++) {
            Files.createFile(temp.resolve("a-rather-long-name-so-that-one-buffer-does-not-do-" + i));
        }

        assertThat(folder.list()).hasSize(2000).doesNotHaveDuplicates();
        assertThat(folder.list())
                .containsExactlyInAnyOrderElementsOf(IntStream.range(0, 2000)
                        .mapToObj(i -> "a-rather-long-name-so-that-one-buffer-does-not-do-" + i)
                        .toList());
    }

    @Test
    void availableBytesAreThoseOfTheFileSystem() throws Exception {
        long usable = Files.getFileStore(temp).getUsableSpace();

        assertThat(folder.availableBytes()).isBetween(usable / 2, usable * 2 + 1);
    }

    @Test
    void aClosedFolderRefuses() {
        folder.close();
        folder.close();

        assertRefused(Errno.EBADF, () -> folder.open("x", Access.READ));
        assertRefused(Errno.EBADF, () -> folder.list());
        assertRefused(Errno.EBADF, () -> folder.unlink("x"));
        assertRefused(Errno.EBADF, () -> folder.sync());
    }

    @Test
    void filesOutliveTheirFolder() throws Exception {
        try (OpenFile file = folder.create("disk.raw", 0600)) {
            folder.close();

            assertThatNoException().isThrownBy(() -> file.write(0, Bytes.of("x")));
        }
    }

    @Test
    void namesAreUtf8UnderEveryLocale() throws Exception {
        ProcessBuilder child = ChildJvm.of(Namer.class, temp.toString());
        child.environment().put("LC_ALL", "C");
        Process process = child.start();
        try (var lines = process.inputReader(StandardCharsets.UTF_8)) {
            assertThat(lines.lines()).containsExactly(folder.path() + "/Grüße/磁盘😀.raw", "[磁盘😀.raw]");
        }
        assertThat(process.waitFor()).isZero();

        try (OpenFile file = folder.open("Grüße/磁盘😀.raw", Access.READ)) {
            assertThat(Bytes.text(file, 0, 10)).isEqualTo("there");
        }
    }

    /** Does everything with names that no C locale has. */
    static final class Namer {
        private Namer() {}

        public static void main(String[] arguments) throws Exception {
            try (PosixFolder root = PosixFolder.open(arguments[0])) {
                root.createFolder("Grüße", 0700);
                try (Folder sub = root.folder("Grüße");
                        OpenFile created = sub.create("é", 0600)) {
                    created.write(0, Bytes.of("there"));
                    sub.rename("é", "磁盘😀.raw");
                }
                try (PosixFolder sub = PosixFolder.open(arguments[0] + "/Grüße");
                        OpenFile file = root.open("Grüße/磁盘😀.raw", Access.READ_WRITE)) {
                    System.out.write((file.path() + "\n" + sub.list() + "\n").getBytes(StandardCharsets.UTF_8));
                    System.out.flush();
                }
            }
        }
    }

    static void assertRefused(int errno, ThrowingCallable call) {
        assertThatExceptionOfType(PosixException.class)
                .isThrownBy(call)
                .satisfies(refused -> assertThat(Errno.name(refused.errno())).isEqualTo(Errno.name(errno)));
    }
}
