package io.rawcow.api;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Bounds of what waits on behalf of clients. Of the first two, one caller has a quarter at most.
 *
 * @param waits requests that wait for a job at one time
 * @param listeners clients that follow the events at one time
 * @param heartbeat how often a listener hears something
 * @param streamLife how long one is told of events before it has to come again, and show anew who it is; null for ever
 */
public record ApiSettings(
        int waits,
        int listeners,
        Duration heartbeat,
        @Nullable Duration streamLife) {
    public static final ApiSettings DEFAULT = new ApiSettings(1000, 200, Duration.ofSeconds(15), null);

    public ApiSettings withStreamLife(@Nullable Duration life) {
        return new ApiSettings(waits, listeners, heartbeat, life);
    }
}
