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
    private final Arena arena = Arena.ofAuto();
    private final List<Page> pages = new ArrayList<>();

    BitmapPages(long bitmapBytes) {
        this.bitmapBytes = bitmapBytes;
    }

    void add(long number, MemorySegment bitmap) {
        long offset = number * AllocationBitmap.PAGE_BYTES;
        long length = Math.min(AllocationBitmap.PAGE_BYTES, bitmapBytes - offset);
        MemorySegment copy = arena.allocate(length, 8);
        MemorySegment.copy(bitmap, offset, copy, 0, length);
        pages.add(new Page(number, copy));
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
