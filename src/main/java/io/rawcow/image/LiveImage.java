package io.rawcow.image;

import io.rawcow.backing.Backing;
import io.rawcow.block.BlockDevice;
import io.rawcow.block.BlockException;
import io.rawcow.block.ByteRange;
import io.rawcow.block.Extent;
import io.rawcow.block.FaultKind;
import io.rawcow.block.QemuLocks;
import io.rawcow.block.RawFile;
import io.rawcow.block.Zeroing;
import io.rawcow.format.Extension;
import io.rawcow.format.Extension.Clean;
import io.rawcow.format.Geometry;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * An open image: a block device that guests and the stream share. While it has a sidecar, clear sectors are read from
 * the backing and every write lands in the raw file; after {@link #detach} it is the raw file alone. Safe from many
 * threads.
 *
 * <p>Locks, in the order they are taken: {@code lifecycle} (detach, close) < those of {@link Turns} (changes shared,
 * close alone) < a range of {@link RangeLock}. Reads take none.
 */
public final class LiveImage implements BlockDevice {

    private final RawFile raw;
    private final Geometry geometry;
    private final ReentrantLock lifecycle = new ReentrantLock();
    private final Health health;
    private final Turns turns;
    private final ImageActivity activity;
    private @Nullable SidecarHome leftover;
    private boolean closed;

    private LiveImage(RawFile raw, Geometry geometry, @Nullable Overlay overlay, @Nullable SidecarHome leftover) {
        this.raw = raw;
        this.geometry = geometry;
        this.health = overlay == null ? new Health() : overlay.health();
        this.turns = new Turns(raw, overlay);
        this.activity = overlay == null ? new ImageActivity(geometry, () -> false) : overlay.activity();
        this.leftover = leftover;
    }

    static LiveImage over(RawFile raw, Overlay overlay) {
        return new LiveImage(raw, overlay.sidecar().header().geometry(), overlay, null);
    }

    /**
     * @param leftover where a sidecar stands that says {@code standalone} and was not removed; null if there is none
     */
    static LiveImage standalone(RawFile raw, int sectorSize, @Nullable SidecarHome leftover) {
        return new LiveImage(raw, new Geometry(raw.sizeBytes(), sectorSize), null, leftover);
    }

    // ---- what it is

    @Override
    public long sizeBytes() {
        return raw.sizeBytes();
    }

    public Geometry geometry() {
        return geometry;
    }

    public boolean isStandalone() {
        return overlay() == null;
    }

    /** The extension of its sidecar; empty once standalone. */
    public Optional<Extension> extension() {
        return Optional.ofNullable(overlay()).map(o -> o.sidecar().extension());
    }

    /** The backing; empty if there is none, and once standalone. */
    public Optional<Backing> backing() {
        return Optional.ofNullable(overlay()).map(Overlay::backing);
    }

    public RawFile rawFile() {
        return raw;
    }

    public long sectorsAllocated() {
        Overlay now = overlay();
        return now == null ? geometry.sectorCount() : now.bitmap().allocatedCount();
    }

    /** Bytes of the sectors that the raw file answers for; the size when complete, never before. */
    public long bytesAllocated() {
        long sectors = sectorsAllocated();
        return sectors == geometry.sectorCount()
                ? geometry.size()
                : Math.min(sectors * geometry.sectorSize(), geometry.size() - 1);
    }

    public boolean isComplete() {
        return sectorsAllocated() == geometry.sectorCount();
    }

    /** The sync that failed, after which nothing may be changed; null while all is well. */
    public @Nullable BlockException failure() {
        return health.failure();
    }

    // ---- the device

    @Override
    public void read(long offset, MemorySegment target) throws BlockException {
        requireInside(offset, target.byteSize());
        // A read that began on the overlay may end on it: it reads the raw file too by then.
        BlockDevice device = turns.device();
        device.read(offset, target);
        if (device == raw) {
            activity.served(ImageActivity.Source.RAW, target.byteSize());
        }
    }

    @Nullable
    Overlay overlay() {
        return turns.overlay();
    }

    @Override
    public Extent extentAt(long offset, long limit) throws BlockException {
        MappedExtent mapped = mapAt(offset, limit);
        return new Extent(mapped.range(), mapped.zero());
    }

    /** As {@link #extentAt}, and who answers. */
    public MappedExtent mapAt(long offset, long limit) throws BlockException {
        requireInside(offset, limit - offset);
        Overlay now = overlay();
        if (now != null) {
            try {
                return ImageMap.at(now, raw, offset, limit);
            } catch (BlockException e) {
                if (overlay() == now) {
                    throw e;
                }
                // Detached meanwhile, and the backing closed.
            }
        }
        return MappedExtent.ofRaw(raw.extentAt(offset, limit));
    }

    @Override
    public void write(long offset, MemorySegment source) throws BlockException {
        requireInside(offset, source.byteSize());
        if (source.byteSize() > 0) {
            change(device -> device.write(offset, source));
        }
    }

    @Override
    public void zero(ByteRange range, Zeroing how) throws BlockException {
        requireInside(range.offset(), range.length());
        change(device -> device.zero(range, how));
    }

    @Override
    public void zeroFast(ByteRange range, Zeroing how) throws BlockException {
        requireInside(range.offset(), range.length());
        change(device -> device.zeroFast(range, how));
    }

    /**
     * {@inheritDoc} Works on the whole sectors of the range: they read as zeros, and never come from the backing again.
     * Parts of sectors at its edges stay as they are.
     */
    @Override
    public void trim(ByteRange range) throws BlockException {
        requireInside(range.offset(), range.length());
        Optional<ByteRange> sectors = geometry.alignIn(range);
        if (sectors.isPresent()) {
            change(device -> device.trim(sectors.get()));
        }
    }

    /** {@inheritDoc} Hydrates the sectors that the range touches, before the stream comes to them. */
    @Override
    public void prefetch(ByteRange range) throws BlockException {
        requireInside(range.offset(), range.length());
        Prefetch.of(this, geometry.alignOut(range));
    }

    @Override
    public void flush() throws BlockException {
        change(device -> {
            try {
                device.flush();
            } catch (BlockException e) {
                // The overlay's rounds judge for themselves: a write that they could not do is not a sync that failed.
                throw device == raw ? health.fail(e) : e;
            }
        });
    }

    private interface Change {
        void apply(BlockDevice device) throws BlockException;
    }

    /** Runs a change with the image held open. */
    private void change(Change change) throws BlockException {
        try (Turns.Change turn = turns.begin()) {
            requireOpen();
            health.require();
            change.apply(turn.device());
        }
    }

    private void requireOpen() throws BlockException {
        if (closed) {
            throw new BlockException(
                    FaultKind.IMAGE_CLOSED,
                    "cannot use image: it is closed: path=" + raw.file().path());
        }
    }

    private void requireInside(long offset, long length) throws BlockException {
        if (offset < 0 || length < 0 || offset > sizeBytes() - length) {
            throw new BlockException(
                    FaultKind.OUT_OF_RANGE,
                    "cannot reach past the end: offset=%d length=%d size=%d".formatted(offset, length, sizeBytes()));
        }
    }

    // ---- hydration, for the stream

    /** The next run of clear sectors at or after {@code offset}, or the first part of it; empty if there is none. */
    public Optional<ByteRange> nextClear(long offset, long mostBytes) {
        Overlay now = overlay();
        if (now == null || offset >= sizeBytes()) {
            return Optional.empty();
        }
        long first = now.bitmap().nextUnallocated(geometry.sectorAt(offset));
        long end = Math.min(first + Math.max(1, mostBytes / geometry.sectorSize()), geometry.sectorCount());
        return first >= end
                ? Optional.empty()
                : Optional.of(geometry.bytesOf(first, now.bitmap().nextAllocated(first + 1, end)));
    }

    /** What the backing has at {@code offset}: its data, or zeros. */
    public Extent backingExtentAt(long offset, long limit) throws BlockException {
        Overlay now = overlay();
        return now == null ? new Extent(ByteRange.between(offset, limit), true) : now.backingExtentAt(offset, limit);
    }

    /** Reads the backing, whatever the bits say. Holds nothing, so that it may take as long as it likes (I4). */
    public void readBacking(long offset, MemorySegment target) throws BlockException {
        Overlay now = overlay();
        if (now != null) {
            now.readBacking(offset, target);
        }
    }

    /**
     * Fills the clear sectors of a window with what was read from the backing before.
     *
     * @param window whole sectors
     * @param content the window's bytes; null if they are all zeros
     * @return bytes of the sectors that were filled: fewer than the window where a guest was faster
     */
    public long hydrate(ByteRange window, @Nullable MemorySegment content) throws BlockException {
        long[] filled = {0};
        change(device -> filled[0] = device instanceof Overlay now ? now.hydrate(window, content) : 0);
        return filled[0];
    }

    /** Whether bits are set that are not in the sidecar yet. */
    public boolean hasUnsavedBits() {
        Overlay now = overlay();
        return now != null && now.bitmap().hasUnsaved();
    }

    /** What it has done since it was opened. */
    public ImageActivity activity() {
        return activity;
    }

    // ---- detach and close

    /**
     * Forgets backing and sidecar: all bits must be set. Guests go on undisturbed. What a crash interrupted is finished
     * by calling it again after the next open.
     *
     * @param keepSidecar leave the sidecar where it is, saying {@code standalone}
     * @param record told before the sidecar is removed
     * @throws BlockException BACKING_CHANGED, or of I/O: then nothing was detached, or the rest is still to be done
     */
    public void detach(boolean keepSidecar, StandaloneRecord record) throws BlockException {
        lifecycle.lock();
        try {
            requireOpen();
            Overlay now = overlay();
            if (now != null) {
                now.requireComplete();
                now.requireBackingUnchanged();
                now.rounds().round();
                now.rounds().update(Extension::asStandalone);
                now.forgetLiveFile();
                record.save();
                QemuLocks.shareStandalone(raw.file());
                leftover = now.home();
                turns.end(raw);
                now.retire();
            } else {
                record.save();
            }
            dropLeftover(keepSidecar);
        } finally {
            lifecycle.unlock();
        }
    }

    private void dropLeftover(boolean keepSidecar) throws BlockException {
        if (leftover != null) {
            if (!keepSidecar && !leftover.isDevice()) {
                leftover.remove();
            }
            leftover.close();
            leftover = null;
        }
    }

    /**
     * Saves all bits, notes the raw file's size and time, and lets go of every file. A second call does nothing.
     *
     * @throws BlockException if bits could not be saved; the files are closed all the same, and the next open finds
     *     them as after a crash
     */
    @Override
    public void close() throws BlockException {
        lifecycle.lock();
        Lock alone = turns.noChanges();
        alone.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            try {
                saveForClose();
            } finally {
                releaseFiles();
            }
        } finally {
            alone.unlock();
            lifecycle.unlock();
        }
    }

    private void saveForClose() throws BlockException {
        Overlay now = overlay();
        if (now == null) {
            if (!health.isFailed()) {
                raw.flush();
            }
        } else if (!health.isFailed()) {
            if (now.isMarkedOpen()) {
                now.rounds().round();
                Clean clean = RawFiles.cleanMark(raw);
                now.rounds().update(extension -> extension.closedCleanly(clean));
            }
            now.forgetLiveFile();
        }
    }

    private void releaseFiles() {
        // First: readers who come too late are sent here.
        raw.close();
        Overlay now = overlay();
        if (now != null) {
            now.close();
        }
        if (leftover != null) {
            leftover.close();
            leftover = null;
        }
    }

    /** Lets go of every file without saving anything, as a crash of the process would. For tests of crashes. */
    void abandon() {
        Lock alone = turns.noChanges();
        alone.lock();
        try {
            if (!closed) {
                closed = true;
                releaseFiles();
            }
        } finally {
            alone.unlock();
        }
    }
}
