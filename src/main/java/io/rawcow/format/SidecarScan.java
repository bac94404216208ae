package io.rawcow.format;

import io.rawcow.block.BlockException;
import io.rawcow.block.ByteRange;
import io.rawcow.block.Extent;
import io.rawcow.block.FaultKind;
import io.rawcow.block.HoleMap;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.PosixException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A sidecar that may be damaged: what can still be read of it, and what is wrong with the rest. Changes nothing, and
 * does not own the file. For one thread.
 */
public final class SidecarScan {
    private static final int CHUNK = 1 << 20;

    /** What a damage is in. */
    public enum Part {
        HEADER,
        /** The file ends before its bitmap does. */
        BITMAP,
        /** A bit that stands for no sector is set. */
        TAIL_BITS,
        /** Neither slot of the extension area can be used. */
        EXTENSION,
        /** One of the two slots is torn; the other one counts. */
        SLOT
    }

    /** @param offset where in the file; null if it has no place */
    public record Damage(Part part, String detail, @Nullable Long offset) {}

    private final OpenFile file;
    private final List<Damage> damages = new ArrayList<>();
    private @Nullable SidecarHeader header;
    private SlotReader.@Nullable Newest newest;
    private boolean hasArea;

    private SidecarScan(OpenFile file) {
        this.file = file;
    }

    /** @throws BlockException of I/O only */
    public static SidecarScan of(OpenFile file) throws BlockException {
        var scan = new SidecarScan(file);
        try {
            scan.readHeader();
            if (scan.header != null) {
                scan.readExtension(scan.header);
            }
        } catch (PosixException e) {
            throw BlockException.of(e, "sidecar");
        }
        return scan;
    }

    private void readHeader() throws PosixException, BlockException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(SidecarHeader.BYTES);
            long read = file.read(0, bytes);
            header = SidecarHeader.decode(bytes.asSlice(0, read).toArray(ValueLayout.JAVA_BYTE), file.path());
        } catch (BlockException e) {
            note(Part.HEADER, e, 0L);
        }
    }

    private void readExtension(SidecarHeader found) throws PosixException, BlockException {
        Geometry geometry = found.geometry();
        long size = file.status().size();
        long bitmapEnd = SidecarHeader.BYTES + geometry.bitmapBytes();
        if (size < bitmapEnd) {
            damages.add(new Damage(
                    Part.BITMAP, "the bitmap is cut off: bytes=%d expected=%d".formatted(size, bitmapEnd), size));
            return;
        }
        try {
            Optional<SlotReader.Newest> slots = SlotReader.read(file, geometry, size);
            hasArea = slots.isPresent();
            newest = slots.orElseGet(() -> SlotReader.withoutArea(found, ""));
            if (newest.damagedSlot() >= 0) {
                damages.add(new Damage(
                        Part.SLOT,
                        "one of the two slots of the extension area is torn; the other one counts: slot="
                                + newest.damagedSlot(),
                        geometry.areaOffset() + (long) newest.damagedSlot() * ExtensionSlot.BYTES));
            }
        } catch (BlockException e) {
            note(Part.EXTENSION, e, geometry.areaOffset());
        }
    }

    private void note(Part part, BlockException found, @Nullable Long offset) throws BlockException {
        if (found.kind() != FaultKind.SIDECAR_INVALID) {
            throw found;
        }
        damages.add(new Damage(part, String.valueOf(found.getMessage()), offset));
    }

    /** Empty if it cannot be made out. */
    public Optional<SidecarHeader> header() {
        return Optional.ofNullable(header);
    }

    /** Empty if it cannot be made out. */
    public Optional<Extension> extension() {
        return Optional.ofNullable(newest).map(SlotReader.Newest::extension);
    }

    /** False for a file that holds the struct and the bitmap alone. */
    public boolean hasExtensionArea() {
        return hasArea;
    }

    /** What was found so far; {@link #loadBits} may add to it. */
    public List<Damage> damages() {
        return List.copyOf(damages);
    }

    /**
     * Reads the saved bits as far as they are there. Only with a header.
     *
     * @param memory all zeros, at least {@link AllocationBitmap#memoryBytes}
     * @return without the bits past the last sector
     */
    public AllocationBitmap loadBits(MemorySegment memory) throws BlockException {
        Geometry geometry = header().orElseThrow().geometry();
        try {
            var holes = new HoleMap(file);
            long end = Math.min(
                    SidecarHeader.BYTES + geometry.bitmapBytes(), file.status().size());
            for (long at = SidecarHeader.BYTES; at < end; ) {
                Extent extent = holes.extentAt(at, Math.min(end, at + CHUNK));
                ByteRange range = extent.range();
                if (!extent.zero()) {
                    file.read(at, memory.asSlice(at - SidecarHeader.BYTES, range.length()));
                }
                at = range.end();
            }
        } catch (PosixException e) {
            throw BlockException.of(e, "sidecar");
        }
        clearTail(geometry, memory);
        return new AllocationBitmap(memory, geometry.sectorCount(), Sidecar.countBits(memory));
    }

    private void clearTail(Geometry geometry, MemorySegment memory) {
        int used = (int) (geometry.sectorCount() % 8);
        long lastByte = geometry.bitmapBytes() - 1;
        int last = memory.get(ValueLayout.JAVA_BYTE, lastByte) & 0xFF;
        if (used != 0 && last >>> used != 0) {
            damages.add(new Damage(
                    Part.TAIL_BITS,
                    "bits are set past the last sector: sectors=%d byte=0x%02X".formatted(geometry.sectorCount(), last),
                    SidecarHeader.BYTES + lastByte));
            memory.set(ValueLayout.JAVA_BYTE, lastByte, (byte) (last & ((1 << used) - 1)));
        }
    }
}
