package io.rawcow.format;

import io.rawcow.block.Invariant;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * One bit a sector: set if the raw file answers for it. Bits only rise (I1). Speaks sectors; safe from many threads.
 *
 * <p>Sector n is bit n % 64 of the little-endian word n / 64, which is bit n % 8 of byte n / 8 as the file has it.
 * Which bits are not yet in the sidecar is remembered by pages of {@link #PAGE_BYTES} bytes.
 */
public final class AllocationBitmap {
    /** The grain in which bits are saved. */
    public static final int PAGE_BYTES = 4096;

    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle WORDS = WORD.arrayElementVarHandle();

    private final MemorySegment memory;
    private final long sectorCount;
    private final long bytes;
    private final AtomicLongArray unsavedPages;
    private final AtomicLong allocated;

    /**
     * @param memory at least {@link #memoryBytes}, aligned to 8, holding the bits so far; bits past the last sector are
     *     0
     */
    public AllocationBitmap(MemorySegment memory, long sectorCount, long allocatedSectors) {
        this.memory = memory;
        this.sectorCount = sectorCount;
        this.bytes = (sectorCount - 1) / 8 + 1;
        Invariant.hold(memory.byteSize() >= memoryBytes(sectorCount), "the bitmap's memory is too small");
        this.unsavedPages = new AtomicLongArray(Math.toIntExact((pageCount() - 1) / 64 + 1));
        this.allocated = new AtomicLong(allocatedSectors);
    }

    /** Bytes of memory for a bitmap: whole words. */
    public static long memoryBytes(long sectorCount) {
        return ((sectorCount - 1) / 64 + 1) * 8;
    }

    public long sectorCount() {
        return sectorCount;
    }

    public long allocatedCount() {
        return allocated.get();
    }

    public boolean isComplete() {
        return allocated.get() == sectorCount;
    }

    /** Who sees the bit finds the sector's bytes in the raw file (I2): pairs with the release in {@link #setBits}. */
    public boolean isAllocated(long sector) {
        return (word(sector / 64) >>> (sector % 64) & 1) != 0;
    }

    public boolean areAllocated(long firstSector, long endSector) {
        return nextUnallocated(firstSector, endSector) == endSector;
    }

    /** The first clear sector at or after one; the sector count if there is none. */
    public long nextUnallocated(long fromSector) {
        return nextUnallocated(fromSector, sectorCount);
    }

    /** The first clear sector at or after one; {@code endSector} if there is none before that. */
    public long nextUnallocated(long fromSector, long endSector) {
        return next(fromSector, endSector, -1L);
    }

    /** The first set sector at or after one; the sector count if there is none. */
    public long nextAllocated(long fromSector) {
        return nextAllocated(fromSector, sectorCount);
    }

    /** The first set sector at or after one; {@code endSector} if there is none before that. */
    public long nextAllocated(long fromSector, long endSector) {
        return next(fromSector, endSector, 0L);
    }

    private long next(long fromSector, long endSector, long flip) {
        long mask = -1L << (fromSector % 64);
        for (long index = fromSector / 64; index * 64 < endSector; index++) {
            long candidates = (word(index) ^ flip) & mask;
            if (candidates != 0) {
                return Math.min(index * 64 + Long.numberOfTrailingZeros(candidates), endSector);
            }
            mask = -1L;
        }
        return endSector;
    }

    private long word(long index) {
        return (long) WORDS.getAcquire(memory, 0L, index);
    }

    /**
     * Sets the bits of some sectors, whose bytes must be in the raw file by now.
     *
     * @return how many were clear before
     */
    public long markAllocated(long firstSector, long endSector) {
        Invariant.hold(
                firstSector >= 0 && endSector <= sectorCount,
                "bits %d to %d of %d",
                firstSector,
                endSector,
                sectorCount);
        long raised = 0;
        for (long sector = firstSector; sector < endSector; ) {
            long wordEnd = Math.min((sector / 64 + 1) * 64, endSector);
            raised += setBits(sector / 64, mask(sector, wordEnd));
            sector = wordEnd;
        }
        for (long page = pageOf(firstSector); page <= pageOf(endSector - 1); page++) {
            markUnsaved(page);
        }
        allocated.addAndGet(raised);
        return raised;
    }

    private static long mask(long firstSector, long endSector) {
        long count = endSector - firstSector;
        return (count == 64 ? -1L : (1L << count) - 1) << (firstSector % 64);
    }

    private int setBits(long index, long mask) {
        long before = (long) WORDS.getAndBitwiseOrRelease(memory, 0L, index, mask);
        return Long.bitCount(mask & ~before);
    }

    private static long pageOf(long sector) {
        return sector / (8L * PAGE_BYTES);
    }

    private long pageCount() {
        return (bytes - 1) / PAGE_BYTES + 1;
    }

    private void markUnsaved(long page) {
        int index = (int) (page / 64);
        long bit = 1L << (page % 64);
        // The plain look first: a page is marked thousands of times between two saves.
        if ((unsavedPages.getAcquire(index) & bit) == 0) {
            unsavedPages.getAndAccumulate(index, bit, (a, b) -> a | b);
        }
    }

    public boolean hasUnsaved() {
        for (int i = 0; i < unsavedPages.length(); i++) {
            if (unsavedPages.get(i) != 0) {
                return true;
            }
        }
        return false;
    }

    /** Whether a sector's bit may not be in the sidecar yet. Errs on the side of yes. */
    public boolean mayBeUnsaved(long sector) {
        long page = pageOf(sector);
        return (unsavedPages.get((int) (page / 64)) >>> (page % 64) & 1) != 0;
    }

    /**
     * Copies the pages with unsaved bits and counts them as saved from here on; {@link #restoreUnsaved} takes that
     * back. A bit that is set while this runs is in the copy, or makes its page unsaved again, or both.
     */
    public BitmapPages takeUnsaved() {
        var pages = new BitmapPages(bytes);
        for (int i = 0; i < unsavedPages.length(); i++) {
            // The marks go first, the copy follows: in the other order a bit set in between would be lost.
            long marks = unsavedPages.getAndSet(i, 0);
            while (marks != 0) {
                long page = i * 64L + Long.numberOfTrailingZeros(marks);
                marks &= marks - 1;
                pages.add(page, memory);
            }
        }
        return pages;
    }

    /** Counts pages as unsaved again, after they could not be written. */
    public void restoreUnsaved(BitmapPages pages) {
        pages.forEachPage(this::markUnsaved);
    }
}
