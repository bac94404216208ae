package io.rawcow.image;

import io.rawcow.format.StoredName;
import io.rawcow.posix.Place;
import org.jspecify.annotations.Nullable;

/**
 * An image to be created.
 *
 * @param sidecar where its sidecar will be
 * @param backingName the backing as the header will name it, without its format; null if there is none
 * @param backingFormat {@link StoredName#RAW} or {@link StoredName#QCOW2}; null if nobody said
 * @param rawName the raw file as the header will name it
 * @param size virtual size in bytes; null to take the backing's
 * @param sectorSize bytes
 * @param preallocation of the raw file
 * @param reuseRawFile take a raw file that exists: a block device, or a file without data
 * @param checkBacking open the backing, pin it and see that it can be read; otherwise take its name on trust
 */
public record ImageSpec(
        Place sidecar,
        @Nullable String backingName,
        @Nullable String backingFormat,
        String rawName,
        @Nullable Long size,
        int sectorSize,
        Preallocation preallocation,
        boolean reuseRawFile,
        boolean checkBacking) {}
