package io.rawcow.stream;

import java.time.Duration;

/**
 * How streams work, for all jobs alike.
 *
 * @param workers threads that read and write for one job
 * @param windowBytes the most that one step reads
 * @param saveBytes bits are saved when this much was hydrated since the last time
 * @param saveInterval or when this long has passed
 */
public record StreamSettings(int workers, int windowBytes, long saveBytes, Duration saveInterval) {
    public static final StreamSettings DEFAULT = new StreamSettings(4, 2 << 20, 256L << 20, Duration.ofSeconds(1));
}
