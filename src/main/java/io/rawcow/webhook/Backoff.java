package io.rawcow.webhook;

import java.time.Duration;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;

/**
 * How long a webhook waits after attempts that failed: twice as long each time, from a second to five minutes, less up
 * to half of it by chance, so that many that failed together do not come back together.
 */
final class Backoff {
    static final Duration LONGEST = Duration.ofMinutes(5);
    private static final Duration SHORTEST = Duration.ofSeconds(1);
    private static final int DOUBLINGS = 9;

    private final DoubleSupplier random;

    /** @param random from 0, inclusive, to 1 */
    Backoff(DoubleSupplier random) {
        this.random = random;
    }

    /**
     * @param failures attempts that failed one after the other, this one too
     * @param wanted what the receiver asked for; it is given that, but never more than the longest
     */
    Duration after(int failures, @Nullable Duration wanted) {
        Duration full = SHORTEST.multipliedBy(1L << Math.min(failures - 1, DOUBLINGS));
        Duration bounded = full.compareTo(LONGEST) > 0 ? LONGEST : full;
        Duration own = Duration.ofNanos((long) (bounded.toNanos() * (1 - random.getAsDouble() / 2)));
        if (wanted == null || wanted.compareTo(own) <= 0) {
            return own;
        }
        return wanted.compareTo(LONGEST) > 0 ? LONGEST : wanted;
    }
}
