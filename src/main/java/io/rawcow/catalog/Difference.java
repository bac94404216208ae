package io.rawcow.catalog;

import org.jspecify.annotations.Nullable;

/** A field that a repeated request states otherwise than the recorded one. */
public record Difference(
        String field, @Nullable Object wanted, @Nullable Object is) {}
