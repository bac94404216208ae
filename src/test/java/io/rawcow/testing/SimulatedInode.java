package io.rawcow.testing;

import io.rawcow.posix.FileType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * A file of a simulated disk: what the page cache shows, what is on the disk, and the changes between the two. A change
 * holds the sectors it touched as they were right after it, so any sector can come back as it was at any moment since
 * the last sync, and as nothing else: a page cache writes whole sectors.
 */
final class SimulatedInode {
    static final int SECTOR = 512;

    /** What a change did to the sectors it touched. */
    private enum Effect {
        BYTES,
        HOLE,
        RESERVED_ZEROS,
        RESERVED,
        SIZE_ALONE
    }

    /**
     * One change.
     *
     * @param after the touched sectors after it, for BYTES
     * @param size the file's size after it; -1 if it left that alone
     */
    @SuppressWarnings("ArrayRecordComponent") // nobody compares changes
    private record Change(Effect effect, long firstSector, long endSector, byte[] after, long size) {}

    private static final byte[] NO_BYTES = {};

    /** What a process has mapped: nobody is told when it changes. */
    private MemorySegment mapped = MemorySegment.NULL;

    final long number;
    final FileType type;
    private PagedBytes cached;
    private final PagedBytes stored;
    private final List<Change> changes;
    private long mtime;
    private long storedMtime;

    private SimulatedInode(long number, FileType type, PagedBytes cached, PagedBytes stored, List<Change> changes) {
        this.number = number;
        this.type = type;
        this.cached = cached;
        this.stored = stored;
        this.changes = changes;
    }

    static SimulatedInode empty(long number, FileType type, long mtime) {
        var inode = new SimulatedInode(number, type, new PagedBytes(), new PagedBytes(), new ArrayList<>());
        inode.mtime = mtime;
        inode.storedMtime = mtime;
        return inode;
    }

    /** The same file, cache and all. */
    SimulatedInode copy() {
        var copy = new SimulatedInode(number, type, cached().copy(), stored.copy(), new ArrayList<>(changes));
        copy.mtime = mtime;
        copy.storedMtime = storedMtime;
        return copy;
    }

    /** The file after a loss of power. */
    SimulatedInode cut(Survival survival) {
        PagedBytes left = stored;
        if (!changes.isEmpty()) {
            left = stored.copy();
            apply(left, survival);
        }
        var copy = new SimulatedInode(number, type, left.copy(), left.copy(), new ArrayList<>());
        copy.mtime = mtime != storedMtime && survival.keepsTime() ? mtime : storedMtime;
        copy.storedMtime = copy.mtime;
        return copy;
    }

    PagedBytes cached() {
        cached.takeOver(mapped);
        return cached;
    }

    /** The bytes as memory, which outlives the arena as it outlives a process. */
    @SuppressWarnings("restricted")
    MemorySegment map(long length, Arena arena) {
        mapped = Arena.ofAuto().allocate(length, Long.BYTES);
        cached.read(0, mapped);
        return mapped.reinterpret(length, arena, null);
    }

    long mtime() {
        return mtime;
    }

    boolean isSynced() {
        return changes.isEmpty() && mtime == storedMtime;
    }

    // ---- changes

    void write(long offset, MemorySegment source, long now) {
        long size = cached.size();
        cached.write(offset, source);
        long end = offset + source.byteSize();
        note(Effect.BYTES, offset, end, end > size ? end : -1, now);
    }

    void truncate(long size, long now) {
        cached.resize(size);
        note(Effect.SIZE_ALONE, 0, 0, size, now);
    }

    /** @param reserve keep or take the space; otherwise leave a hole */
    void zero(long offset, long end, boolean reserve, long now) {
        cached.zero(offset, Math.min(end, cached.size()), reserve);
        long first = offset / SECTOR;
        long last = (Math.min(end, cached.size()) + SECTOR - 1) / SECTOR;
        boolean whole = offset % SECTOR == 0 && (end % SECTOR == 0 || end >= cached.size());
        if (whole && last > first) {
            changes.add(new Change(reserve ? Effect.RESERVED_ZEROS : Effect.HOLE, first, last, NO_BYTES, -1));
            mtime = now;
        } else if (last > first) {
            note(Effect.BYTES, offset, Math.min(end, cached.size()), -1, now);
        }
    }

    void allocate(long offset, long end, long now) {
        boolean grows = end > cached.size();
        if (grows) {
            cached.resize(end);
        }
        cached.reserve(offset, end);
        note(Effect.RESERVED, offset, end, grows ? end : -1, now);
    }

    private void note(Effect effect, long offset, long end, long size, long now) {
        long first = offset / SECTOR;
        long last = (end + SECTOR - 1) / SECTOR;
        byte[] after = NO_BYTES;
        if (effect == Effect.BYTES) {
            after = new byte[(int) ((last - first) * SECTOR)];
            cached.copyOut(first * SECTOR, after);
        }
        changes.add(new Change(effect, first, last, after, size));
        mtime = now;
    }

    /** Puts garbage, at once and for good, without a trace in the times: what a clear bit says nothing about. */
    void scribble(long offset, MemorySegment garbage) {
        cached.write(offset, garbage);
        stored.write(offset, garbage);
    }

    // ---- syncs

    void sync(boolean timesToo) {
        apply(stored, Survival.of(1, 0));
        changes.clear();
        if (timesToo) {
            storedMtime = mtime;
        }
    }

    /** A sync that failed: nothing more is written, and nobody remembers that it should be. */
    void loseChanges() {
        changes.clear();
    }

    /** Clean pages are dropped from memory: the next read finds what is on the disk. */
    void evict() {
        if (changes.isEmpty()) {
            long size = cached.size();
            cached = stored.copy();
            cached.resize(size);
        }
    }

    // ---- what a loss of power leaves

    private void apply(PagedBytes target, Survival survival) {
        long size = target.size();
        for (int i = 0; i < changes.size(); i++) {
            Change change = changes.get(i);
            Survival.Share share = survival.of(i == changes.size() - 1);
            if (share == Survival.Share.NONE) {
                continue;
            }
            if (change.size >= 0) {
                if (change.size < size) {
                    target.settle(change.size);
                }
                size = change.size;
            }
            if (share == Survival.Share.ALL) {
                apply(target, change, change.firstSector, change.endSector);
            } else {
                applySome(target, change, survival);
            }
        }
        target.settle(size);
    }

    private static void applySome(PagedBytes target, Change change, Survival survival) {
        for (long sector = change.firstSector; sector < change.endSector; sector++) {
            if (survival.keepsSector()) {
                apply(target, change, sector, sector + 1);
            }
        }
    }

    private static void apply(PagedBytes target, Change change, long first, long end) {
        switch (change.effect) {
            case BYTES ->
                target.put(first * SECTOR, change.after, (int) ((first - change.firstSector) * SECTOR), (int)
                        ((end - first) * SECTOR));
            case HOLE -> target.zero(first * SECTOR, end * SECTOR, false);
            case RESERVED_ZEROS -> target.zero(first * SECTOR, end * SECTOR, true);
            case RESERVED -> target.reserve(first * SECTOR, end * SECTOR);
            case SIZE_ALONE -> {}
        }
    }

    void addTo(CRC32C sum) {
        sum.update((int) number);
        cached.addTo(sum);
        for (int shift = 0; shift < Long.SIZE; shift += 8) {
            sum.update((int) (mtime >>> shift));
        }
    }
}
