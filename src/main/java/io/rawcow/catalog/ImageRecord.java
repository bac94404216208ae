package io.rawcow.catalog;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * An image as the catalog keeps it across restarts. Paths are absolute.
 *
 * @param state CREATING: the intent, files may be half made; COW; STANDALONE: only this says so once the sidecar is
 *     gone
 * @param sidecar where the sidecar is, or was; null for a plain raw file
 * @param sidecarKept false if the sidecar is to be removed, or is gone, once STANDALONE
 * @param request what was asked for, with what the files said where nothing was: repeats are compared with this
 */
record ImageRecord(
        String name,
        @Nullable String uuid,
        ImageState state,
        @Nullable String sidecar,
        boolean sidecarKept,
        ImageRequest request,
        Instant createdAt,
        @Nullable Instant detachedAt) {

    ImageRecord opened(@Nullable String openedUuid, ImageState now, ImageRequest known) {
        return new ImageRecord(name, openedUuid, now, sidecar, sidecarKept, known, createdAt, detachedAt);
    }

    ImageRecord detached(Instant when, boolean kept) {
        return new ImageRecord(name, uuid, ImageState.STANDALONE, sidecar, kept, request, createdAt, when);
    }
}
