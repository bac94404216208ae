package io.rawcow.metrics;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.ConcurrentSkipListMap;

/** When the certificates of listeners run out. Every listener that has one is to be added. Safe from many threads. */
public final class TlsCertificates implements MetricSource, AutoCloseable {

    /** Looks for the certificates that are in force. */
    public interface Lookup {
        /** When the first one of them runs out. */
        Instant expiry() throws IOException;
    }

    private static final Duration PERIOD = Duration.ofMinutes(1);

    private final Map<String, Sampled> listeners = new ConcurrentSkipListMap<>();

    /**
     * From now on there is such a listener.
     *
     * @param listener as {@code nbd} or {@code rest}
     * @param lookup called every minute, on a thread of its own
     */
    public void add(String listener, Lookup lookup) {
        listeners.computeIfAbsent(listener, _ -> new Sampled(PERIOD, () -> expiry(lookup)));
    }

    private static OptionalDouble expiry(Lookup lookup) {
        try {
            return OptionalDouble.of((double) lookup.expiry().getEpochSecond());
        } catch (IOException e) {
            // Whoever reads the files for clients has told.
            return OptionalDouble.empty();
        }
    }

    @Override
    public void addTo(Samples samples) {
        listeners.forEach((listener, expiry) ->
                expiry.latest().ifPresent(value -> samples.gauge(Metric.CERTIFICATE_EXPIRY, value, listener)));
    }

    @Override
    public void close() {
        listeners.values().forEach(Sampled::close);
    }
}
