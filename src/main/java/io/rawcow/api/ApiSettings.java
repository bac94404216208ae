package io.rawcow.api;

import java.time.Duration;

/**
 * Bounds of what waits on behalf of clients.
 *
 * @param waits requests that wait for a job at one time
 * @param listeners clients that follow the events at one time
 * @param heartbeat how often a listener hears something
 */
public record ApiSettings(int waits, int listeners, Duration heartbeat) {
    public static final ApiSettings DEFAULT = new ApiSettings(1000, 200, Duration.ofSeconds(15));
}
