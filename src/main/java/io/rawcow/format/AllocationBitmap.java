package io.rawcow.format;

import io.rawcow.block.Invariant;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * One bit a sector: set if the raw file answers for it. Bits only rise (I1). Speaks sectors; safe from many threads.
 *
 * <p>Sector n is bit n % 64 of the little-endian word n / 64, which is bit n % 8 of byte n / 8 as the file has it.
 * Which bits are not yet in the sidecar is remembered by pages of {@link #PAGE_BYTES} bytes.
 *
 * <p>Bits are kept in steps of {@link LastingMemory#STEP_BYTES}. A step moves into lasting memory before the first of
 * its bits is set, or stays for good where it is if there is none. Reading takes no lock: a step is replaced by one
 * that has the same bits, and {@link #release} by one that has them all.
 */
public final class AllocationBitmap {
    /** The grain in which bits are saved. */
    public static final int PAGE_BYTES = 4096;

    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle WORDS = WORD.arrayElementVarHandle();
    private static final int WORDS_PER_STEP = LastingMemory.STEP_BYTES / Long.BYTES;
    private static final long SECTORS_PER_STEP = 8L * LastingMemory.STEP_BYTES;
    private static final MemorySegment ALL_SET =
            Arena.global().allocate(LastingMemory.STEP_BYTES, Long.BYTES).fill((byte) -1);

    /** Where the bits of a step are. */
    private enum Home {
        /** Where they were loaded; none was set since. */
        LOADED,
        LASTING,
        /** In this process alone, for want of lasting memory. */
        PRIVATE
    }

    private final AtomicReferenceArray<MemorySegment> steps;
    /** Each leaves LOADED once, under the monitor of {@link #steps}. */
    private final AtomicReferenceArray<Home> homes;

    private final long sectorCount;
    private final long bytes;
    private final UnsavedPages unsaved;
    private final AtomicLong allocated;
    private volatile LastingMemory lasting = LastingMemory.NONE;
    private volatile boolean released;

    /**
     * @param memory at least {@link #memoryBytes}, aligned to 8, holding the bits so far; bits past the last sector are
     *     0
     */
    public AllocationBitmap(MemorySegment memory, long sectorCount, long allocatedSectors) {
        Invariant.hold(memory.byteSize() >= memoryBytes(sectorCount), "the bitmap's memory is too small");
        this.sectorCount = sectorCount;
        this.bytes = (sectorCount - 1) / 8 + 1;
        this.unsaved = new UnsavedPages((bytes - 1) / PAGE_BYTES + 1);
        this.allocated = new AtomicLong(allocatedSectors);
        long words = memoryBytes(sectorCount);
        int count = Math.toIntExact((words - 1) / LastingMemory.STEP_BYTES + 1);
        this.steps = new AtomicReferenceArray<>(count);
        this.homes = new AtomicReferenceArray<>(count);
        for (int i = 0; i < count; i++) {
            long from = (long) i * LastingMemory.STEP_BYTES;
            steps.setPlain(i, memory.asSlice(from, Math.min(LastingMemory.STEP_BYTES, words - from)));
            homes.setPlain(i, Home.LOADED);
        }
    }

    /** Where bits are to be kept that are set from now on. For the one who opens the image, before others see it. */
    public void keepIn(LastingMemory memory) {
        lasting = memory;
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

    // ---- looking

    /** Who sees the bit finds the sector's bytes in the raw file (I2): pairs with the release in {@link #setBits}. */
    public boolean isAllocated(long sector) {
        try {
            return (word(sector / 64) >>> (sector % 64) & 1) != 0;
        } catch (IllegalStateException e) {
            return isReleased(e);
        }
    }

    public boolean areAllocated(long firstSector, long endSector) {
        return nextUnallocated(firstSector, endSector) == endSector;
    }

    /** How many sectors between two are set. A look at every bit: about a millisecond for a hundred million. */
    public long countAllocated(long firstSector, long endSector) {
        try {
            long count = 0;
            for (long sector = firstSector; sector < endSector; ) {
                long stepEnd = Math.min((sector / SECTORS_PER_STEP + 1) * SECTORS_PER_STEP, endSector);
                count += countInStep(steps.getAcquire(stepOf(sector)), sector, stepEnd);
                sector = stepEnd;
            }
            return count;
        } catch (IllegalStateException e) {
            return isReleased(e) ? endSector - firstSector : 0;
        }
    }

    private static long countInStep(MemorySegment step, long firstSector, long endSector) {
        long count = 0;
        long base = stepOf(firstSector) * SECTORS_PER_STEP / 64;
        long last = (endSector - 1) / 64;
        for (long word = firstSector / 64; word <= last; word++) {
            long bits = step.getAtIndex(WORD, word - base);
            if (word == firstSector / 64) {
                bits &= -1L << (firstSector % 64);
            }
            if (word == last && endSector % 64 != 0) {
                bits &= (1L << (endSector % 64)) - 1;
            }
            count += Long.bitCount(bits);
        }
        return count;
    }

    /** The first clear sector at or after one; the sector count if there is none. */
    public long nextUnallocated(long fromSector) {
        return nextUnallocated(fromSector, sectorCount);
    }

    /** The first clear sector at or after one; {@code endSector} if there is none before that. */
    public long nextUnallocated(long fromSector, long endSector) {
        try {
            return next(fromSector, endSector, -1L);
        } catch (IllegalStateException e) {
            return isReleased(e) ? endSector : fromSector;
        }
    }

    /** The first set sector at or after one; the sector count if there is none. */
    public long nextAllocated(long fromSector) {
        return nextAllocated(fromSector, sectorCount);
    }

    /** The first set sector at or after one; {@code endSector} if there is none before that. */
    public long nextAllocated(long fromSector, long endSector) {
        try {
            return next(fromSector, endSector, 0L);
        } catch (IllegalStateException e) {
            return isReleased(e) ? Math.min(fromSector, endSector) : endSector;
        }
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
        return (long) WORDS.getAcquire(steps.getAcquire((int) (index / WORDS_PER_STEP)), 0L, index % WORDS_PER_STEP);
    }

    /**
     * Memory that is gone under a look at it was released, when all its bits were set: true; anything else is a bug.
     */
    private boolean isReleased(IllegalStateException gone) {
        if (!released) {
            throw gone;
        }
        return true;
    }

    // ---- setting

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
        settle(firstSector, endSector);
        long raised =
                unsaved.add(pageOf(firstSector), pageOf(endSector - 1), () -> setBitsBetween(firstSector, endSector));
        allocated.addAndGet(raised);
        return raised;
    }

    private long setBitsBetween(long firstSector, long endSector) {
        long raised = 0;
        for (long sector = firstSector; sector < endSector; ) {
            long wordEnd = Math.min((sector / 64 + 1) * 64, endSector);
            raised += setBits(sector / 64, mask(sector, wordEnd));
            sector = wordEnd;
        }
        return raised;
    }

    private static long mask(long firstSector, long endSector) {
        long count = endSector - firstSector;
        return (count == 64 ? -1L : (1L << count) - 1) << (firstSector % 64);
    }

    private int setBits(long index, long mask) {
        try {
            MemorySegment step = steps.getAcquire((int) (index / WORDS_PER_STEP));
            long before = (long) WORDS.getAndBitwiseOrRelease(step, 0L, index % WORDS_PER_STEP, mask);
            return Long.bitCount(mask & ~before);
        } catch (IllegalStateException e) {
            return isReleased(e) ? 0 : 1;
        }
    }

    private static long pageOf(long sector) {
        return sector / (8L * PAGE_BYTES);
    }

    // ---- where bits are

    /** Gives every step of a range its home. */
    private void settle(long firstSector, long endSector) {
        for (int step = stepOf(firstSector); step <= stepOf(endSector - 1); step++) {
            if (homes.getAcquire(step) == Home.LOADED) {
                settle(step);
            }
        }
    }

    private void settle(int step) {
        synchronized (steps) {
            MemorySegment now = steps.get(step);
            if (homes.get(step) != Home.LOADED || released) {
                return;
            }
            MemorySegment next = lasting.take(step, now.byteSize());
            if (next == null) {
                homes.set(step, Home.PRIVATE);
            } else {
                // Nobody sets a bit of it meanwhile: whoever wants to waits for its home.
                next.copyFrom(now);
                steps.set(step, next);
                lasting.holds(step);
                homes.set(step, Home.LASTING);
            }
        }
    }

    private static int stepOf(long sector) {
        return (int) (sector / SECTORS_PER_STEP);
    }

    /**
     * Whether bits of some sectors, which are set, would be lost with this process: they are in its own memory, and not
     * in the sidecar yet. Errs on the side of yes.
     */
    public boolean wouldDie(long firstSector, long endSector) {
        for (int step = stepOf(firstSector); step <= stepOf(endSector - 1); step++) {
            if (homes.getAcquire(step) == Home.PRIVATE) {
                long first = Math.max(firstSector, step * SECTORS_PER_STEP);
                long end = Math.min(endSector, (step + 1) * SECTORS_PER_STEP);
                if (UnsavedPages.any(pageOf(first), pageOf(end - 1), unsaved::contains)) {
                    return true;
                }
            }
        }
        return false;
    }

    /**
     * The memory of the bits is about to go: from now on all of them are seen set. For an image that is complete, or
     * whose raw file is closed.
     */
    public void release() {
        synchronized (steps) {
            released = true;
            for (int step = 0; step < steps.length(); step++) {
                steps.set(step, ALL_SET);
            }
        }
    }

    // ---- bits that an earlier process has left

    /**
     * Whether all bits from one on are set in others, too.
     *
     * @param firstSector a multiple of 64
     * @param others whole words
     */
    public boolean isWithin(long firstSector, MemorySegment others) {
        for (long word = 0; word < others.byteSize() / Long.BYTES; word++) {
            if ((word(firstSector / 64 + word) & ~others.getAtIndex(WORD, word)) != 0) {
                return false;
            }
        }
        return true;
    }

    /**
     * Sets what others have set; they count as unsaved. For the one who opens the image, before others see it.
     *
     * @param firstSector a multiple of 64
     * @param others whole words, without bits past the last sector
     */
    public void unite(long firstSector, MemorySegment others) {
        long raised = 0;
        for (long word = 0; word < others.byteSize() / Long.BYTES; word++) {
            long index = firstSector / 64 + word;
            int more = setBits(index, others.getAtIndex(WORD, word));
            if (more > 0) {
                unsaved.add(pageOf(index * 64));
            }
            raised += more;
        }
        allocated.addAndGet(raised);
    }

    // ---- saving

    public boolean hasUnsaved() {
        return !unsaved.isEmpty();
    }

    /** Whether a sector's bit may not be in the sidecar yet. Errs on the side of yes. */
    public boolean mayBeUnsaved(long sector) {
        return unsaved.contains(pageOf(sector));
    }

    /**
     * Copies the pages with unsaved bits. {@link #saved} or {@link #restoreUnsaved} must follow before this is called
     * again. A bit that can be seen when this begins is in the copy or saved already; one that is set while this runs
     * is in the copy, or makes its page unsaved again, or both.
     */
    public BitmapPages takeUnsaved() {
        // Counted first: what is counted has marked its page.
        var pages = new BitmapPages(bytes, allocated.get());
        // The marks go first, the copy follows: in the other order a bit set in between would be lost.
        unsaved.take(page -> {
            long inStep = page * PAGE_BYTES % LastingMemory.STEP_BYTES;
            pages.add(page, steps.getAcquire((int) (page * PAGE_BYTES / LastingMemory.STEP_BYTES)), inStep);
        });
        return pages;
    }

    /** The pages are in the sidecar for good. */
    public void saved(BitmapPages pages) {
        pages.forEachPage(page -> unsaved.end(page, true));
    }

    /** Counts pages as unsaved again, after they could not be written. */
    public void restoreUnsaved(BitmapPages pages) {
        pages.forEachPage(page -> unsaved.end(page, false));
    }
}
