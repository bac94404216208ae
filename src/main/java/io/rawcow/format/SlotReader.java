package io.rawcow.format;

import io.rawcow.block.BlockException;
import io.rawcow.block.Zeros;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.PosixException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** Finds the extension of a sidecar: the intact slot with the higher sequence. */
final class SlotReader {
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
     * Reads both slots. Which one counts is settled before its JSON is looked at: what an older one says is of no
     * matter.
     *
     * @return empty if the file ends at the bitmap's end or holds zeros behind it
     * @throws BlockException SIDECAR_INVALID if there is something and no slot is intact, or the one that counts cannot
     *     be understood
     */
    static Optional<Newest> read(OpenFile file, Geometry geometry, long fileSize)
            throws BlockException, PosixException {
        List<byte[]> slots = List.of(slotBytes(file, geometry, 0), slotBytes(file, geometry, 1));
        OptionalLong first = ExtensionSlot.sequenceOf(slots.get(0));
        OptionalLong second = ExtensionSlot.sequenceOf(slots.get(1));
        if (first.isEmpty() && second.isEmpty()) {
            if (Zeros.only(file, SidecarHeader.BYTES + geometry.bitmapBytes(), fileSize)) {
                return Optional.empty();
            }
            throw SidecarHeader.invalid(
                    file.path(), "neither slot of its extension area is intact: offset=" + geometry.areaOffset());
        }
        if (first.equals(second)) {
            throw SidecarHeader.invalid(
                    file.path(),
                    "both slots of its extension area have one sequence: sequence="
                            + Long.toUnsignedString(first.getAsLong()));
        }
        int slot = newer(first, second);
        ExtensionSlot found = decode(slots.get(slot), file.path());
        requireKnown(found.extension(), file.path());
        boolean otherIntact = first.isPresent() && second.isPresent();
        boolean otherEmpty = Zeros.only(MemorySegment.ofArray(slots.get(1 - slot)));
        int damaged = otherIntact || otherEmpty ? -1 : 1 - slot;
        return Optional.of(new Newest(found.extension(), found.sequence(), slot, damaged));
    }

    private static int newer(OptionalLong first, OptionalLong second) {
        if (first.isEmpty() || second.isEmpty()) {
            return first.isPresent() ? 0 : 1;
        }
        return Long.compareUnsigned(first.getAsLong(), second.getAsLong()) > 0 ? 0 : 1;
    }

    private static ExtensionSlot decode(byte[] slot, String path) throws BlockException {
        try {
            return ExtensionSlot.decode(slot);
        } catch (IllegalArgumentException e) {
            throw SidecarHeader.invalid(path, String.valueOf(e.getMessage()));
        }
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
}
