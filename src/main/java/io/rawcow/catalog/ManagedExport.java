package io.rawcow.catalog;

import io.rawcow.image.LiveImage;
import io.rawcow.nbd.server.ClientView;
import io.rawcow.nbd.server.Endpoint;
import io.rawcow.nbd.server.Export;
import io.rawcow.nbd.server.ExportHost;
import io.rawcow.nbd.server.OfferedExport;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An export of the catalog, offered or not. Changed only by whoever holds its image's name; looked at by anybody. */
final class ManagedExport {
    private final ExportRecord record;
    private final ExportHost host;
    private final ExportTraffic traffic = new ExportTraffic();
    private volatile @Nullable OfferedExport offered;
    private volatile boolean hidden;
    private volatile boolean recorded;

    ManagedExport(ExportRecord record, ExportHost host) {
        this.record = record;
        this.host = host;
    }

    String name() {
        return record.name();
    }

    ExportRecord record() {
        return record;
    }

    /** Whether the catalog on disk is known to have it; not after a removal that failed half-way. */
    boolean isRecorded() {
        return recorded;
    }

    void recorded(boolean is) {
        recorded = is;
    }

    /** What its clients have asked for. */
    ExportTraffic traffic() {
        return traffic;
    }

    void offer(LiveImage image) {
        traffic.serves(image.activity());
        offered = host.offer(new Export(
                record.name(),
                record.description(),
                image,
                record.readOnly(),
                record.maxConnections(),
                ImageContexts.of(image)));
    }

    ExportState state() {
        if (hidden) {
            return ExportState.HIDDEN;
        }
        return offered == null ? ExportState.UNAVAILABLE : ExportState.OFFERED;
    }

    List<ClientView> clients() {
        OfferedExport now = offered;
        return now == null ? List.of() : now.clients();
    }

    /** No new clients from now on. */
    void hide() {
        hidden = true;
        OfferedExport now = offered;
        if (now != null) {
            now.hide();
        }
    }

    /** Whether nobody uses it; then nobody can from now on. */
    boolean withdraw() {
        OfferedExport now = offered;
        if (now != null && !now.withdrawIfUnused()) {
            return false;
        }
        offered = null;
        return true;
    }

    /** Whether its clients are cut off, and the image is left alone. */
    boolean drop(Duration patience) throws InterruptedException {
        OfferedExport now = offered;
        if (now != null && !now.drop(patience)) {
            return false;
        }
        offered = null;
        return true;
    }

    /** Whether it was hidden and its last client has left. */
    boolean isGone() {
        return hidden && withdraw();
    }

    ExportNow now() {
        int inFlight = clients().stream().mapToInt(ClientView::inFlight).sum();
        return new ExportNow(name(), record.image(), traffic, inFlight);
    }

    ExportView view() {
        List<String> uris = hidden
                ? List.of()
                : host.endpoints().stream()
                        .map((Endpoint endpoint) -> endpoint.uri(name()))
                        .toList();
        return new ExportView(
                name(),
                record.image(),
                record.readOnly(),
                record.description(),
                record.maxConnections(),
                state(),
                uris,
                clients(),
                record.createdAt());
    }
}
