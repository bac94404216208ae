package io.rawcow.posix;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Optional;

/** ioctl(2), one method a request. The numbers are those of x86-64 and aarch64. */
final class Ioctl {
    private static final long BLKGETSIZE64 = 0x8008_1272L;

    /** Since Linux 6.9: a byte of length, then where the file system is in /sys/fs. */
    private static final long FS_IOC_GETFSSYSFSPATH = 0x8081_1501L;

    private static final int SYSFS_PATH_BYTES = 129;

    /** The answer has 1024 bytes: two numbers of 8, then the UUID of 16. */
    private static final long BTRFS_IOC_FS_INFO = 0x8400_941fL;

    private static final int BTRFS_INFO_BYTES = 1024;
    private static final int BTRFS_UUID = 16;
    private static final int UUID_BYTES = 16;

    /** The answer has four numbers of 16 bits: rows, columns, and the same in pixels. */
    private static final long TIOCGWINSZ = 0x5413;

    private Ioctl() {}

    /** The capacity of a block device in bytes, or the negated errno. */
    static long blockDeviceSize(int descriptor) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment size = arena.allocate(JAVA_LONG);
            int result = LibC.ioctl(descriptor, BLKGETSIZE64, size);
            return result < 0 ? result : size.get(JAVA_LONG, 0);
        }
    }

    /** Where a file's file system is below /sys/fs, as {@code ext4/sda1}; empty if it is not, or does not tell. */
    static Optional<String> fileSystemPath(int descriptor) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment path = arena.allocate(SYSFS_PATH_BYTES);
            if (LibC.ioctl(descriptor, FS_IOC_GETFSSYSFSPATH, path) == 0) {
                int length = Math.min(Byte.toUnsignedInt(path.get(JAVA_BYTE, 0)), SYSFS_PATH_BYTES - 1);
                return Optional.of(new String(path.asSlice(1, length).toArray(JAVA_BYTE), StandardCharsets.US_ASCII));
            }
            MemorySegment info = arena.allocate(BTRFS_INFO_BYTES, Long.BYTES);
            return LibC.ioctl(descriptor, BTRFS_IOC_FS_INFO, info) == 0
                    ? Optional.of(
                            "btrfs/" + uuid(info.asSlice(BTRFS_UUID, UUID_BYTES).toArray(JAVA_BYTE)))
                    : Optional.empty();
        }
    }

    /** What a terminal shows at once; empty if the descriptor is no terminal. */
    static Optional<TerminalWindow> windowSize(int descriptor) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment size = arena.allocate(JAVA_SHORT, 4);
            return LibC.ioctl(descriptor, TIOCGWINSZ, size) < 0
                    ? Optional.empty()
                    : Optional.of(new TerminalWindow(
                            Short.toUnsignedInt(size.getAtIndex(JAVA_SHORT, 1)),
                            Short.toUnsignedInt(size.getAtIndex(JAVA_SHORT, 0))));
        }
    }

    private static String uuid(byte[] bytes) {
        String hex = HexFormat.of().formatHex(bytes);
        return String.join(
                "-",
                hex.substring(0, 8),
                hex.substring(8, 12),
                hex.substring(12, 16),
                hex.substring(16, 20),
                hex.substring(20));
    }
}
