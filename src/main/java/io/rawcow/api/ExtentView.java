package io.rawcow.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.rawcow.image.MappedExtent;
import org.jspecify.annotations.Nullable;

/**
 * A range and who answers it, in the words of {@code qemu-img map --output=json}.
 *
 * @param offset where in the file that answers; null, and left out, where no file has bytes for it at an offset
 */
record ExtentView(
        long start,
        long length,
        int depth,
        boolean present,
        boolean zero,
        boolean data,
        @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Long offset) {

    /** @param backingIsRaw in a raw file the bytes stand at the offset that the guest sees */
    static ExtentView of(MappedExtent extent, boolean backingIsRaw) {
        boolean placed = extent.data() && (extent.depth() == 0 || backingIsRaw);
        return new ExtentView(
                extent.range().offset(),
                extent.range().length(),
                extent.depth(),
                extent.present(),
                extent.zero(),
                extent.data(),
                placed ? Long.valueOf(extent.range().offset()) : null);
    }
}
