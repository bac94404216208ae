package io.rawcow.metrics;

import io.rawcow.block.RequestCounts;
import io.rawcow.catalog.ExportNow;
import io.rawcow.catalog.ExportTraffic;
import io.rawcow.nbd.NbdCommand;
import io.rawcow.nbd.NbdError;
import java.util.EnumSet;
import java.util.Set;

/** What NBD clients ask of an export. Commands and errors have series once they were seen. */
final class NbdMetrics {
    /** Those whose time says something about disks. */
    private static final Set<NbdCommand> TIMED =
            EnumSet.of(NbdCommand.READ, NbdCommand.WRITE, NbdCommand.FLUSH, NbdCommand.TRIM, NbdCommand.WRITE_ZEROES);

    private NbdMetrics() {}

    static void add(Samples samples, ExportNow export) {
        ExportTraffic traffic = export.traffic();
        for (boolean tls : new boolean[] {false, true}) {
            samples.gauge(
                    Metric.NBD_CONNECTIONS,
                    traffic.connections(tls),
                    export.name(),
                    export.image(),
                    String.valueOf(tls));
        }
        samples.gauge(Metric.NBD_INFLIGHT, export.inFlight(), export.name(), export.image());
        for (NbdCommand command : NbdCommand.values()) {
            RequestCounts.Snapshot requests = traffic.requests(command);
            if (requests.requests() > 0) {
                addCommand(samples, export, command, requests);
            }
        }
        addBytes(samples, export, NbdCommand.READ, "read");
        addBytes(samples, export, NbdCommand.WRITE, "written");
    }

    private static void addCommand(
            Samples samples, ExportNow export, NbdCommand command, RequestCounts.Snapshot requests) {
        String cmd = Samples.word(command);
        ExportTraffic traffic = export.traffic();
        samples.counter(Metric.NBD_REQUESTS, traffic.done(command), export.name(), export.image(), cmd, "ok");
        for (NbdError error : NbdError.values()) {
            long failed = traffic.errors(command, error);
            if (failed > 0) {
                samples.counter(Metric.NBD_REQUESTS, failed, export.name(), export.image(), cmd, Samples.word(error));
            }
        }
        if (TIMED.contains(command)) {
            samples.histogram(Metric.NBD_DURATION, requests, export.name(), export.image(), cmd);
        }
    }

    private static void addBytes(Samples samples, ExportNow export, NbdCommand command, String direction) {
        long bytes = export.traffic().requests(command).bytes();
        samples.counter(Metric.NBD_BYTES, bytes, export.name(), export.image(), direction);
    }
}
