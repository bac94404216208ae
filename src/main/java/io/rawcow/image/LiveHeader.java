package io.rawcow.image;

import io.rawcow.format.AllocationBitmap;
import io.rawcow.format.Geometry;
import io.rawcow.format.LastingMemory;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.PosixException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * How a live file is laid out. Only this machine reads it, so numbers are in its own byte order:
 *
 * <pre>
 *    0  magic RCOWLIVE          16  bits saved by the last round, u64
 *    8  version u32             24  bytes of text, u32
 *   12  poison u32, 1 if set    28  the identity as text, then the sidecar's path for people
 * 4096  a byte a step: 1 if its bits are here
 *  ...  bits, from the next page on, as in a sidecar
 * </pre>
 */
final class LiveHeader {
    static final int VERSION = 1;
    static final int PAGE = 4096;

    private static final byte[] MAGIC = "RCOWLIVE".getBytes(StandardCharsets.US_ASCII);
    private static final int VERSION_AT = 8;
    private static final int POISON_AT = 12;
    private static final int SAVED_AT = 16;
    private static final int LENGTH_AT = 24;
    private static final int TEXT_AT = 28;
    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
    private static final VarHandle BYTE = ValueLayout.JAVA_BYTE.varHandle();

    private LiveHeader() {}

    // ---- where things are

    static int stepCount(Geometry geometry) {
        return Math.toIntExact((memoryBytes(geometry) - 1) / LastingMemory.STEP_BYTES + 1);
    }

    private static long memoryBytes(Geometry geometry) {
        return AllocationBitmap.memoryBytes(geometry.sectorCount());
    }

    /** Bytes before the bits. */
    static long bytes(Geometry geometry) {
        return PAGE + (stepCount(geometry) - 1L) / PAGE * PAGE + PAGE;
    }

    static long stepAt(Geometry geometry, int step) {
        return bytes(geometry) + (long) step * LastingMemory.STEP_BYTES;
    }

    static long stepBytes(Geometry geometry, int step) {
        return Math.min(LastingMemory.STEP_BYTES, memoryBytes(geometry) - (long) step * LastingMemory.STEP_BYTES);
    }

    static long fileBytes(Geometry geometry) {
        return bytes(geometry) + memoryBytes(geometry);
    }

    // ---- the first page

    static MemorySegment encode(Arena arena, LiveIdentity identity, long saved, String path) {
        MemorySegment page = arena.allocate(PAGE, Long.BYTES);
        byte[] text = (identity.text() + "path=" + path).getBytes(StandardCharsets.UTF_8);
        int length = Math.min(text.length, PAGE - TEXT_AT);
        page.copyFrom(MemorySegment.ofArray(MAGIC));
        page.set(ValueLayout.JAVA_INT, VERSION_AT, VERSION);
        page.set(ValueLayout.JAVA_LONG, SAVED_AT, saved);
        page.set(ValueLayout.JAVA_INT, LENGTH_AT, length);
        MemorySegment.copy(text, 0, page, ValueLayout.JAVA_BYTE, TEXT_AT, length);
        return page;
    }

    /** The text of an intact header; null for anything else. */
    static @Nullable String text(MemorySegment page) {
        int length = page.get(ValueLayout.JAVA_INT, LENGTH_AT);
        boolean intact = page.asSlice(0, MAGIC.length).mismatch(MemorySegment.ofArray(MAGIC)) == -1
                && page.get(ValueLayout.JAVA_INT, VERSION_AT) == VERSION
                && length >= 0
                && length <= PAGE - TEXT_AT;
        return intact
                ? new String(page.asSlice(TEXT_AT, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8)
                : null;
    }

    /** The first page of a file; of zeros where it is shorter. */
    static MemorySegment read(OpenFile file, Arena arena) throws PosixException {
        MemorySegment page = arena.allocate(PAGE, Long.BYTES);
        long _ = file.read(0, page);
        return page;
    }

    static long saved(MemorySegment page) {
        return (long) LONG.getVolatile(page, (long) SAVED_AT);
    }

    static void setSaved(MemorySegment page, long bits) {
        LONG.setVolatile(page, (long) SAVED_AT, bits);
    }

    static boolean isPoisoned(MemorySegment page) {
        return (int) INT.getVolatile(page, (long) POISON_AT) != 0;
    }

    static void setPoison(MemorySegment page) {
        INT.setVolatile(page, (long) POISON_AT, 1);
    }

    /** As {@link #setPoison}, in a file that is not mapped. */
    static void writePoison(OpenFile file) throws PosixException {
        try (Arena arena = Arena.ofConfined()) {
            file.write(POISON_AT, arena.allocateFrom(ValueLayout.JAVA_INT, 1));
        }
    }

    // ---- the steps

    static boolean holds(MemorySegment header, int step) {
        return (byte) BYTE.getVolatile(header, (long) PAGE + step) != 0;
    }

    static void setHolds(MemorySegment header, int step) {
        BYTE.setVolatile(header, (long) PAGE + step, (byte) 1);
    }
}
