package io.rawcow.stream;

/** A rate that follows what was counted lately: an exponentially weighted mean over some seconds. Not thread-safe. */
final class RateMeter {
    private static final double MEMORY_SECONDS = 5;

    private boolean started;
    private long lastNanos;
    private long lastCount;
    private double perSecond;
    private double weight;

    /** @param count the whole so far, never less than before */
    void sample(long nanos, long count) {
        if (started && nanos <= lastNanos) {
            return; // what is new counts for the next moment
        }
        if (started) {
            double seconds = (nanos - lastNanos) / 1e9;
            double keep = Math.exp(-seconds / MEMORY_SECONDS);
            perSecond = perSecond * keep + (count - lastCount) / seconds * (1 - keep);
            weight = weight * keep + (1 - keep);
        }
        started = true;
        lastNanos = nanos;
        lastCount = count;
    }

    /** A second's worth; 0 before there is anything to tell. */
    double perSecond() {
        return weight == 0 ? 0 : perSecond / weight;
    }

    void reset() {
        started = false;
        perSecond = 0;
        weight = 0;
    }
}
