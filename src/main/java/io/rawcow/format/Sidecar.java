package io.rawcow.format;

import io.rawcow.block.BlockException;
import io.rawcow.block.Extent;
import io.rawcow.block.FaultKind;
import io.rawcow.block.HoleMap;
import io.rawcow.block.Invariant;
import io.rawcow.block.Zeros;
import io.rawcow.posix.Errno;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.PosixException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * An open sidecar: its header, which never changes, its extension, and where its bits are kept. Owns its descriptor.
 *
 * <p>Reading changes nothing on disk. {@link #save} and {@link #update} are for one caller at a time; {@link #reserve}
 * is safe from many threads.
 */
public final class Sidecar implements AutoCloseable {
    /** Place for bits is reserved in steps of this many bytes. */
    private static final long RESERVE_STEP = 1 << 20;

    private static final int CHUNK = 1 << 20;

    private final OpenFile file;
    private final SidecarHeader header;
    private final Geometry geometry;
    private final boolean hasArea;
    private final SlotReader.Newest newest;
    /** By number; few even for a huge image, and none until it is written to. */
    private final Set<Long> reservedSteps = ConcurrentHashMap.newKeySet();

    private Extension extension;
    private long sequence;
    private int slot;

    private Sidecar(OpenFile file, SidecarHeader header, boolean hasArea, SlotReader.Newest newest) {
        this.file = file;
        this.header = header;
        this.geometry = header.geometry();
        this.hasArea = hasArea;
        this.newest = newest;
        this.extension = newest.extension();
        this.sequence = newest.sequence();
        this.slot = newest.slot();
    }

    /**
     * Writes a new sidecar into an empty file and syncs it. Takes no time or space proportional to the image.
     *
     * @throws BlockException NO_SPACE, IO_ERROR
     */
    public static Sidecar create(OpenFile file, SidecarHeader header, Extension extension) throws BlockException {
        try (Arena arena = Arena.ofConfined()) {
            file.truncate(0);
            file.truncate(header.geometry().fileBytes());
            file.write(0, copy(arena, header.encode()));
            var sidecar = new Sidecar(file, header, true, new SlotReader.Newest(extension, 0, 1));
            sidecar.update(extension);
            return sidecar;
        } catch (PosixException e) {
            throw BlockException.of(e, "sidecar");
        }
    }

    /**
     * Reads header and extension and checks both, and that the bitmap is whole.
     *
     * @param newUuid for a file without extension area
     * @throws BlockException SIDECAR_INVALID saying what is wrong with it
     */
    public static Sidecar open(OpenFile file, String newUuid) throws BlockException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(SidecarHeader.BYTES);
            long read = file.read(0, bytes);
            SidecarHeader header =
                    SidecarHeader.decode(bytes.asSlice(0, read).toArray(ValueLayout.JAVA_BYTE), file.path());
            long bitmapEnd = SidecarHeader.BYTES + header.geometry().bitmapBytes();
            long size = file.status().size();
            if (size < bitmapEnd) {
                throw SidecarHeader.invalid(
                        file.path(), "its bitmap is cut off: bytes=%d expected=%d".formatted(size, bitmapEnd));
            }
            Optional<SlotReader.Newest> newest = SlotReader.read(file, header.geometry(), size);
            var sidecar = new Sidecar(
                    file, header, newest.isPresent(), newest.orElseGet(() -> SlotReader.withoutArea(header, newUuid)));
            sidecar.requireNoBitsWhileCreating();
            return sidecar;
        } catch (PosixException e) {
            throw BlockException.of(e, "sidecar");
        }
    }

    /** Its raw file is empty: a bit would turn the backing's bytes into zeros. */
    private void requireNoBitsWhileCreating() throws BlockException, PosixException {
        long bitmapEnd = SidecarHeader.BYTES + geometry.bitmapBytes();
        if (extension.state() == SidecarState.CREATING && !Zeros.only(file, SidecarHeader.BYTES, bitmapEnd)) {
            throw SidecarHeader.invalid(file.path(), "bits are set although it is still being created");
        }
    }

    private static MemorySegment copy(Arena arena, byte[] bytes) {
        MemorySegment segment = arena.allocate(bytes.length);
        segment.copyFrom(MemorySegment.ofArray(bytes));
        return segment;
    }

    public OpenFile file() {
        return file;
    }

    public SidecarHeader header() {
        return header;
    }

    public Extension extension() {
        return extension;
    }

    /** False for a file that holds the struct and the bitmap alone; the first {@link #update} adds the area. */
    public boolean hasExtensionArea() {
        return hasArea;
    }

    /** The slot that was not intact when the sidecar was opened, as a torn update leaves it; -1 if none. */
    public int damagedSlot() {
        return newest.damagedSlot();
    }

    /**
     * Reads the saved bits. Holes of the file are skipped, so this takes time and memory proportional to the bits that
     * are set.
     *
     * @param memory all zeros, at least {@link AllocationBitmap#memoryBytes}
     * @throws BlockException SIDECAR_INVALID if a bit past the last sector is set
     */
    public AllocationBitmap load(MemorySegment memory) throws BlockException {
        long[] allocated = {0};
        forEachPart((offset, length) -> {
            MemorySegment part = memory.asSlice(offset, length);
            if (file.read(SidecarHeader.BYTES + offset, part) < length) {
                throw SidecarHeader.invalid(file.path(), "its bitmap is cut off");
            }
            allocated[0] += countBits(part);
        });
        requireNoTailBits(memory);
        return new AllocationBitmap(memory, geometry.sectorCount(), allocated[0]);
    }

    private interface PartOfBitmap {
        void visit(long offset, long length) throws PosixException, BlockException;
    }

    /** Visits what the file has of the bitmap besides holes, in parts of bounded length. */
    private void forEachPart(PartOfBitmap part) throws BlockException {
        try {
            var holes = new HoleMap(file);
            long end = SidecarHeader.BYTES + geometry.bitmapBytes();
            for (long at = SidecarHeader.BYTES; at < end; ) {
                Extent extent = holes.extentAt(at, end);
                long next = extent.range().end();
                if (!extent.zero()) {
                    next = Math.min(next, at + CHUNK);
                    part.visit(at - SidecarHeader.BYTES, next - at);
                }
                at = next;
            }
        } catch (PosixException e) {
            throw BlockException.of(e, "sidecar");
        }
    }

    static long countBits(MemorySegment bytes) {
        long count = 0;
        long words = bytes.byteSize() / 8;
        for (long i = 0; i < words; i++) {
            count += Long.bitCount(bytes.get(ValueLayout.JAVA_LONG_UNALIGNED, i * 8));
        }
        for (long i = words * 8; i < bytes.byteSize(); i++) {
            count += Integer.bitCount(bytes.get(ValueLayout.JAVA_BYTE, i) & 0xFF);
        }
        return count;
    }

    private void requireNoTailBits(MemorySegment memory) throws BlockException {
        int used = (int) (geometry.sectorCount() % 8);
        int last = memory.get(ValueLayout.JAVA_BYTE, geometry.bitmapBytes() - 1) & 0xFF;
        if (used != 0 && last >>> used != 0) {
            throw SidecarHeader.invalid(
                    file.path(), "bits are set past the last sector: sectors=" + geometry.sectorCount());
        }
    }

    /**
     * Reserves the file's space for the bits of some sectors, so that saving them cannot run out of it.
     *
     * @throws BlockException NO_SPACE
     */
    public void reserve(long firstSector, long endSector) throws BlockException {
        long sectorsAStep = 8 * RESERVE_STEP;
        for (long step = firstSector / sectorsAStep; step <= (endSector - 1) / sectorsAStep; step++) {
            if (!reservedSteps.contains(step)) {
                reserveStep(step);
                reservedSteps.add(step);
            }
        }
    }

    private void reserveStep(long step) throws BlockException {
        long from = step * RESERVE_STEP;
        long length = Math.min(RESERVE_STEP, geometry.bitmapBytes() - from);
        try {
            file.allocate(SidecarHeader.BYTES + from, length);
        } catch (PosixException e) {
            // A file system that cannot reserve keeps no promise here; the save itself will tell.
            if (e.errno() != Errno.EOPNOTSUPP) {
                throw BlockException.of(e, "sidecar");
            }
        }
    }

    /** Writes pages of bits. They are saved once {@link #sync} has returned. */
    public void save(BitmapPages pages) throws BlockException {
        try {
            for (BitmapPages.Page page : pages.pages()) {
                file.write(SidecarHeader.BYTES + page.offset(), page.bytes());
            }
        } catch (PosixException e) {
            throw BlockException.of(e, "sidecar");
        }
    }

    /** Writes again what {@link #load} read into {@code memory}, so that the next {@link #sync} covers it all. */
    public void saveAgain(MemorySegment memory) throws BlockException {
        forEachPart((offset, length) -> {
            MemorySegment part = memory.asSlice(offset, length);
            if (!Zeros.only(part)) {
                file.write(SidecarHeader.BYTES + offset, part);
            }
        });
    }

    /** Writes the saved bits of another sidecar, of the same geometry, into this one, which has none. */
    public void copyBits(Sidecar source) throws BlockException {
        Invariant.hold(geometry.equals(source.geometry), "bits of another geometry: %s", source.geometry);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(CHUNK);
            source.forEachPart((offset, length) -> {
                MemorySegment part = buffer.asSlice(0, length);
                if (source.file.read(SidecarHeader.BYTES + offset, part) < length) {
                    throw SidecarHeader.invalid(source.file.path(), "its bitmap is cut off");
                }
                file.write(SidecarHeader.BYTES + offset, part);
            });
        }
    }

    /** Writes the extension again where it stands, byte by byte, so that the next {@link #sync} covers it. */
    public void saveAgain() throws BlockException {
        if (hasArea) {
            long at = geometry.areaOffset() + (long) slot * ExtensionSlot.BYTES;
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment bytes = arena.allocate(ExtensionSlot.BYTES);
                long read = file.read(at, bytes);
                file.write(at, bytes.asSlice(0, read));
            } catch (PosixException e) {
                throw BlockException.of(e, "sidecar");
            }
        }
    }

    public void sync() throws BlockException {
        try {
            file.dataSync();
        } catch (PosixException e) {
            throw BlockException.of(e, "sidecar");
        }
    }

    /**
     * Replaces the extension: the older slot is overwritten and synced. After a loss of power one of the two is there.
     *
     * @throws BlockException of the write, nothing has changed then; of the sync, then nobody knows
     */
    public void update(Extension next) throws BlockException {
        write(next);
        sync();
    }

    /** The first half of {@link #update}: the caller syncs. */
    public void write(Extension next) throws BlockException {
        int target = 1 - slot;
        byte[] bytes = encode(next);
        try (Arena arena = Arena.ofConfined()) {
            file.write(geometry.areaOffset() + (long) target * ExtensionSlot.BYTES, copy(arena, bytes));
        } catch (PosixException e) {
            throw BlockException.of(e, "sidecar");
        }
        extension = next;
        sequence++;
        slot = target;
    }

    private byte[] encode(Extension next) throws BlockException {
        try {
            byte[] bytes = new ExtensionSlot(sequence + 1, next).encode();
            Invariant.hold(ExtensionSlot.decode(bytes).extension().equals(next), "a slot must read back: %s", next);
            return bytes;
        } catch (IllegalArgumentException e) {
            // Only what somebody else wrote can be so long: none of our fields is.
            throw new BlockException(
                    FaultKind.SIDECAR_INVALID,
                    "cannot write sidecar: %s: path=%s".formatted(e.getMessage(), file.path()),
                    e);
        }
    }

    @Override
    public void close() {
        file.close();
    }
}
