package io.rawcow.format;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;

/** A copy of some pages of a bitmap, taken before the raw file is synced and written after it (I2). */
public final class BitmapPages {

    /** A page: its number, and its bytes, fewer than a page at the bitmap's end. */
    record Page(long number, MemorySegment bytes) {
        long offset() {
            return number * AllocationBitmap.PAGE_BYTES;
        }
    }

    private final long bitmapBytes;
    private final long allocatedAtLeast;
    private final Arena arena = Arena.ofAuto();
    private final List<Page> pages = new ArrayList<>();

    BitmapPages(long bitmapBytes, long allocatedAtLeast) {
        this.bitmapBytes = bitmapBytes;
        this.allocatedAtLeast = allocatedAtLeast;
    }

    /** @param offset where the page is in the step */
    void add(long number, MemorySegment step, long offset) {
        long length = Math.min(AllocationBitmap.PAGE_BYTES, bitmapBytes - number * AllocationBitmap.PAGE_BYTES);
        MemorySegment copy = arena.allocate(length, 8);
        MemorySegment.copy(step, offset, copy, 0, length);
        pages.add(new Page(number, copy));
    }

    /** How many bits are saved with these pages at the least, those of other pages included. */
    public long allocatedAtLeast() {
        return allocatedAtLeast;
    }

    public boolean isEmpty() {
        return pages.isEmpty();
    }

    List<Page> pages() {
        return pages;
    }

    void forEachPage(LongConsumer action) {
        pages.forEach(page -> action.accept(page.number()));
    }
}
