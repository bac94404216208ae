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
        long end = Math.min(limit, geometry.offsetOf(endOfRun(bitmap, sector)));
        if (bitmap.isAllocated(sector)) {
            return MappedExtent.ofRaw(raw.extentAt(offset, end));
        }
        return offset >= overlay.backingSize()
                ? MappedExtent.ofNothing(ByteRange.between(offset, end))
                : MappedExtent.ofBacking(overlay.backingExtentAt(offset, end));
    }

    /** The first sector behind the run of equal bits that a sector is in. */
    static long endOfRun(AllocationBitmap bitmap, long sector) {
        return bitmap.isAllocated(sector) ? bitmap.nextUnallocated(sector) : bitmap.nextAllocated(sector);
    }
}
