package io.rawcow.nbd.server;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;

/** Serves exports at its endpoints until it is closed. Safe from many threads. */
public final class NbdServer implements ExportHost {
    private static final Logger LOG = System.getLogger(NbdServer.class.getName());

    /** How often to look whether requests in flight are answered. */
    private static final Duration LOOK_EVERY = Duration.ofMillis(5);

    private static final long LEAVE_NANOS = 200_000_000;

    private final ServerContext context;
    private final List<Listener> listeners = new ArrayList<>();
    private final Set<Client> clients = ConcurrentHashMap.newKeySet();
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicLong lastId = new AtomicLong();

    private NbdServer(NbdSettings settings, @Nullable TlsSettings tls, ServerObserver observer) {
        var buffers = new LargeBuffers(settings.bufferBytes());
        var troubles = new TroubleLog();
        this.context = new ServerContext(
                settings,
                tls,
                new GuardedObserver(observer, troubles),
                new Exports(),
                buffers,
                new Watch(settings, buffers, troubles),
                troubles,
                new TroubleLog(),
                new AtomicBoolean());
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
        context.watch().start();
        listeners.forEach(listener -> listener.serve(this::connected));
        sayWhere();
    }

    private void sayWhere() {
        LOG.log(
                Level.INFO,
                "NBD server listens: endpoints={0} tls={1} connections={2}",
                endpoints(),
                context.tls() != null,
                context.settings().connections());
    }

    @Override
    public OfferedExport offer(Export export) {
        return context.exports().offer(export);
    }

    @Override
    public List<Endpoint> endpoints() {
        return listeners.stream().map(Listener::endpoint).toList();
    }

    private void connected(SocketChannel socket) throws IOException {
        boolean taken = connections.incrementAndGet() <= context.settings().connections();
        boolean serving = false;
        try {
            if (!taken) {
                context.observer().refused(Refusal.CONNECTIONS.word());
                context.troubles()
                        .warn(
                                "client turned away: too many connections: connections="
                                        + context.settings().connections(),
                                null);
                return;
            }
            if (socket.getLocalAddress() instanceof InetSocketAddress) {
                // Answers are written whole. A client whose host died must not hold an export for ever.
                socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
                socket.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
                socket.setOption(ExtendedSocketOptions.TCP_KEEPIDLE, 30);
                socket.setOption(ExtendedSocketOptions.TCP_KEEPINTERVAL, 10);
                socket.setOption(ExtendedSocketOptions.TCP_KEEPCOUNT, 6);
            }
            var client = new Client(context, socket, lastId.incrementAndGet(), this::gone);
            serving = start(client);
            if (context.isStopping()) {
                // Just too late: whoever closes may have been through the clients already.
                client.cut();
            }
        } finally {
            if (!serving) {
                connections.decrementAndGet();
                socket.close();
            }
        }
    }

    private boolean start(Client client) {
        clients.add(client);
        boolean started = false;
        try {
            Thread.ofPlatform().name("nbd-" + client.id()).daemon().start(client);
            started = true;
            return true;
        } finally {
            if (!started) {
                clients.remove(client);
            }
        }
    }

    private void gone(Client client) {
        clients.remove(client);
        connections.decrementAndGet();
    }

    /**
     * Takes no more clients and no more requests, lets those in flight be answered for a while, and ends all
     * connections.
     */
    @Override
    public void close() {
        for (Listener listener : listeners) {
            try {
                listener.close();
            } catch (IOException e) {
                LOG.log(Level.WARNING, "cannot close listener: {0}: {1}", e.getMessage(), listener.endpoint());
            }
        }
        context.stopping().set(true);
        long deadline = System.nanoTime() + context.settings().closePatience().toNanos();
        clients.stream().filter(Client::isServed).forEach(Client::drain);
        awaitUntil(() -> clients.stream().noneMatch(Client::isServed), deadline);
        clients.forEach(Client::cut);
        // Those who were cut off need a moment to leave, whatever the others took.
        if (!awaitUntil(clients::isEmpty, Math.max(deadline, System.nanoTime() + LEAVE_NANOS))) {
            LOG.log(Level.WARNING, "requests are stuck in a device: clients={0}", clients.size());
        }
        context.watch().close();
        context.buffers().close();
    }

    private static boolean awaitUntil(BooleanSupplier done, long deadline) {
        while (!done.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0 || Thread.currentThread().isInterrupted()) {
                return false;
            }
            LockSupport.parkNanos(LOOK_EVERY.toNanos());
        }
        return true;
    }
}
