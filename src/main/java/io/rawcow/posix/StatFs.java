package io.rawcow.posix;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** fstatfs(2), whose structure is the same on every 64-bit Linux. Answers are LibC's: negated errno if refused. */
final class StatFs {
    /** More than any C library's structure. */
    private static final int BYTES = 256;

    private static final int TYPE = 0;
    private static final int BLOCK_SIZE = 8;
    private static final int AVAILABLE_BLOCKS = 32;
    private static final int FRAGMENT_SIZE = 72;

    private static final long TMPFS_MAGIC = 0x0102_1994;

    private StatFs() {}

    /** The bytes that an unprivileged writer may still use. */
    static long availableBytes(int descriptor) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment status = arena.allocate(BYTES, Long.BYTES);
            int result = LibC.fstatfs(descriptor, status);
            long fragment = status.get(JAVA_LONG, FRAGMENT_SIZE);
            return result < 0
                    ? result
                    : status.get(JAVA_LONG, AVAILABLE_BLOCKS)
                            * (fragment > 0 ? fragment : status.get(JAVA_LONG, BLOCK_SIZE));
        }
    }

    /** 1 on tmpfs, 0 elsewhere. */
    static long isTmpfs(int descriptor) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment status = arena.allocate(BYTES, Long.BYTES);
            int result = LibC.fstatfs(descriptor, status);
            return result < 0 ? result : status.get(JAVA_LONG, TYPE) == TMPFS_MAGIC ? 1 : 0;
        }
    }
}
