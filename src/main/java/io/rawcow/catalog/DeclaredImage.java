package io.rawcow.catalog;

import org.jspecify.annotations.Nullable;

/**
 * An image that the configuration wants at every start.
 *
 * @param export how it is offered, under its own name; null for not at all
 * @param stream the job that is to make it standalone; null for none
 */
public record DeclaredImage(
        String name,
        ImageRequest image,
        @Nullable ExportRequest export,
        @Nullable JobRequest stream) {}
