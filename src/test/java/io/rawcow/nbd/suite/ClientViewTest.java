package io.rawcow.nbd.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rawcow.nbd.server.ClientView;
import io.rawcow.nbd.server.Endpoint;
import io.rawcow.nbd.server.NbdServer;
import io.rawcow.nbd.server.NbdSettings;
import io.rawcow.nbd.suite.MemoryDevice.Kind;
import io.rawcow.nbd.suite.Proto.Opt;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where clients can connect, and what is told of those who have. */
class ClientViewTest {
    @Test
    void countersSayWhatWasDone() throws Exception {
        try (var rig = Rig.start()) {
            var since = Instant.now();
            try (var client = rig.open(Mode.STRUCTURED);
                    var other = rig.open(Mode.SIMPLE)) {
                client.read(0, 1000);
                client.read(Rig.SIZE / 2, 24);
                client.must(Request.write(0, new byte[300]));
                client.call(Request.read(Rig.SIZE, 1));
                client.call(Request.of(99, 0, 0));
                client.must(Request.flush());
                Rig.eventually(() -> assertThat(rig.disk().clients()).first().satisfies(view -> {
                    assertThat(view.requests()).isEqualTo(6);
                    assertThat(view.bytesRead()).isEqualTo(1024);
                    assertThat(view.bytesWritten()).isEqualTo(300);
                    assertThat(view.errors()).isEqualTo(2);
                    assertThat(view.inFlight()).isZero();
                    assertThat(view.connectedAt()).isBetween(since, Instant.now());
                    assertThat(view.address()).startsWith("127.0.0.1:");
                    assertThat(view.tls()).isFalse();
                }));
                assertThat(rig.disk().clients())
                        .hasSize(2)
                        .extracting(ClientView::id)
                        .doesNotHaveDuplicates();
                assertThat(rig.disk().clients().getLast().requests()).isZero();
                assertThat(rig.refusals().connectedNow()).isEqualTo(2);
                other.disconnect();
            }
            rig.assertDeserted();
            Rig.eventually(() -> assertThat(rig.refusals().connectedNow()).isZero());
        }
    }

    @Test
    void whatIsInFlightIsCounted() throws Exception {
        try (var rig = Rig.start();
                var gate = rig.device().hang(call -> call.kind() == Kind.READ);
                var client = rig.open(Mode.SIMPLE)) {
            long first = client.send(Request.read(0, 1));
            long second = client.send(Request.read(0, 2));
            gate.awaitCaller();
            Rig.eventually(() -> assertThat(rig.disk().clients())
                    .singleElement()
                    .extracting(ClientView::inFlight)
                    .isEqualTo(2));
            gate.release();
            client.await(first);
            client.await(second);
            Rig.eventually(() -> assertThat(rig.disk().clients())
                    .singleElement()
                    .extracting(ClientView::inFlight)
                    .isEqualTo(0));
        }
    }

    @Test
    void severalEndpointsServeTheSameExports(@TempDir Path folder) throws Exception {
        var loopback = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        var path = folder.resolve("nbd.sock");
        List<Endpoint> endpoints = List.of(
                new Endpoint.Tcp(loopback, false), new Endpoint.Unix(path, false), new Endpoint.Tcp(loopback, false));
        var device = new MemoryDevice(4096).filled(0, 4096);
        try (var server = NbdServer.start(NbdSettings.DEFAULT, endpoints, null, new Refusals())) {
            assertThat(server.endpoints()).hasSize(3);
            assertThat(Files.getPosixFilePermissions(path))
                    .isEqualTo(NbdSettings.DEFAULT.socketMode())
                    .isEqualTo(PosixFilePermissions.fromString("rw-rw----"));
            var export = server.offer(Rig.exportOf(Rig.DISK, device));
            for (Mode mode : Mode.values()) {
                try (var client = RawNbd.connect(path).greet().negotiate(mode).go(Rig.DISK)) {
                    assertThat(client.read(1, 99)).isEqualTo(MemoryDevice.pattern(1, 99));
                    assertThat(export.clients()).anyMatch(view -> view.address().startsWith("unix"));
                    client.disconnect();
                }
            }
            for (Endpoint endpoint :
                    List.of(server.endpoints().getFirst(), server.endpoints().getLast())) {
                var address = ((Endpoint.Tcp) endpoint).address();
                assertThat(address.getPort()).isPositive();
                try (var client = RawNbd.connect(address).greet().go(Rig.DISK)) {
                    assertThat(client.read(0, 1)).hasSize(1);
                }
            }
            Rig.eventually(() -> assertThat(export.clients()).isEmpty());
        }
        assertThat(path).doesNotExist();
        assertThat(device.misuse()).isEmpty();
    }

    @Test
    void oneEndpointThatCannotBeHadLeavesNoneBehind(@TempDir Path folder) throws Exception {
        var path = folder.resolve("nbd.sock");
        try (var rig = Rig.start()) {
            List<Endpoint> endpoints = List.of(new Endpoint.Unix(path, false), new Endpoint.Tcp(rig.address(), false));
            assertThatThrownBy(() -> NbdServer.start(NbdSettings.DEFAULT, endpoints, null, new Refusals()))
                    .isInstanceOf(IOException.class);
            assertThat(path).doesNotExist();
            rig.assertServes();
        }
    }

    @Test
    void aClientThatOnlyNegotiatesIsNobodys() throws Exception {
        try (var rig = Rig.start();
                var nbd = rig.greeted().structured()) {
            nbd.setMeta(Rig.DISK, Contexts.ALLOCATION);
            nbd.info(Opt.INFO, Rig.DISK);
            assertThat(rig.disk().clients()).isEmpty();
            assertThat(rig.refusals().connectedNow()).isZero();
        }
    }
}
