package io.rawcow.metrics;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.OptionalDouble;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * A value that is looked up again and again on a thread of its own, so that no scrape waits for a file system that
 * hangs. Safe from many threads.
 */
final class Sampled implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Sampled.class.getName());
    /** Of so many looks none has come back: then nothing is better than what was. */
    private static final int FRESH_PERIODS = 6;

    private record Sample(OptionalDouble value, long takenNanos) {}

    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("sampler").daemon().factory());
    private final long freshNanos;
    private volatile Sample last = new Sample(OptionalDouble.empty(), System.nanoTime());

    /** @param lookup empty for what cannot be told now */
    Sampled(Duration period, Supplier<OptionalDouble> lookup) {
        freshNanos = FRESH_PERIODS * period.toNanos();
        var _ = thread.scheduleWithFixedDelay(() -> take(lookup), 0, period.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void take(Supplier<OptionalDouble> lookup) {
        OptionalDouble value = OptionalDouble.empty();
        try {
            value = lookup.get();
        } catch (RuntimeException e) {
            // Thrown on, it would end all further looks without a word.
            LOG.log(Level.ERROR, "cannot look up a metric", e);
        }
        last = new Sample(value, System.nanoTime());
    }

    /** What was found lately; empty if nothing was. */
    OptionalDouble latest() {
        Sample now = last;
        return System.nanoTime() - now.takenNanos() > freshNanos ? OptionalDouble.empty() : now.value();
    }

    /** Waits for nobody. */
    @Override
    public void close() {
        var _ = thread.shutdownNow();
    }
}
