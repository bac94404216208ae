package io.rawcow.catalog;

import io.rawcow.nbd.server.ClientView;
import io.rawcow.nbd.server.Endpoint;
import io.rawcow.nbd.server.Export;
import io.rawcow.nbd.server.ExportHost;
import io.rawcow.nbd.server.OfferedExport;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;

/** An NBD server without a network: the test says who is connected. */
final class FakeExportHost implements ExportHost {
    private final Map<String, Offered> offered = new ConcurrentSkipListMap<>();
    private final List<String> told = new ArrayList<>();

    /** An export, and clients that a test lets come and go. */
    final class Offered implements OfferedExport {
        private final Export export;
        private int clients;
        private boolean hidden;
        private boolean hangs;

        private Offered(Export export) {
            this.export = export;
        }

        synchronized void connect() {
            CatalogRig.require(!hidden, "a client finds a hidden export");
            clients++;
        }

        synchronized void disconnect() {
            clients--;
            if (clients == 0 && hidden) {
                offered.remove(export.name(), this);
            }
        }

        /** One of its requests does not come back. */
        synchronized void hang() {
            hangs = true;
        }

        synchronized void wake() {
            hangs = false;
        }

        @Override
        public Export export() {
            return export;
        }

        @Override
        public synchronized List<ClientView> clients() {
            var views = new ArrayList<ClientView>();
            for (int id = 1; id <= clients; id++) {
                views.add(new ClientView(id, "127.0.0.1:" + id, false, null, Instant.EPOCH, 0, 0, 0, 0, 0));
            }
            return views;
        }

        @Override
        public synchronized boolean withdrawIfUnused() {
            if (clients > 0) {
                return false;
            }
            hidden = true;
            offered.remove(export.name(), this);
            return true;
        }

        @Override
        public synchronized void hide() {
            hidden = true;
            if (clients == 0) {
                offered.remove(export.name(), this);
            }
        }

        @Override
        public synchronized boolean drop(Duration patience) {
            hidden = true;
            if (!hangs) {
                clients = 0;
            }
            offered.remove(export.name(), this);
            return !hangs;
        }
    }

    /** The export of this name, if clients find it. */
    Offered find(String name) {
        Offered found = offered.get(name);
        CatalogRig.require(found != null && !found.hidden, "nothing is offered as " + name);
        return found;
    }

    List<String> names() {
        return List.copyOf(offered.keySet());
    }

    /** What happened as a whole, and the exports at that time. */
    List<String> told() {
        return List.copyOf(told);
    }

    @Override
    public OfferedExport offer(Export export) {
        var next = new Offered(export);
        if (offered.putIfAbsent(export.name(), next) != null) {
            throw new IllegalStateException("the name is taken: " + export.name());
        }
        return next;
    }

    @Override
    public List<Endpoint> endpoints() {
        return List.of(new Endpoint.Tcp(new InetSocketAddress(InetAddress.getLoopbackAddress(), 10809), false));
    }

    @Override
    public void serve() {
        told.add("serves " + names());
    }

    @Override
    public void close() {
        told.add("closed");
    }
}
