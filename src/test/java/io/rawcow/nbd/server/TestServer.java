package io.rawcow.nbd.server;

import io.rawcow.nbd.ReplyStyle;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A server on a free port with one export, {@code disk}, in memory. */
final class TestServer implements AutoCloseable {
    static final int SIZE = 8 << 20;

    final MemoryDevice device;
    final List<String> refusals = new CopyOnWriteArrayList<>();
    final NbdServer server;
    final OfferedExport offered;

    TestServer() throws IOException {
        this(settings());
    }

    TestServer(NbdSettings settings) throws IOException {
        this(settings, null, SIZE);
    }

    TestServer(NbdSettings settings, TlsSettings tls, int size) throws IOException {
        device = new MemoryDevice(size);
        var loopback = new Endpoint.Tcp(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), false);
        server = NbdServer.start(settings, List.of(loopback), tls, new ServerObserver() {
            @Override
            public void refused(String kind) {
                refusals.add(kind);
                throw new IllegalStateException("an observer's bug, which is no client's business");
            }
        });
        offered = server.offer(export("disk", false));
    }

    /** Like the defaults, but nobody waits for long. */
    static NbdSettings settings() {
        return with(NbdSettings.DEFAULT.bufferBytes(), Duration.ofSeconds(30));
    }

    static NbdSettings with(long bufferBytes, Duration patience) {
        NbdSettings usual = NbdSettings.DEFAULT;
        return new NbdSettings(
                patience,
                usual.handshakeOptions(),
                usual.connections(),
                usual.workersPerConnection(),
                bufferBytes,
                patience,
                Duration.ofSeconds(5),
                usual.socketMode());
    }

    Export export(String name, boolean readOnly) {
        return new Export(name, "a test", device, readOnly, 3, List.of(new AllocationContext(device)));
    }

    Endpoint endpoint() {
        return server.endpoints().getFirst();
    }

    TestClient open(ReplyStyle style) throws IOException {
        return TestClient.open(endpoint(), "disk", style);
    }

    @Override
    public void close() {
        server.close();
    }
}
