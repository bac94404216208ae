package io.rawcow.format;

import io.rawcow.block.ByteRange;
import java.util.Optional;

/**
 * How a size divides into sectors, and where that puts the parts of a sidecar.
 *
 * @param size virtual size in bytes
 * @param sectorSize bytes of a sector, a power of two; the last sector may be cut short by the size
 */
public record Geometry(long size, int sectorSize) {

    private static final long AREA_ALIGNMENT = 4096;

    public long sectorCount() {
        return (size - 1) / sectorSize + 1;
    }

    public long bitmapBytes() {
        return (sectorCount() - 1) / 8 + 1;
    }

    /** Where the extension area starts. */
    public long areaOffset() {
        long bitmapEnd = SidecarHeader.BYTES + bitmapBytes();
        return (bitmapEnd + AREA_ALIGNMENT - 1) / AREA_ALIGNMENT * AREA_ALIGNMENT;
    }

    /** The size of a sidecar with an extension area. */
    public long fileBytes() {
        return areaOffset() + 2L * ExtensionSlot.BYTES;
    }

    /** The sector that holds a byte. */
    public long sectorAt(long offset) {
        return offset / sectorSize;
    }

    /** The first sector that begins at or after a byte. */
    public long sectorAfter(long offset) {
        return offset == 0 ? 0 : (offset - 1) / sectorSize + 1;
    }

    /** The byte that a sector begins at; the size for the sector past the last. */
    public long offsetOf(long sector) {
        return sector >= sectorCount() ? size : sector * sectorSize;
    }

    /** The bytes of sectors {@code first} up to but not including {@code end}, cut at the size. */
    public ByteRange bytesOf(long first, long end) {
        return ByteRange.between(offsetOf(first), offsetOf(end));
    }

    /** The smallest range of whole sectors around a range. */
    public ByteRange alignOut(ByteRange range) {
        return bytesOf(sectorAt(range.offset()), sectorAt(range.end() - 1) + 1);
    }

    /** The whole sectors within a range; empty if there is none. A last sector cut by the size is whole up to there. */
    public Optional<ByteRange> alignIn(ByteRange range) {
        long first = sectorAfter(range.offset());
        long end = range.end() >= size ? sectorCount() : sectorAt(range.end());
        return first < end ? Optional.of(bytesOf(first, end)) : Optional.empty();
    }
}
