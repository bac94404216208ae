package io.rawcow.nbd.server;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Waits for clients at one endpoint. */
final class Listener implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Listener.class.getName());
    private static final int BACKLOG = 128;

    /** How long to wait when no client can be taken: out of descriptors, mostly. */
    private static final Duration BREATHER = Duration.ofMillis(100);

    private final TroubleLog troubles = new TroubleLog();
    private final ServerSocketChannel socket;
    private final @Nullable UnixSocketFile file;
    private final Endpoint endpoint;

    private Listener(ServerSocketChannel socket, @Nullable UnixSocketFile file, Endpoint endpoint) {
        this.socket = socket;
        this.file = file;
        this.endpoint = endpoint;
    }

    /** Listens from now on: clients that come are served once {@link #serve} runs. */
    static Listener open(Endpoint wanted, NbdSettings settings) throws IOException {
        return switch (wanted) {
            case Endpoint.Tcp tcp -> tcp(tcp);
            case Endpoint.Unix unix -> {
                UnixSocketFile file = UnixSocketFile.listen(unix.path(), settings.socketMode(), BACKLOG);
                yield new Listener(file.socket(), file, unix);
            }
        };
    }

    private static Listener tcp(Endpoint.Tcp wanted) throws IOException {
        ServerSocketChannel socket = ServerSocketChannel.open();
        boolean listening = false;
        try {
            // A restart must find its address free although old connections linger.
            socket.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            socket.bind(wanted.address(), BACKLOG);
            var listener = new Listener(socket, null, wanted.at((InetSocketAddress) socket.getLocalAddress()));
            listening = true;
            return listener;
        } catch (IOException e) {
            throw new IOException("cannot listen: %s: address=%s".formatted(e.getMessage(), wanted.address()), e);
        } finally {
            if (!listening) {
                socket.close();
            }
        }
    }

    /** Where clients connect: with the port that was found for port 0. */
    Endpoint endpoint() {
        return endpoint;
    }

    /** Takes a connection over, or closes it. */
    @FunctionalInterface
    interface Clients {
        void accept(SocketChannel client) throws IOException;
    }

    /** Hands every client to {@code clients}, on a thread of its own, until closed. */
    void serve(Clients clients) {
        Thread.ofPlatform().name("nbd-accept").daemon().start(() -> {
            while (socket.isOpen()) {
                try {
                    clients.accept(socket.accept());
                } catch (ClosedChannelException e) {
                    LOG.log(Level.DEBUG, "no more clients: endpoint={0}", endpoint);
                } catch (IOException | RuntimeException | OutOfMemoryError e) {
                    troubles.warn("cannot take a client: %s: endpoint=%s".formatted(e.getMessage(), endpoint), null);
                    breathe();
                }
            }
        });
    }

    private static void breathe() {
        try {
            Thread.sleep(BREATHER);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() throws IOException {
        try (socket) {
            if (file != null) {
                file.removeIfOurs();
            }
        }
    }
}
