package io.rawcow.security;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Token buckets by key. Of each only the moment is kept at which it would be full again; the least recently used are
 * forgotten beyond a number, so memory is bounded whoever calls. Safe from many threads.
 */
final class Buckets {
    private static final int MAX_KEYS = 4096;
    private static final long NANOS_PER_SECOND = 1_000_000_000;

    private final long intervalNanos;
    private final long burstNanos;
    private final LongSupplier nanoClock;
    private final Map<String, Long> fullAt = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
            return size() > MAX_KEYS;
        }
    };

    /**
     * @param perSecond how many come in again each second
     * @param burst how many a full bucket has
     */
    Buckets(int perSecond, int burst, LongSupplier nanoClock) {
        this.intervalNanos = NANOS_PER_SECOND / perSecond;
        this.burstNanos = intervalNanos * burst;
        this.nanoClock = nanoClock;
    }

    /** Takes one. @return zero, or when to come again if there was none */
    synchronized Duration take(String key) {
        long now = nanoClock.getAsLong();
        Long full = fullAt.get(key);
        long next = (full == null || full - now < 0 ? now : full) + intervalNanos;
        long tooEarly = next - now - burstNanos;
        if (tooEarly > 0) {
            return Duration.ofNanos(tooEarly);
        }
        fullAt.put(key, next);
        return Duration.ZERO;
    }

    synchronized int keys() {
        return fullAt.size();
    }
}
