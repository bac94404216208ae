package io.rawcow.testing;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * A file's bytes in pages that copies share until one of them writes. Pages may be holes, or reserved and unwritten.
 */
@SuppressWarnings("ReferenceEquality") // one page is known by identity
final class PagedBytes {
    static final int PAGE = 4096;

    /** Takes space, reads as zeros, and counts as no data; known by identity. */
    private static final byte[] UNWRITTEN = new byte[PAGE];

    private static final MemorySegment ZEROS = MemorySegment.ofArray(new byte[PAGE]);

    private byte[][] pages;
    private boolean[] owned;
    private long size;

    PagedBytes() {
        this(new byte[0][], 0);
    }

    private PagedBytes(byte[][] pages, long size) {
        this.pages = pages;
        this.owned = new boolean[pages.length];
        this.size = size;
    }

    PagedBytes copy() {
        Arrays.fill(owned, false);
        return new PagedBytes(pages.clone(), size);
    }

    long size() {
        return size;
    }

    /** Cuts off, or extends by a hole. */
    void resize(long bytes) {
        if (bytes < size) {
            zero(bytes, pageEnd(size), false);
        }
        size = bytes;
        int count = (int) ((bytes + PAGE - 1) / PAGE);
        if (count != pages.length) {
            pages = Arrays.copyOf(pages, count);
            owned = Arrays.copyOf(owned, count);
        }
    }

    /** Sets the size after parts were put in without one: what lies behind it is gone. */
    void settle(long bytes) {
        size = (long) pages.length * PAGE;
        resize(bytes);
    }

    private static long pageEnd(long offset) {
        return (offset + PAGE - 1) / PAGE * PAGE;
    }

    /** Grows the table of pages over a range whose size is settled later. */
    void makeRoom(long end) {
        int count = (int) ((end + PAGE - 1) / PAGE);
        if (count > pages.length) {
            pages = Arrays.copyOf(pages, count);
            owned = Arrays.copyOf(owned, count);
        }
    }

    long read(long offset, MemorySegment target) {
        long length = Math.clamp(size - offset, 0, target.byteSize());
        for (long done = 0; done < length; ) {
            long at = offset + done;
            int inPage = (int) (at % PAGE);
            long part = Math.min(PAGE - inPage, length - done);
            byte[] page = pages[(int) (at / PAGE)];
            if (page == null) {
                target.asSlice(done, part).fill((byte) 0);
            } else {
                MemorySegment.copy(page, inPage, target, ValueLayout.JAVA_BYTE, done, (int) part);
            }
            done += part;
        }
        return length;
    }

    byte[] read(long offset, int length) {
        byte[] bytes = new byte[length];
        read(offset, MemorySegment.ofArray(bytes));
        return bytes;
    }

    /** Copies whole pages' worth of bytes, whatever the size is. */
    void copyOut(long offset, byte[] target) {
        for (int done = 0; done < target.length; ) {
            long at = offset + done;
            int inPage = (int) (at % PAGE);
            int part = Math.min(PAGE - inPage, target.length - done);
            int index = (int) (at / PAGE);
            if (index < pages.length && pages[index] != null) {
                System.arraycopy(pages[index], inPage, target, done, part);
            }
            done += part;
        }
    }

    void write(long offset, MemorySegment source) {
        makeRoom(offset + source.byteSize());
        for (long done = 0; done < source.byteSize(); ) {
            long at = offset + done;
            int inPage = (int) (at % PAGE);
            int part = (int) Math.min(PAGE - inPage, source.byteSize() - done);
            MemorySegment.copy(source, ValueLayout.JAVA_BYTE, done, writable((int) (at / PAGE)), inPage, part);
            done += part;
        }
        size = Math.max(size, offset + source.byteSize());
    }

    /** Writes a part of an array, without a change of size. */
    void put(long offset, byte[] source, int from, int length) {
        makeRoom(offset + length);
        for (int done = 0; done < length; ) {
            long at = offset + done;
            int inPage = (int) (at % PAGE);
            int part = Math.min(PAGE - inPage, length - done);
            System.arraycopy(source, from + done, writable((int) (at / PAGE)), inPage, part);
            done += part;
        }
    }

    /** Becomes what memory holds. Memory without space that was written to would have killed the process. */
    void takeOver(MemorySegment memory) {
        for (int index = 0; (long) index * PAGE < memory.byteSize(); index++) {
            long at = (long) index * PAGE;
            MemorySegment bytes = memory.asSlice(at, Math.min(PAGE, memory.byteSize() - at));
            if (index < pages.length && pages[index] != null) {
                MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, 0, writable(index), 0, (int) bytes.byteSize());
            } else if (bytes.mismatch(ZEROS.asSlice(0, bytes.byteSize())) >= 0) {
                throw new AssertionError("memory was touched that was not reserved: offset=" + at);
            }
        }
    }

    private byte[] writable(int index) {
        byte[] page = pages[index];
        if (page == null || page == UNWRITTEN) {
            page = new byte[PAGE];
        } else if (!owned[index]) {
            page = page.clone();
        }
        pages[index] = page;
        owned[index] = true;
        return page;
    }

    /** Zeros: whole pages become holes, or reserved ones, and parts of a page are overwritten. */
    void zero(long from, long end, boolean reserve) {
        makeRoom(end);
        for (long at = from; at < end; ) {
            int index = (int) (at / PAGE);
            int inPage = (int) (at % PAGE);
            int part = (int) Math.min(PAGE - inPage, end - at);
            byte[] page = pages[index];
            if (part == PAGE) {
                pages[index] = reserve ? UNWRITTEN : null;
            } else if (page == null && reserve) {
                pages[index] = UNWRITTEN;
            } else if (page != null && page != UNWRITTEN) {
                Arrays.fill(writable(index), inPage, inPage + part, (byte) 0);
            }
            at += part;
        }
    }

    /** Takes space where there are holes, and changes no byte. */
    void reserve(long from, long end) {
        makeRoom(end);
        for (int index = (int) (from / PAGE); index < pageEnd(end) / PAGE; index++) {
            if (pages[index] == null) {
                pages[index] = UNWRITTEN;
            }
        }
    }

    long allocatedBytes() {
        return Arrays.stream(pages).filter(page -> page != null).count() * PAGE;
    }

    /** The first offset from one on that is data, or is not; -1 if there is none before the end. */
    long next(long offset, boolean data) {
        for (long at = offset; at < size; at = (at / PAGE + 1) * PAGE) {
            byte[] page = pages[(int) (at / PAGE)];
            if ((page != null && page != UNWRITTEN) == data) {
                return at;
            }
        }
        return -1;
    }

    void addTo(CRC32C sum) {
        for (byte[] page : pages) {
            sum.update(page == null ? 0 : page == UNWRITTEN ? 1 : 2);
            if (page != null && page != UNWRITTEN) {
                sum.update(page);
            }
        }
        sum.update((int) size);
        sum.update((int) (size >>> 8));
        sum.update((int) (size >>> 16));
    }
}
