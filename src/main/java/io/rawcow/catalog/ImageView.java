package io.rawcow.catalog;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An image as the REST interface shows it; {@code openapi.yaml} says of each field when it is null. */
public record ImageView(
        String name,
        @Nullable String uuid,
        ImageState state,
        boolean standalone,
        @Nullable String sidecar,
        @Nullable String backingFile,
        @Nullable String backingFormat,
        @Nullable Long backingSize,
        @Nullable Instant backingMtime,
        @Nullable String rawFile,
        @Nullable Long size,
        @Nullable Integer sectorSize,
        @Nullable Long sectorsTotal,
        @Nullable Long sectorsAllocated,
        @Nullable Long bytesAllocated,
        @Nullable Long bytesOnDisk,
        @Nullable Double progress,
        List<String> exports,
        List<String> jobs,
        List<Warning> warnings,
        @Nullable ImageError error,
        Instant createdAt,
        @Nullable Instant detachedAt) {}
