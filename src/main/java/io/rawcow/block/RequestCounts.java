package io.rawcow.block;

import java.util.Arrays;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;

/**
 * Counts requests of one kind: how many there were, how many bytes they moved, how many failed, how long they took. A
 * count costs nanoseconds and takes no lock. Safe from many threads; what is read meanwhile is of about now.
 */
public final class RequestCounts {
    private static final long MICROSECOND = 1_000;
    private static final long MILLISECOND = 1_000_000;
    private static final long SECOND = 1_000_000_000;

    /** From what a page cache takes to what a guest gives up at; fine enough for quantiles to mean something. */
    private static final long[] BOUNDS_NANOS = {
        25 * MICROSECOND,
        50 * MICROSECOND,
        100 * MICROSECOND,
        250 * MICROSECOND,
        500 * MICROSECOND,
        MILLISECOND,
        5 * MILLISECOND / 2,
        5 * MILLISECOND,
        10 * MILLISECOND,
        25 * MILLISECOND,
        50 * MILLISECOND,
        100 * MILLISECOND,
        250 * MILLISECOND,
        500 * MILLISECOND,
        SECOND,
        5 * SECOND / 2,
        5 * SECOND,
        10 * SECOND,
        30 * SECOND
    };

    private final LongAdder[] latency =
            Stream.generate(LongAdder::new).limit(BOUNDS_NANOS.length + 1).toArray(LongAdder[]::new);
    private final LongAdder bytes = new LongAdder();
    private final LongAdder errors = new LongAdder();
    private final LongAdder nanos = new LongAdder();

    /** Upper bounds of the latency classes, in nanoseconds, rising; one more class is above the last. */
    public static long[] boundsNanos() {
        return BOUNDS_NANOS.clone();
    }

    /**
     * A request is over.
     *
     * @param moved bytes, which count unless it failed
     */
    public void add(long moved, long tookNanos, boolean failed) {
        latency[classOf(tookNanos)].increment();
        nanos.add(tookNanos);
        if (failed) {
            errors.increment();
        } else if (moved != 0) {
            bytes.add(moved);
        }
    }

    private static int classOf(long tookNanos) {
        int found = Arrays.binarySearch(BOUNDS_NANOS, tookNanos);
        return found >= 0 ? found : -found - 1;
    }

    public Snapshot snapshot() {
        long[] now = Arrays.stream(latency).mapToLong(LongAdder::sum).toArray();
        return new Snapshot(Arrays.stream(now).sum(), bytes.sum(), errors.sum(), nanos.sum(), now);
    }

    /**
     * Counts at one moment. They only rise from one to the next.
     *
     * @param requests the failed ones too
     * @param bytes moved by those that did not fail
     * @param nanos that all of them took together
     * @param latency requests by class of {@link #boundsNanos}, one more than there are bounds
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Snapshot(long requests, long bytes, long errors, long nanos, long[] latency) {
        public static final Snapshot NONE = new Snapshot(0, 0, 0, 0, new long[BOUNDS_NANOS.length + 1]);

        /** Both together. */
        public Snapshot plus(Snapshot other) {
            long[] sum = latency.clone();
            Arrays.setAll(sum, i -> sum[i] + other.latency[i]);
            return new Snapshot(
                    requests + other.requests, bytes + other.bytes, errors + other.errors, nanos + other.nanos, sum);
        }
    }
}
