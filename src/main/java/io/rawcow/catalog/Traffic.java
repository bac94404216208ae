package io.rawcow.catalog;

import io.rawcow.nbd.NbdCommand;
import io.rawcow.nbd.server.ServerObserver;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts what clients ask of exports. Only of exports that are tracked: what comes late for one that is gone counts
 * nowhere. Safe from many threads.
 */
public final class Traffic implements ServerObserver {
    private final Map<String, ExportTraffic> exports = new ConcurrentHashMap<>();
    private final Map<String, LongAdder> refusals = new ConcurrentHashMap<>();

    void track(String export, ExportTraffic counts) {
        exports.put(export, counts);
    }

    /** @param counts of the export that is gone: one that came after it stays */
    void forget(String export, ExportTraffic counts) {
        exports.remove(export, counts);
    }

    /** Empty for an export that is not there. */
    public Optional<ExportTraffic> of(String export) {
        return Optional.ofNullable(exports.get(export));
    }

    /** Clients that were cut off or turned away, by the server's word for the reason. */
    public Map<String, Long> refusals() {
        var now = new TreeMap<String, Long>();
        refusals.forEach((kind, count) -> now.put(kind, count.sum()));
        return now;
    }

    @Override
    public void connected(String export, boolean tls) {
        of(export).ifPresent(traffic -> traffic.connected(tls, 1));
    }

    @Override
    public void disconnected(String export, boolean tls) {
        of(export).ifPresent(traffic -> traffic.connected(tls, -1));
    }

    @Override
    public void answered(String export, NbdCommand command, long bytes, long nanos, int error) {
        ExportTraffic traffic = exports.get(export);
        if (traffic != null) {
            traffic.answered(command, bytes, nanos, error);
        }
    }

    @Override
    public void holeRead(String export, long bytes) {
        of(export).ifPresent(traffic -> traffic.holeRead(bytes));
    }

    @Override
    public void refused(String kind) {
        refusals.computeIfAbsent(kind, _ -> new LongAdder()).increment();
    }
}
