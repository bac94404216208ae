package io.rawcow.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Memory of the kernel's own, outside of Java's heap and of its limit on direct buffers. */
public final class Memory {
    private static final long PAGE_BYTES = LibC.getpagesize();

    private Memory() {}

    /**
     * Zeros that begin at a page and take memory page by page, as each is first written. They go back to the kernel
     * when the arena closes.
     *
     * @param bytes more than 0
     * @throws OutOfMemoryError if the kernel refuses, as {@link Arena#allocate} does
     */
    public static MemorySegment anonymous(long bytes, Arena arena) {
        if (bytes <= 0) {
            throw new IllegalArgumentException("size must be positive: bytes=" + bytes);
        }
        return LibC.mmapAnonymous(bytes, arena);
    }

    /** Bytes. */
    public static long pageSize() {
        return PAGE_BYTES;
    }
}
