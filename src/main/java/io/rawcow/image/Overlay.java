package io.rawcow.image;

import io.rawcow.backing.Backing;
import io.rawcow.block.BlockDevice;
import io.rawcow.block.BlockException;
import io.rawcow.block.ByteRange;
import io.rawcow.block.Extent;
import io.rawcow.block.FaultKind;
import io.rawcow.block.Invariant;
import io.rawcow.block.RawFile;
import io.rawcow.block.Zeroing;
import io.rawcow.block.Zeros;
import io.rawcow.format.AllocationBitmap;
import io.rawcow.format.Extension;
import io.rawcow.format.Geometry;
import io.rawcow.format.Sidecar;
import io.rawcow.image.ImageActivity.Copy;
import io.rawcow.image.ImageActivity.Source;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * An image that is not standalone yet: raw file over backing, with a bit a sector that says who answers. Safe from many
 * threads. Ranges given to it are inside the size and not empty.
 */
final class Overlay implements BlockDevice {
    private final RawFile raw;
    private final Sidecar sidecar;
    private final SidecarHome home;
    private final OpenBitmap bits;
    private final AllocationBitmap bitmap;
    private final BackingView below;
    private final Geometry geometry;
    private final Health health;
    private final Rounds rounds;
    private final ImageActivity activity;
    private final RangeLock ranges = new RangeLock();
    private final ReentrantLock marking = new ReentrantLock();
    private volatile boolean markedOpen;
    private volatile boolean markedOwing;

    Overlay(RawFile raw, Sidecar sidecar, SidecarHome home, OpenBitmap bits, @Nullable Backing backing) {
        this.raw = raw;
        this.sidecar = sidecar;
        this.home = home;
        this.bits = bits;
        this.bitmap = bits.bitmap();
        this.geometry = sidecar.header().geometry();
        this.health = new Health();
        this.activity = new ImageActivity(geometry, bitmap::hasUnsaved);
        this.below = new BackingView(backing, activity);
        this.rounds = new Rounds(raw, sidecar, bits, health, activity);
        this.markedOpen = sidecar.extension().clean() == null;
        this.markedOwing = bits.isNamedBy(sidecar.extension());
    }

    Geometry geometry() {
        return geometry;
    }

    Sidecar sidecar() {
        return sidecar;
    }

    SidecarHome home() {
        return home;
    }

    AllocationBitmap bitmap() {
        return bitmap;
    }

    @Nullable
    Backing backing() {
        return below.backing();
    }

    Rounds rounds() {
        return rounds;
    }

    Health health() {
        return health;
    }

    ImageActivity activity() {
        return activity;
    }

    boolean isMarkedOpen() {
        return markedOpen;
    }

    // ---- reading

    @Override
    public long sizeBytes() {
        return geometry.size();
    }

    @Override
    public Extent extentAt(long offset, long limit) throws BlockException {
        MappedExtent mapped = ImageMap.at(this, raw, offset, limit);
        return new Extent(mapped.range(), mapped.zero());
    }

    @Override
    public void read(long offset, MemorySegment target) throws BlockException {
        long end = offset + target.byteSize();
        for (long at = offset; at < end; ) {
            long sector = geometry.sectorAt(at);
            boolean allocated = bitmap.isAllocated(sector);
            long endSector = geometry.sectorAt(end - 1) + 1;
            long runEnd = Math.min(end, geometry.offsetOf(ImageMap.endOfRun(bitmap, sector, allocated, endSector)));
            MemorySegment part = target.asSlice(at - offset, runEnd - at);
            if (allocated) {
                raw.read(at, part);
                requireTrustworthy(at, runEnd);
                activity.served(Source.RAW, runEnd - at);
            } else {
                readClear(at, part);
            }
            at = runEnd;
        }
    }

    /** A sector that was clear a moment ago may have been taken over by the raw file, and the backing closed, since. */
    private void readClear(long offset, MemorySegment target) throws BlockException {
        try {
            readBacking(offset, target);
            long inside = below.inside(offset, target.byteSize());
            activity.served(Source.BACKING, inside);
            activity.served(Source.ZERO, target.byteSize() - inside);
        } catch (BlockException e) {
            ByteRange range = new ByteRange(offset, target.byteSize());
            ByteRange sectors = geometry.alignOut(range);
            if (!bitmap.areAllocated(geometry.sectorAt(sectors.offset()), geometry.sectorAfter(sectors.end()))) {
                throw e;
            }
            raw.read(offset, target);
            requireTrustworthy(range.offset(), range.end());
            activity.served(Source.RAW, target.byteSize());
        }
    }

