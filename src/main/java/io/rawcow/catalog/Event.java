package io.rawcow.catalog;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A change that somebody may want to hear of.
 *
 * @param id {@code <start>-<n>}: which run of the service, and how many events before
 * @param kind what changed
 * @param change what happened to it, one of the words of {@code openapi.yaml}
 * @param resource how it is after that, an {@link ImageView}, {@link JobView} or {@link ExportView}; null once it is
 *     gone
 */
public record Event(
        String id,
        Instant time,
        Kind kind,
        String name,
        String change,
        @Nullable Record resource) {

    /** Whether something came, went or is in another state now: not a job's speed, nor an export's clients. */
    public boolean isStateChange() {
        return !change.equals("changed") && !change.equals(CLIENTS);
    }

    static final String CLIENTS = "clients";

    /** What an event is about. */
    public enum Kind {
        IMAGE,
        JOB,
        EXPORT
    }
}
