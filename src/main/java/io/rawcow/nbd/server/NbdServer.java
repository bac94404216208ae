package io.rawcow.nbd.server;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Serves exports at its endpoints until it is closed. Safe from many threads. */
public final class NbdServer implements ExportHost, AutoCloseable {
    private static final Logger LOG = System.getLogger(NbdServer.class.getName());

    private final NbdSettings settings;
    private final @Nullable TlsSettings tls;
    private final ServerObserver observer;
    private final Exports exports = new Exports();
    private final List<Listener> listeners = new ArrayList<>();

    private NbdServer(NbdSettings settings, @Nullable TlsSettings tls, ServerObserver observer) {
        this.settings = settings;
        this.tls = tls;
        this.observer = observer;
    }

    /** As {@link #listen}, and lets clients in. */
    public static NbdServer start(
            NbdSettings settings, List<Endpoint> endpoints, @Nullable TlsSettings tls, ServerObserver observer)
            throws IOException {
        NbdServer server = listen(settings, endpoints, tls, observer);
        server.serve();
        return server;
    }

    /**
     * Listens at every endpoint: clients that connect wait for {@link #serve}.
     *
     * @param endpoints port 0 finds a free port
     * @param tls null to refuse TLS
     * @throws IOException if one endpoint cannot be had: then none is
     */
    public static NbdServer listen(
            NbdSettings settings, List<Endpoint> endpoints, @Nullable TlsSettings tls, ServerObserver observer)
            throws IOException {
        var server = new NbdServer(settings, tls, observer);
        boolean started = false;
        try {
            for (Endpoint endpoint : endpoints) {
                server.listeners.add(Listener.open(endpoint, settings));
            }
            started = true;
            return server;
        } finally {
            if (!started) {
                server.close();
            }
        }
    }

    @Override
    public void serve() {
        listeners.forEach(listener -> listener.serve(this::connected));
        sayWhere();
    }

    private void sayWhere() {
        LOG.log(
                Level.INFO,
                "NBD server listens: endpoints={0} tls={1} connections={2}",
                endpoints(),
                tls != null,
                settings.connections());
    }

    @Override
    public OfferedExport offer(Export export) {
        return exports.offer(export);
    }

    @Override
    public List<Endpoint> endpoints() {
        return listeners.stream().map(Listener::endpoint).toList();
    }

    private void connected(SocketChannel client) {
        try {
            observer.refused("stopping");
            client.close();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "cannot close connection", e);
        }
    }

    /** Takes no more clients, lets requests in flight be answered for a while, and ends all connections. */
    @Override
    public void close() {
        for (Listener listener : listeners) {
            try {
                listener.close();
            } catch (IOException e) {
                LOG.log(Level.WARNING, "cannot close listener: {0}: {1}", e.getMessage(), listener.endpoint());
            }
        }
    }
}
