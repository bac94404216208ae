package io.rawcow.nbd.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rawcow.nbd.server.OfferedExport;
import io.rawcow.nbd.suite.MemoryDevice.Kind;
import io.rawcow.nbd.suite.Proto.Opt;
import io.rawcow.nbd.suite.Proto.Rep;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** An export is taken away, with nobody there, with clients, and with clients that are just coming. */
class RemovalTest {
    private static final Duration LONG = Duration.ofSeconds(30);

    private Rig rig;
    private MemoryDevice device;
    private OfferedExport export;

    @BeforeEach
    void start() throws IOException {
        rig = Rig.start();
        device = new MemoryDevice(1 << 20).filled(0, 1 << 20);
        export = rig.offer("gone", device);
    }

    @AfterEach
    void everybodyHasLeft() throws Exception {
        rig.assertServes();
        rig.assertDeserted();
        assertThat(device.misuse()).isEmpty();
        rig.close();
    }

    private void assertNotOffered() throws Exception {
        try (var nbd = rig.greeted().structured()) {
            assertThat(nbd.list()).doesNotContain("gone");
            assertThat(nbd.outcome(Opt.INFO, Wire.infoData("gone"))).isEqualTo(Rep.ERR_UNKNOWN);
            assertThat(nbd.outcome(Opt.GO, Wire.infoData("gone"))).isEqualTo(Rep.ERR_UNKNOWN);
            assertThat(nbd.outcome(Opt.LIST_META_CONTEXT, Wire.metaData("gone")))
                    .isEqualTo(Rep.ERR_UNKNOWN);
            assertThat(nbd.outcome(Opt.SET_META_CONTEXT, Wire.metaData("gone", Contexts.ALLOCATION)))
                    .isEqualTo(Rep.ERR_UNKNOWN);
        }
        try (var nbd = rig.greeted()) {
            nbd.sendOption(Opt.EXPORT_NAME, Wire.utf8("gone")).assertClosed();
        }
    }

    @Test
    void aNameIsTakenOnce() throws Exception {
        assertThatThrownBy(() -> rig.server().offer(Rig.exportOf("gone", new MemoryDevice(1))))
                .isInstanceOf(IllegalStateException.class);
        try (var client = rig.open(Mode.SIMPLE, "gone")) {
            assertThat(client.info().size()).isEqualTo(1 << 20);
        }
    }

    @Test
    void anUnusedOneIsWithdrawn() throws Exception {
        assertThat(export.withdrawIfUnused()).isTrue();
        device.abandon();
        assertNotOffered();
        rig.offer("gone", new MemoryDevice(512));
        try (var client = rig.open(Mode.SIMPLE, "gone")) {
            assertThat(client.info().size()).isEqualTo(512);
        }
    }

    @Test
    void oneThatIsUsedIsNot() throws Exception {
        try (var client = rig.open(Mode.SIMPLE, "gone")) {
            assertThat(export.withdrawIfUnused()).isFalse();
            assertThat(client.read(0, 1)).hasSize(1);
            rig.open(Mode.EXTENDED, "gone").close();
            client.disconnect();
        }
        Rig.eventually(() -> assertThat(export.withdrawIfUnused()).isTrue());
        assertNotOffered();
    }

    @Test
    void aClientThatHasOnlyAskedDoesNotHoldIt() throws Exception {
        try (var nbd = rig.greeted().structured()) {
            nbd.info(Opt.INFO, "gone");
            nbd.setMeta("gone", Contexts.ALLOCATION);
            assertThat(export.withdrawIfUnused()).isTrue();
            device.abandon();
            assertThat(nbd.outcome(Opt.GO, Wire.infoData("gone"))).isEqualTo(Rep.ERR_UNKNOWN);
            assertThat(nbd.go(Rig.DISK).read(0, 1)).hasSize(1);
        }
    }

    @Test
    void eitherTheClientGetsItOrItIsWithdrawn() throws Exception {
        export.withdrawIfUnused();
        try (var threads = Executors.newSingleThreadExecutor()) {
            for (int i = 0; i < 300; i++) {
                var mine = new MemoryDevice(4096);
                var offered = rig.offer("gone", mine);
                var together = new CyclicBarrier(2);
                try (var nbd = rig.greeted()) {
                    var withdrawn = threads.submit(() -> {
                        together.await();
                        boolean away = offered.withdrawIfUnused();
                        if (away) {
                            mine.abandon();
                        }
                        return away;
                    });
                    together.await();
                    int outcome =
                            nbd.ask(Opt.GO, Wire.infoData("gone")).getLast().type();
                    assertThat(outcome).isEqualTo(withdrawn.get() ? Rep.ERR_UNKNOWN : Rep.ACK);
                    if (outcome == Rep.ACK) {
                        var info = new ExportInfo(4096, 1, java.util.Map.of());
                        assertThat(new Transmission(nbd, info).read(0, 10)).hasSize(10);
                    }
                }
                assertThat(offered.drop(LONG)).isTrue();
                assertThat(mine.misuse()).isEmpty();
            }
        }
        assertNotOffered();
    }

