package io.rawcow.block;

import io.rawcow.posix.OpenFile;
import io.rawcow.posix.PosixException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Memory full of zeros, to write and to compare with. */
public final class Zeros {
    /** The smallest run of zeros that is worth a hole: a page, and the block of most file systems. */
    public static final int GRAIN = 4096;

    private static final MemorySegment PAGES =
            Arena.global().allocate(1 << 20, GRAIN).asReadOnly();

    private Zeros() {}

    /** At least one and at most {@code length} zeros. */
    public static MemorySegment upTo(long length) {
        return PAGES.asSlice(0, Math.min(length, PAGES.byteSize()));
    }

    /** Whether all of {@code bytes} are zero. */
    public static boolean only(MemorySegment bytes) {
        for (long done = 0; done < bytes.byteSize(); ) {
            MemorySegment zeros = upTo(bytes.byteSize() - done);
            if (zeros.mismatch(bytes.asSlice(done, zeros.byteSize())) >= 0) {
                return false;
            }
            done += zeros.byteSize();
        }
        return true;
    }

    /** Whether a file reads as zeros from one byte up to another. Holes are skipped, whatever their size. */
    public static boolean only(OpenFile file, long from, long end) throws PosixException {
        var holes = new HoleMap(file);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(PAGES.byteSize());
            for (long at = from; at < end; ) {
                Extent extent = holes.extentAt(at, end);
                if (extent.zero()) {
                    at = extent.range().end();
                } else {
                    MemorySegment part = buffer.asSlice(
                            0, Math.min(buffer.byteSize(), extent.range().length()));
                    if (!only(part.asSlice(0, file.read(at, part)))) {
                        return false;
                    }
                    at += part.byteSize();
                }
            }
        }
        return true;
    }

    /**
     * Where the run of equal kind that begins at {@code from} ends: whole grains of zeros, or grains that are not.
     * Grains are counted from the start of {@code bytes}; the last one may be short.
     */
    public static long endOfRun(MemorySegment bytes, long from, boolean zero) {
        long at = from;
        while (at < bytes.byteSize()) {
            long end = Math.min(bytes.byteSize(), (at / GRAIN + 1) * GRAIN);
            if (only(bytes.asSlice(at, end - at)) != zero) {
                return at;
            }
            at = end;
        }
        return at;
    }
}
