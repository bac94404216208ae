package io.rawcow.catalog;

import org.jspecify.annotations.Nullable;

/**
 * What a PUT of an image states; null where it says nothing.
 *
 * @param size bytes
 * @param sectorSize bytes
 */
public record ImageRequest(
        @Nullable String sidecar,
        @Nullable String backingFile,
        @Nullable String backingFormat,
        @Nullable String rawFile,
        @Nullable Long size,
        @Nullable Integer sectorSize,
        @Nullable Boolean reuseRawFile,
        @Nullable Boolean acceptBackingChange,
        @Nullable Boolean acceptLostWrites,
        @Nullable Boolean newUuid) {}
