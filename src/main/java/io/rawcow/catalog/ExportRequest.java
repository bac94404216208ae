package io.rawcow.catalog;

import org.jspecify.annotations.Nullable;

/**
 * What a PUT of an export states; null where it says nothing.
 *
 * @param image the image that is offered; needed for a new export
 * @param readOnly false if not stated
 * @param description for people, shown to clients that list exports; none if not stated
 * @param maxConnections clients at once; {@link #USUAL_CONNECTIONS} if not stated
 */
public record ExportRequest(
        @Nullable String image,
        @Nullable Boolean readOnly,
        @Nullable String description,
        @Nullable Integer maxConnections) {

    public static final int USUAL_CONNECTIONS = 100;
}
