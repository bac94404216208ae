package io.rawcow.nbd.suite;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.block.BlockDevice;
import io.rawcow.nbd.server.Endpoint;
import io.rawcow.nbd.server.Export;
import io.rawcow.nbd.server.NbdServer;
import io.rawcow.nbd.server.NbdSettings;
import io.rawcow.nbd.server.OfferedExport;
import io.rawcow.nbd.server.TlsSettings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.awaitility.Awaitility;
import org.awaitility.core.ThrowingRunnable;

/** A server to be told things, with the export {@code disk} for a start. */
final class Rig implements AutoCloseable {
    static final String DISK = "disk";
    static final long SIZE = (1 << 20) + 513;

    /** Patient with clients, as far as a test is concerned; who tests a limit sets it. */
    private static final Limits PATIENT =
            new Limits(Duration.ofMinutes(5), Duration.ofMinutes(5), 1000, 1000, 8, 256L << 20);

    /** What tests change of a server's settings. */
    record Limits(Duration handshake, Duration stall, int options, int connections, int workers, long bufferBytes) {
        Limits handshake(Duration next) {
            return new Limits(next, stall, options, connections, workers, bufferBytes);
        }

        Limits stall(Duration next) {
            return new Limits(handshake, next, options, connections, workers, bufferBytes);
        }

        Limits options(int next) {
            return new Limits(handshake, stall, next, connections, workers, bufferBytes);
        }

        Limits connections(int next) {
            return new Limits(handshake, stall, options, next, workers, bufferBytes);
        }

        Limits bufferBytes(long next) {
            return new Limits(handshake, stall, options, connections, workers, next);
        }

        private NbdSettings settings() {
            var base = NbdSettings.DEFAULT;
            return new NbdSettings(
                    handshake,
                    options,
                    connections,
                    workers,
                    bufferBytes,
                    stall,
                    Duration.ofMillis(500),
                    base.socketMode());
        }
    }

    private final NbdServer server;
    private final MemoryDevice device;
    private final OfferedExport disk;
    private final List<OfferedExport> offered = new ArrayList<>();
    private final Refusals refusals;

    private Rig(NbdServer server, MemoryDevice device, Refusals refusals) {
        this.server = server;
        this.device = device;
        this.refusals = refusals;
        this.disk = offer(DISK, device);
    }

    static Rig start() throws IOException {
        return start(UnaryOperator.identity());
    }

    static Rig start(UnaryOperator<Limits> change) throws IOException {
        return start(change, null, standardDevice());
    }

    static Rig start(MemoryDevice device) throws IOException {
        return start(UnaryOperator.identity(), null, device);
    }

    static Rig start(UnaryOperator<Limits> change, TlsSettings tls, MemoryDevice device) throws IOException {
        var refusals = new Refusals();
        var loopback = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        var endpoint = new Endpoint.Tcp(loopback, tls != null && tls.required());
        var settings = change.apply(PATIENT).settings();
        return new Rig(NbdServer.start(settings, List.of(endpoint), tls, refusals), device, refusals);
    }

    /** Of an odd size, with data at the beginning, a hole, and data to the very end. */
    static MemoryDevice standardDevice() {
        return new MemoryDevice(SIZE).filled(0, 64 << 10).filled(SIZE - 10_000, 10_000);
    }

    MemoryDevice device() {
        return device;
    }

    OfferedExport disk() {
        return disk;
    }

    NbdServer server() {
        return server;
    }

    Refusals refusals() {
        return refusals;
    }

    OfferedExport offer(String name, MemoryDevice what) {
        return offer(exportOf(name, what));
    }

    OfferedExport offerReadOnly(String name, MemoryDevice what) {
        var plain = exportOf(name, what);
        return offer(new Export(name, "", what, true, plain.maxConnections(), plain.contexts()));
    }

    OfferedExport offer(Export export) {
        OfferedExport result = server.offer(export);
        offered.add(result);
        return result;
    }

    static Export exportOf(String name, MemoryDevice what) {
        var contexts = List.of(Contexts.allocation(what), Contexts.stripes());
        return new Export(name, "the export " + name, what, false, 100, contexts);
    }

    static Export limited(String name, BlockDevice what, int connections) {
        return new Export(name, "", what, false, connections, List.of());
    }

    InetSocketAddress address() {
        return ((Endpoint.Tcp) server.endpoints().getFirst()).address();
    }

    RawNbd connect() throws IOException {
        return RawNbd.connect(address());
    }

    /** A connection that has greeted. */
    RawNbd greeted() throws IOException {
        return connect().greet();
    }

    /** A connection that is ready for requests to an export. */
    Transmission open(Mode mode, String export) throws IOException {
        RawNbd nbd = greeted().negotiate(mode);
        if (mode != Mode.SIMPLE) {
            nbd.setMeta(export, Contexts.ALLOCATION);
        }
        return nbd.go(export);
    }

    Transmission open(Mode mode) throws IOException {
        return open(mode, DISK);
    }

    /** A new client is served as if nothing had happened. */
    void assertServes() throws Exception {
        try (var client = open(Mode.STRUCTURED)) {
            assertThat(client.read(SIZE - 1, 1)).isEqualTo(device.peek(SIZE - 1, 1));
            client.disconnect();
        }
    }

    /** Nobody is connected any more, in a while. */
    void assertDeserted() {
        if (offered.stream().allMatch(export -> export.clients().isEmpty())) {
            return; // without the pause of a first poll
        }
        eventually(() -> assertThat(offered)
                .allSatisfy(export -> assertThat(export.clients()).isEmpty()));
    }

    static void eventually(ThrowingRunnable assertion) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(2))
                .untilAsserted(assertion);
    }

    /** Ends, and looks whether anything was done to the devices that may not be. */
    @Override
    public void close() {
        server.close();
        assertThat(device.misuse()).as("misuse of the device").isEmpty();
    }
}