    /** After a failed sync the bytes under bits that were not saved may have vanished from the page cache. */
    private void requireTrustworthy(long offset, long end) throws BlockException {
        BlockException sync = health.failure();
        if (sync == null) {
            return;
        }
        for (long sector = geometry.sectorAt(offset); sector <= geometry.sectorAt(end - 1); sector++) {
            if (bitmap.mayBeUnsaved(sector)) {
                throw Health.refusal(sync);
            }
        }
    }

    /** Reads the backing; zeros at or beyond its end, and where there is none. */
    void readBacking(long offset, MemorySegment target) throws BlockException {
        below.read(offset, target);
    }

    /** What the backing has at {@code offset}; zeros at or beyond its end, and where there is none. */
    Extent backingExtentAt(long offset, long limit) throws BlockException {
        return below.extentAt(offset, limit);
    }

    long backingSize() {
        return below.sizeBytes();
    }

    // ---- writing

    @Override
    public void write(long offset, MemorySegment source) throws BlockException {
        change(new ByteRange(offset, source.byteSize()), false, () -> raw.write(offset, source));
    }

    @Override
    public void zero(ByteRange range, Zeroing how) throws BlockException {
        change(range, true, () -> raw.zero(range, how));
    }

    /** Fast unless a part of an edge sector would have to be fetched from the backing first. */
    @Override
    public void zeroFast(ByteRange range, Zeroing how) throws BlockException {
        ByteRange sectors = geometry.alignOut(range);
        if (backing() != null && !sectors.equals(range) && !isAllocated(range)) {
            throw new BlockException(
                    FaultKind.NOT_SUPPORTED,
                    "cannot zero parts of sectors without reading the backing: offset=%d length=%d sectorsize=%d"
                            .formatted(range.offset(), range.length(), geometry.sectorSize()));
        }
        change(range, true, () -> raw.zeroFast(range, how));
    }

    /** @param range whole sectors */
    @Override
    public void trim(ByteRange range) throws BlockException {
        zero(range, Zeroing.PUNCH);
    }

    @Override
    public void flush() throws BlockException {
        rounds.round();
    }

    private boolean isAllocated(ByteRange range) {
        return bitmap.areAllocated(geometry.sectorAt(range.offset()), geometry.sectorAt(range.end() - 1) + 1);
    }

    private interface Change {
        void apply() throws BlockException;
    }

    /**
     * A guest's change. When this returns it may be answered: it survives the end of this process.
     *
     * @param zero whether it makes zeros
     */
    private void change(ByteRange range, boolean zero, Change change) throws BlockException {
        health.require();
        markOwing();
        long first = geometry.sectorAt(range.offset());
        long end = geometry.sectorAt(range.end() - 1) + 1;
        if (bitmap.areAllocated(first, end)) {
            change.apply();
        } else {
            changeClear(range, zero, change);
        }
        // Also where somebody else has set the bits: he may still be waiting for his round.
        if (bitmap.wouldDie(first, end)) {
            rounds.round();
        }
        // Once a failed sync is known, no change is answered as done: the next open will refuse the image.
        health.require();
    }

    /** A change to a range with clear sectors: what it leaves alone of its edge sectors comes from the backing. */
    private void changeClear(ByteRange range, boolean zero, Change change) throws BlockException {
        ByteRange sectors = geometry.alignOut(range);
        long first = geometry.sectorAt(range.offset());
        long end = geometry.sectorAt(range.end() - 1) + 1;
        sidecar.reserve(first, end);
        try (var _ = ranges.hold(sectors)) {
            if (!bitmap.isAllocated(first)) {
                copyUp(sectors.offset(), range.offset());
            }
            if (!bitmap.isAllocated(end - 1)) {
                copyUp(range.end(), sectors.end());
            }
            change.apply();
            activity.taken(bitmap, first, end, zero);
            bitmap.markAllocated(first, end);
            activity.bitsRaised();
        }
    }