    @Test
    void aHiddenOneServesThoseWhoAreThere() throws Exception {
        try (var client = rig.open(Mode.STRUCTURED, "gone")) {
            export.hide();
            assertNotOffered();
            client.must(Request.write(0, (byte) 1));
            assertThat(client.read(0, 2)).startsWith(1);
            assertThat(export.clients()).hasSize(1);
            assertThatThrownBy(() -> rig.server().offer(Rig.exportOf("gone", new MemoryDevice(1))))
                    .isInstanceOf(IllegalStateException.class);
            client.disconnect();
        }
        Rig.eventually(() -> rig.offer("gone", new MemoryDevice(1)));
    }

    @Test
    void anUnusedOneThatIsHiddenIsGone() throws Exception {
        export.hide();
        assertNotOffered();
        rig.offer("gone", new MemoryDevice(1));
    }

    @Test
    void clientsOfADroppedOneAreCut() throws Exception {
        var clients = new ArrayList<Transmission>();
        for (Mode mode : Mode.values()) {
            clients.add(rig.open(mode, "gone"));
        }
        try (var elsewhere = rig.open(Mode.SIMPLE);
                var asking = rig.greeted()) {
            asking.info(Opt.INFO, "gone");
            assertThat(export.drop(LONG)).isTrue();
            device.abandon();
            assertNotOffered();
            for (Transmission client : clients) {
                client.nbd().drain();
                client.close();
            }
            assertThat(elsewhere.read(0, 1)).hasSize(1);
            assertThat(asking.outcome(Opt.GO, Wire.infoData("gone"))).isEqualTo(Rep.ERR_UNKNOWN);
        }
    }

    @Test
    void dropWaitsForWhatIsInTheDevice() throws Exception {
        try (var gate = device.hang(call -> call.kind() == Kind.WRITE);
                var threads = Executors.newSingleThreadExecutor()) {
            try (var client = rig.open(Mode.SIMPLE, "gone")) {
                client.send(Request.write(0, (byte) 7));
                gate.awaitCaller();
                assertThat(export.drop(Duration.ofMillis(100)))
                        .as("somebody is in the device")
                        .isFalse();
                assertNotOffered();
                var dropped = threads.submit(() -> export.drop(LONG));
                gate.release();
                assertThat(dropped.get()).isTrue();
                device.abandon();
                assertThat(device.peek(0, 1)).containsExactly(7);
                client.nbd().drain();
            }
        }
    }

    @Test
    void dropUnderFireLeavesTheDeviceAlone() throws Exception {
        try (var threads = Executors.newCachedThreadPool()) {
            for (int round = 0; round < 20; round++) {
                export.drop(LONG);
                var mine = new MemoryDevice(1 << 20);
                export = rig.offer("gone", mine);
                var busy = new ArrayList<Transmission>();
                var ends = new ArrayList<Future<?>>();
                for (int i = 0; i < 4; i++) {
                    var client = rig.open(Mode.SIMPLE, "gone");
                    busy.add(client);
                    ends.add(threads.submit(() -> {
                        while (true) {
                            client.call(Request.write(0, new byte[4096]));
                        }
                    }));
                }
                Rig.eventually(() -> assertThat(mine.calls()).isNotEmpty());
                assertThat(export.drop(LONG)).isTrue();
                mine.abandon();
                for (Future<?> end : ends) {
                    assertThatThrownBy(end::get).hasCauseInstanceOf(IOException.class);
                }
                for (Transmission client : busy) {
                    client.close();
                }
                assertThat(mine.misuse()).isEmpty();
            }
        }
    }

    @Test
    void closingTheServerEndsEverything() throws Exception {
        try (var other = Rig.start()) {
            var client = other.open(Mode.STRUCTURED);
            var shaking = other.greeted();
            other.server().close();
            client.nbd().drain();
            shaking.drain();
            other.assertDeserted();
            client.close();
            shaking.close();
        }
    }
}
