package io.rawcow.posix;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** fstatvfs(3), whose first fields are the same on every 64-bit Linux. */
final class StatVfs {
    /** More than any C library's structure. */
    private static final int BYTES = 256;

    private static final int FRAGMENT_SIZE = 8;
    private static final int AVAILABLE_FRAGMENTS = 32;

    private StatVfs() {}

    /** The bytes that an unprivileged writer may still use, or the negated errno. */
    static long availableBytes(int descriptor) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment status = arena.allocate(BYTES, Long.BYTES);
            int result = LibC.fstatvfs(descriptor, status);
            return result < 0
                    ? result
                    : status.get(JAVA_LONG, FRAGMENT_SIZE) * status.get(JAVA_LONG, AVAILABLE_FRAGMENTS);
        }
    }
}
