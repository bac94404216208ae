package io.rawcow.catalog;

import io.rawcow.block.BlockException;
import io.rawcow.block.ByteRange;
import io.rawcow.image.LiveImage;
import io.rawcow.image.MappedExtent;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A part of an image's map.
 *
 * @param next where the part behind this one starts; null at the end
 */
public record MapPage(List<MappedExtent> items, @Nullable Long next) {

    /** The extents of a range, cut at the image's end; neighbours of one kind are joined. */
    static MapPage of(LiveImage image, long start, @Nullable Long length, int limit) throws BlockException {
        if (start < 0 || start >= image.sizeBytes()) {
            throw ProblemException.ofField(
                    ProblemCode.INVALID_VALUE,
                    "start is inside the image: size=" + image.sizeBytes(),
                    "start",
                    start,
                    "correct the value and repeat the request");
        }
        long rest = image.sizeBytes() - start;
        long end = start + (length == null ? rest : Math.min(length, rest));
        var items = new ArrayList<MappedExtent>();
        long at = start;
        while (at < end) {
            MappedExtent extent = image.mapAt(at, end);
            MappedExtent last = items.isEmpty() ? null : items.getLast();
            if (last != null && last.continuesAs(extent)) {
                long from = last.range().offset();
                items.set(
                        items.size() - 1,
                        extent.over(ByteRange.between(from, extent.range().end())));
            } else if (items.size() == limit) {
                return new MapPage(items, at);
            } else {
                items.add(extent);
            }
            at = extent.range().end();
        }
        return new MapPage(items, null);
    }
}
