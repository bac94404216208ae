package io.rawcow.catalog;

import io.rawcow.format.SidecarHeader;
import java.time.Instant;
import java.util.UUID;
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

    /** A plain raw file: standalone from the start. */
    static ImageRecord ofRawFile(String name, String rawFile, long size, Instant now) {
        var known = new ImageRequest(
                null, null, null, rawFile, size, SidecarHeader.DEFAULT_SECTOR_SIZE, null, null, null, null);
        return new ImageRecord(
                name, UUID.randomUUID().toString(), ImageState.STANDALONE, null, false, known, now, null);
    }

    /** Of an image that is about to be created. */
    static ImageRecord ofIntent(String name, ImageRequest wanted, Instant now) {
        return new ImageRecord(name, null, ImageState.CREATING, wanted.sidecar(), false, wanted, now, null);
    }

    ImageRecord opened(@Nullable String openedUuid, ImageState now, ImageRequest known) {
        return new ImageRecord(name, openedUuid, now, sidecar, sidecarKept, known, createdAt, detachedAt);
    }

    ImageRecord detached(Instant when, boolean kept) {
        return new ImageRecord(name, uuid, ImageState.STANDALONE, sidecar, kept, request, createdAt, when);
    }
}
