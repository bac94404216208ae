package io.rawcow.posix;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Which run of a file system a file is on: another one after each mount, so that a device and an inode number that are
 * seen again can be told from the same file. Text that can only be compared.
 *
 * <p>The kernel gives every object of /sys a new inode number, that of a file system when it is mounted. Where a file
 * system is not there (tmpfs, NFS, overlays), its device number has to do.
 */
final class FileSystemInstance {
    private static final Path FILE_SYSTEMS = Path.of("/sys/fs");
    private static final String BLOCK_DEVICES = "/sys/dev/block/";

    private FileSystemInstance() {}

    static String of(int descriptor, FileStatus status) throws PosixException {
        if (status.isDevice()) {
            return ofDevice(status.identity().number());
        }
        long device = status.identity().device();
        return Ioctl.fileSystemPath(descriptor)
                .or(() -> pathOfDevice(device))
                .flatMap(path -> inode(FILE_SYSTEMS.resolve(path)).map(inode -> path + "#" + inode))
                .orElse("device/" + numbers(device));
    }

    /** A device node: the number that the kernel counts up when another medium comes, where it has one. */
    private static String ofDevice(long number) {
        Path device = Path.of(BLOCK_DEVICES + numbers(number));
        String medium = read(device.resolve("diskseq"))
                .or(() -> read(device.resolve("../diskseq")))
                .orElse("");
        return "disk/" + medium + "#" + inode(device).orElse(0L);
    }

    /** Before Linux 6.9: by the name of the device, which ext4, XFS and others call it. */
    private static Optional<String> pathOfDevice(long device) {
        Path link = Path.of(BLOCK_DEVICES + numbers(device));
        try (DirectoryStream<Path> kinds = Files.newDirectoryStream(FILE_SYSTEMS)) {
            String name = Files.readSymbolicLink(link).getFileName().toString();
            for (Path kind : kinds) {
                if (Files.isDirectory(kind.resolve(name))) {
                    return Optional.of(
                            FILE_SYSTEMS.relativize(kind.resolve(name)).toString());
                }
            }
        } catch (IOException _) {
            // No device of its own, as with NFS and overlays.
        }
        return Optional.empty();
    }

    private static Optional<Long> inode(Path path) {
        try {
            return Optional.of((Long) Files.getAttribute(path, "unix:ino"));
        } catch (IOException _) {
            return Optional.empty();
        }
    }

    private static Optional<String> read(Path file) {
        try {
            return Optional.of(Files.readString(file).strip());
        } catch (IOException _) {
            return Optional.empty();
        }
    }

    /** Major and minor as in the names of /sys: the other way round than makedev(3). */
    private static String numbers(long device) {
        long major = ((device >>> 32) & 0xfffff000L) | ((device >>> 8) & 0xfff);
        long minor = ((device >>> 12) & 0xffffff00L) | (device & 0xff);
        return major + ":" + minor;
    }
}
