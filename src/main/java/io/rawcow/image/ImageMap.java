package io.rawcow.image;

import io.rawcow.block.BlockException;
import io.rawcow.block.ByteRange;
import io.rawcow.block.RawFile;
import io.rawcow.format.AllocationBitmap;
import io.rawcow.format.Geometry;

/** Who answers for which range. */
final class ImageMap {

    private ImageMap() {}

    static MappedExtent at(Overlay overlay, RawFile raw, long offset, long limit) throws BlockException {
        Geometry geometry = overlay.geometry();
        AllocationBitmap bitmap = overlay.bitmap();
        long sector = geometry.sectorAt(offset);
        // Looked at once: a bit that is set meanwhile says nothing about the sectors behind it.
        boolean allocated = bitmap.isAllocated(sector);
        long endSector = endOfRun(bitmap, sector, allocated, geometry.sectorAt(limit - 1) + 1);
        long end = Math.min(limit, geometry.offsetOf(endSector));
        if (allocated) {
            return MappedExtent.ofRaw(raw.extentAt(offset, end));
        }
        return offset >= overlay.backingSize()
                ? MappedExtent.ofNothing(ByteRange.between(offset, end))
                : MappedExtent.ofBacking(overlay.backingExtentAt(offset, end));
    }

    /**
     * The first sector behind the run of equal bits that begins at a sector, or {@code endSector} if that is first.
     *
     * @param allocated what the sector's bit was; it is not looked at again, for it may have been set since
     */
    static long endOfRun(AllocationBitmap bitmap, long sector, boolean allocated, long endSector) {
        return allocated ? bitmap.nextUnallocated(sector, endSector) : bitmap.nextAllocated(sector + 1, endSector);
    }
}