    private void copyUp(long offset, long end) throws BlockException {
        if (offset < end) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment bytes = arena.allocate(end - offset, 8);
                readBacking(offset, bytes);
                put(offset, bytes);
                activity.copied(Copy.GUEST_COPYUP, end - offset);
            }
        }
    }

    /** Writes bytes, and makes holes of their runs of zeros. */
    private void put(long offset, MemorySegment bytes) throws BlockException {
        for (long at = 0; at < bytes.byteSize(); ) {
            boolean zero = Zeros.endOfRun(bytes, at, true) > at;
            long end = Zeros.endOfRun(bytes, at, zero);
            if (zero) {
                raw.zero(ByteRange.between(offset + at, offset + end), Zeroing.PUNCH);
            } else {
                raw.write(offset + at, bytes.asSlice(at, end - at));
            }
            at = end;
        }
    }

    // ---- hydrating

    /**
     * Copies into clear sectors of a window what was read from the backing before, holding nothing (I4).
     *
     * @param window whole sectors
     * @param content the window's bytes; null if they are all zeros
     * @return how many bytes of clear sectors were filled
     */
    long hydrate(ByteRange window, @Nullable MemorySegment content) throws BlockException {
        health.require();
        Invariant.hold(geometry.alignOut(window).equals(window), "I4: window of whole sectors: %s", window);
        markOpen();
        long first = geometry.sectorAt(window.offset());
        long end = geometry.sectorAfter(window.end());
        sidecar.reserve(first, end);
        long filled = 0;
        try (var _ = ranges.hold(window)) {
            for (long sector = bitmap.nextUnallocated(first, end);
                    sector < end;
                    sector = bitmap.nextUnallocated(sector, end)) {
                long runEnd = bitmap.nextAllocated(sector, end);
                ByteRange run = geometry.bytesOf(sector, runEnd);
                if (content == null) {
                    raw.zero(run, Zeroing.PUNCH);
                } else {
                    put(run.offset(), content.asSlice(run.offset() - window.offset(), run.length()));
                }
                long raised = bitmap.markAllocated(sector, runEnd);
                Invariant.hold(raised == runEnd - sector, "I4: hydration wrote sectors that were set: run=%s", run);
                activity.hydrated(sector, runEnd, content == null);
                filled += run.length();
            }
        }
        return filled;
    }

    // ---- state

    /** Before the first change of an open the sidecar durably stops saying that the image was closed cleanly. */
    private void markOpen() throws BlockException {
        if (!markedOpen) {
            mark(Extension::withoutClean);
        }
    }

    /** Before the first change of a guest the sidecar durably names the live file too. */
    private void markOwing() throws BlockException {
        if (!markedOwing) {
            LiveFile live = bits.live();
            if (live == null) {
                markOpen();
                rounds.owe();
            } else {
                mark(extension -> extension.withDirty(live.mark()));
            }
            markedOwing = true;
        }
    }

    private void mark(UnaryOperator<Extension> change) throws BlockException {
        marking.lock();
        try {
            if (!change.apply(sidecar.extension()).equals(sidecar.extension())) {
                rounds.update(change);
            }
            markedOpen = true;
        } finally {
            marking.unlock();
        }
    }

    /** @throws BlockException BACKING_CHANGED if the backing is not what was pinned any more */
    void requireBackingUnchanged() throws BlockException {
        Backing backing = backing();
        if (backing != null) {
            BackingFiles.requirePinned(backing, BackingFiles.pinnedBy(sidecar), false);
        }
    }

    void requireComplete() throws BlockException {
        if (!bitmap.isComplete()) {
            throw new BlockException(
                    FaultKind.INVALID_VALUE,
                    "cannot detach: sectors are still in the backing: allocated=%d sectors=%d"
                            .formatted(bitmap.allocatedCount(), bitmap.sectorCount()));
        }
    }

    /** The sidecar says that nothing is owed any more: the live file is not needed. */
    void forgetLiveFile() {
        if (bits.live() != null) {
            bits.live().remove();
        }
    }

    /**
     * Lets go of everything but the sidecar's folder. For an image whose raw file answers alone from now on, or is
     * closed: readers that are still here are sent there. Nobody may be changing anything.
     */
    void retire() {
        below.close();
        sidecar.close();
        bits.close();
    }

    @Override
    public void close() {
        retire();
        home.close();
    }
}
