package io.rawcow.image;

import io.rawcow.block.ByteRange;
import io.rawcow.block.Extent;

/**
 * A range and who answers for it, in the words of {@code qemu-img map --output=json}.
 *
 * @param depth 0 the raw file, 1 the backing; 0 too beyond the end of a short backing
 * @param present false where neither file has it: beyond the end of a short backing, or without one
 * @param zero reads as zeros
 */
public record MappedExtent(ByteRange range, int depth, boolean present, boolean zero) {

    static MappedExtent ofRaw(Extent extent) {
        return new MappedExtent(extent.range(), 0, true, extent.zero());
    }

    static MappedExtent ofBacking(Extent extent) {
        return new MappedExtent(extent.range(), 1, true, extent.zero());
    }

    static MappedExtent ofNothing(ByteRange range) {
        return new MappedExtent(range, 0, false, true);
    }

    /** The same kind over another range. */
    public MappedExtent over(ByteRange other) {
        return new MappedExtent(other, depth, present, zero);
    }

    /** Whether a medium holds bytes for it: present and not known to be zeros. */
    public boolean data() {
        return present && !zero;
    }

    /** Whether this and an extent right behind it are one. */
    public boolean continuesAs(MappedExtent next) {
        return depth == next.depth && present == next.present && zero == next.zero;
    }
}
