package io.rawcow.catalog;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How a webhook stands. All but {@code queued} is of this run of the service.
 *
 * @param receiver where it delivers to: scheme, host and port, since the rest of a URL may be a secret
 * @param queued events that wait, the one that is being delivered too
 * @param delivered requests that were answered with 2xx
 * @param failedAttempts requests that were not
 * @param lost events that the queue had no room for
 * @param failing whether the last attempt failed
 * @param lastError why the last attempt that failed did; null if none has
 */
public record WebhookStatus(
        String name,
        String receiver,
        int queued,
        long delivered,
        long failedAttempts,
        long lost,
        boolean failing,
        @Nullable String lastError,
        @Nullable Instant lastErrorAt,
        @Nullable Instant lastDeliveredAt) {}
