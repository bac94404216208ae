package io.rawcow.format;

import io.rawcow.block.BlockException;
import io.rawcow.block.Extent;
import io.rawcow.block.HoleMap;
import io.rawcow.block.Zeros;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.PosixException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;

/** Finds the extension of a sidecar: the intact slot with the higher sequence. */
final class SlotReader {
    private static final int CHUNK = 1 << 20;

    /**
     * What was found.
     *
     * @param slot 0 or 1, where it stands
     * @param damagedSlot the slot that is neither intact nor empty, -1 if none
     */
    record Newest(Extension extension, long sequence, int slot, int damagedSlot) {
        Newest(Extension extension, long sequence, int slot) {
            this(extension, sequence, slot, -1);
        }
    }

    private SlotReader() {}

    /** What a file with the struct and the bitmap alone stands for: a raw backing, not yet pinned. */
    static Newest withoutArea(SidecarHeader header, String newUuid) {
        StoredName backing = StoredName.parse(header.backingFile());
        String format = header.backingFile().isEmpty() ? null : backing.format();
        return new Newest(
                new Extension(newUuid, SidecarState.COW, format, null, null, null, null, null, List.of()), 0, 1);
    }

    /**
     * Reads both slots.
     *
     * @return empty if the file ends at the bitmap's end or holds zeros behind it
     * @throws BlockException SIDECAR_INVALID if there is something and no slot is intact, or one requires what is
     *     unknown
     */
    static Optional<Newest> read(OpenFile file, Geometry geometry, long fileSize)
            throws BlockException, PosixException {
        Optional<ExtensionSlot> first;
        Optional<ExtensionSlot> second;
        try {
            first = ExtensionSlot.decode(slotBytes(file, geometry, 0));
            second = ExtensionSlot.decode(slotBytes(file, geometry, 1));
        } catch (IllegalArgumentException e) {
            throw SidecarHeader.invalid(file.path(), String.valueOf(e.getMessage()));
        }
        if (first.isEmpty() && second.isEmpty()) {
            if (isZero(file, SidecarHeader.BYTES + geometry.bitmapBytes(), fileSize)) {
                return Optional.empty();
            }
            throw SidecarHeader.invalid(
                    file.path(), "neither slot of its extension area is intact: offset=" + geometry.areaOffset());
        }
        int slot = newer(first, second);
        ExtensionSlot found = (slot == 0 ? first : second).orElseThrow();
        requireKnown(found.extension(), file.path());
        int damaged = first.isPresent() && second.isPresent() ? -1 : damagedSlot(file, geometry, 1 - slot);
        return Optional.of(new Newest(found.extension(), found.sequence(), slot, damaged));
    }

    private static int newer(Optional<ExtensionSlot> first, Optional<ExtensionSlot> second) {
        if (first.isEmpty() || second.isEmpty()) {
            return first.isPresent() ? 0 : 1;
        }
        return Long.compareUnsigned(first.get().sequence(), second.get().sequence()) > 0 ? 0 : 1;
    }

    private static int damagedSlot(OpenFile file, Geometry geometry, int slot) throws PosixException {
        return Zeros.only(MemorySegment.ofArray(slotBytes(file, geometry, slot))) ? -1 : slot;
    }

    private static byte[] slotBytes(OpenFile file, Geometry geometry, int slot) throws PosixException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(ExtensionSlot.BYTES);
            long read = file.read(geometry.areaOffset() + (long) slot * ExtensionSlot.BYTES, bytes);
            return bytes.asSlice(0, read).toArray(ValueLayout.JAVA_BYTE);
        }
    }

    private static void requireKnown(Extension extension, String path) throws BlockException {
        if (!extension.requires().isEmpty()) {
            throw SidecarHeader.invalid(
                    path, "it requires what this version does not know: requires=" + extension.requires());
        }
        String format = extension.backingFormat();
        if (format != null && !format.equals(StoredName.RAW) && !format.equals(StoredName.QCOW2)) {
            throw SidecarHeader.invalid(path, "its backing has a format that is unknown: backingFormat=" + format);
        }
    }

    private static boolean isZero(OpenFile file, long from, long end) throws PosixException {
        var holes = new HoleMap(file);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(CHUNK);
            for (long at = from; at < end; ) {
                Extent extent = holes.extentAt(at, Math.min(end, at + CHUNK));
                MemorySegment part = buffer.asSlice(0, extent.range().length());
                if (!extent.zero() && !Zeros.only(part.asSlice(0, file.read(at, part)))) {
                    return false;
                }
                at = extent.range().end();
            }
        }
        return true;
    }
}
