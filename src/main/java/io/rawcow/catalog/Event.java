package io.rawcow.catalog;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A change that somebody may want to hear of.
 *
 * @param id {@code <start>-<n>}: which run of the service, and how many events before
 * @param kind what changed
 * @param change what happened to it, one of the words of {@code openapi.yaml}
 * @param image how it is after that; null for a job, and once deleted
 * @param job how it is after that; null for an image, and once dismissed
 */
public record Event(
        String id,
        Instant time,
        Kind kind,
        String name,
        String change,
        @Nullable ImageView image,
        @Nullable JobView job) {

    /** What an event is about. */
    public enum Kind {
        IMAGE,
        JOB
    }
}
