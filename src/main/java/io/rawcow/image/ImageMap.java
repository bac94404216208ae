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
        boolean allocated = bitmap.isAllocated(sector);
        long endSector = allocated ? bitmap.nextUnallocated(sector) : bitmap.nextAllocated(sector);
        long end = Math.min(limit, geometry.offsetOf(endSector));
        if (allocated) {
            return MappedExtent.ofRaw(raw.extentAt(offset, end));
        }
        return offset >= overlay.backingSize()
                ? MappedExtent.ofNothing(ByteRange.between(offset, end))
                : MappedExtent.ofBacking(overlay.backingExtentAt(offset, end));
    }
}
