package io.rawcow.catalog;

import io.rawcow.image.LiveImage;
import org.jspecify.annotations.Nullable;

/**
 * An image at this moment, told without a look at a file: a disk that hangs keeps nobody.
 *
 * @param backed whether it has a backing
 * @param backingFormat null if it has none, or it is not known yet
 * @param sectorSize null until it is known
 * @param size bytes; null until it is known
 * @param allocated bytes that its raw file answers for; null if it is not open
 * @param progress from 0 to 1; 1 only once it is durably standalone; null if it is not open
 * @param rawFileRoot the path of the data root that its raw file takes space of; null for a device, and if it is not
 *     open
 * @param live null if it is not open
 */
public record ImageNow(
        String name,
        ImageState state,
        boolean backed,
        @Nullable String backingFormat,
        @Nullable Integer sectorSize,
        @Nullable Long size,
        @Nullable Long allocated,
        @Nullable Double progress,
        @Nullable String rawFileRoot,
        @Nullable LiveImage live) {

    /** Bytes that its raw file does not answer for yet; 0 if it is not open. */
    public long remaining() {
        return size == null || allocated == null ? 0 : size - allocated;
    }
}
