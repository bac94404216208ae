package io.rawcow.nbd.server;

import io.rawcow.nbd.NbdProtocolException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.nio.channels.ByteChannel;
import java.nio.channels.SocketChannel;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;

/** A connection from its first byte to its last. */
final class Client implements ExportClient, Runnable {
    private static final Logger LOG = System.getLogger(Client.class.getName());

    private final ServerContext server;
    private final SocketChannel socket;
    private final long id;
    private final Consumer<Client> gone;
    private final Instant connectedAt = Instant.now();
    private final StallTimer handshake = new StallTimer();
    /** Found out on the client's own thread: the name of a user can take long. */
    private volatile String address = "";

    private volatile boolean cut;
    private volatile @Nullable TlsUpgrade tls;
    private volatile @Nullable OfferedDevice device;
    private volatile @Nullable Session session;
    private volatile @Nullable Refusal refusal;

    /** @param gone called when the connection has ended and left its export */
    Client(ServerContext server, SocketChannel socket, long id, Consumer<Client> gone) {
        this.server = server;
        this.socket = socket;
        this.id = id;
        this.gone = gone;
    }

    private static String addressOf(SocketChannel socket) {
        try {
            if (socket.getRemoteAddress() instanceof InetSocketAddress remote) {
                return Uris.hostAndPort(remote);
            }
            return "unix user="
                    + socket.getOption(ExtendedSocketOptions.SO_PEERCRED).user().getName();
        } catch (IOException | UnsupportedOperationException e) {
            return "unix";
        }
    }

    @Override
    public void run() {
        handshake.start();
        address = addressOf(socket);
        server.watch().add(this);
        Worker first = null;
        try {
            Optional<Negotiated> end = new Handshake(server, this).run();
            handshake.stop();
            if (end.isPresent()) {
                var started = new Session(server, this, end.get());
                session = started;
                first = started.firstWorker();
                if (server.isStopping()) {
                    // Just too late: whoever stops the server may have been through the clients already.
                    drain();
                }
            }
        } catch (IOException | RuntimeException | Error e) {
            broken(e);
        } finally {
            if (first == null) {
                over();
            }
        }
        if (first != null) {
            // From here on the last worker ends the connection, which may be another one.
            first.run();
        }
    }

    long id() {
        return id;
    }

    SocketChannel socket() {
        return socket;
    }

    String address() {
        return address;
    }

    Instant connectedAt() {
        return connectedAt;
    }

    boolean isSecure() {
        return tls != null;
    }

    @Nullable
    String tlsSubject() {
        TlsUpgrade upgrade = tls;
        return upgrade == null ? null : upgrade.subject();
    }

    /** Speaks TLS from now on. */
    ByteChannel startTls(TlsSettings settings) throws IOException {
        TlsUpgrade upgrade = TlsUpgrade.of(socket, settings);
        tls = upgrade;
        return upgrade.channel();
    }

    /** Becomes one of the export's clients. */
    OfferedDevice.Admission enter(OfferedDevice wanted) {
        OfferedDevice.Admission admission = wanted.admit(this);
        if (admission == OfferedDevice.Admission.ADMITTED) {
            device = wanted;
            server.observer().connected(wanted.export().name(), isSecure());
        }
        return admission;
    }

    boolean isCut() {
        return cut;
    }

    @Override
    public ClientView view() {
        Session now = session;
        return now != null
                ? now.view(this)
                : new ClientView(id, address, isSecure(), tlsSubject(), connectedAt, 0, 0, 0, 0, 0);
    }

    @Override
    public void cut() {
        cut = true;
        closeSocket();
    }

    private void closeSocket() {
        try {
            socket.close();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "cannot close connection: client=" + id, e);
        }
    }

    /** Called by the watch. */
    void endIfOverdue() {
        Session now = session;
        if (handshake.isOver(server.settings().handshakeTimeout())) {
            refuse(Refusal.HANDSHAKE_TIMEOUT, "the handshake takes too long");
        } else if (now != null && now.isStalled()) {
            refuse(Refusal.STALLED, "it sends half a request, or does not take its answers");
        }
    }

    private void refuse(Refusal why, @Nullable String reason) {
        if (refusal == null) {
            refusal = why;
            server.troubles()
                    .warn(
                            "client cut off: %s: kind=%s client=%d address=%s"
                                    .formatted(reason, why.word(), id, address),
                            null);
            server.observer().refused(why.word());
        }
        cut();
    }

    /** Called by the watch. */
    boolean passLeadIfSlow(long now, long patienceNanos) {
        Session current = session;
        return current != null && current.lead().passIfSlow(now, patienceNanos);
    }

    /** Whether it has an export. */
    boolean isServed() {
        return session != null;
    }

    /** Lets the requests that were read be answered, and reads no more. */
    void drain() {
        try {
            socket.shutdownInput();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "connection ended: client=" + id, e);
        }
    }

    /** The connection cannot go on. */
    void broken(Throwable cause) {
        switch (cause) {
            case RefusedException refused -> refuse(refused.refusal(), refused.getMessage());
            case NbdProtocolException wrong -> refuse(Refusal.PROTOCOL, wrong.getMessage());
            case IOException gone -> LOG.log(Level.DEBUG, "connection ended: client=" + id, gone);
            default -> server.troubles().warn("connection ended by a bug: client=" + id, cause);
        }
        cut();
    }

    /** Nothing of this connection is under way any more. */
    void over() {
        Session last = session;
        try {
            if (last != null && !cut) {
                last.closeProperly();
            }
        } catch (IOException | RuntimeException e) {
            LOG.log(Level.DEBUG, "connection ended: client=" + id, e);
        } finally {
            closeSocket();
            leave(last);
        }
    }

    private void leave(@Nullable Session last) {
        server.watch().remove(this);
        OfferedDevice left = device;
        try {
            if (last != null) {
                last.release();
            }
        } finally {
            if (left != null) {
                // Told first: once the last client has left, the export can be another one of the same name.
                server.observer().disconnected(left.export().name(), isSecure());
                left.left(this);
            }
            gone.accept(this);
        }
    }
}
