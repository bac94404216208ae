package io.rawcow.nbd.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.rawcow.nbd.suite.Proto.Opt;
import io.rawcow.nbd.suite.Proto.Rep;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/** Too many clients, too many options, and handshakes that never end: the settings' limits hold. */
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class FloodIT {
    private static final Duration SOON = Duration.ofMillis(400);

    @Test
    void noMoreClientsThanTheServerTakes() throws Exception {
        try (var rig = Rig.start(limits -> limits.connections(3))) {
            var clients = new ArrayList<Transmission>();
            for (int i = 0; i < 3; i++) {
                clients.add(rig.open(Mode.SIMPLE));
            }
            for (int i = 0; i < 10; i++) {
                try (var nbd = rig.connect()) {
                    nbd.drain();
                }
            }
            for (Transmission client : clients) {
                assertThat(client.read(0, 1)).hasSize(1);
                client.close();
            }
            Rig.eventually(rig::assertServes);
            rig.assertDeserted();
        }
    }

    @Test
    void clientsInTheHandshakeCountToo() throws Exception {
        try (var rig = Rig.start(limits -> limits.connections(3).handshake(SOON))) {
            var silent = new ArrayList<RawNbd>();
            for (int i = 0; i < 3; i++) {
                silent.add(i == 0 ? rig.connect() : rig.greeted());
            }
            for (RawNbd nbd : silent) {
                nbd.drain();
                nbd.close();
            }
            Rig.eventually(rig::assertServes);
        }
    }

    @Test
    void noMoreClientsThanAnExportTakes() throws Exception {
        try (var rig = Rig.start()) {
            var few = rig.offer(Rig.limited("few", new MemoryDevice(512), 2));
            try (var one = rig.open(Mode.SIMPLE, "few");
                    var two = rig.greeted().exportName("few")) {
                // "NBD_REP_ERR_POLICY: … server-side policy forbids", or "not available".
                try (var nbd = rig.greeted()) {
                    assertThat(nbd.outcome(Opt.GO, Wire.infoData("few"))).isIn(Rep.ERR_POLICY, Rep.ERR_UNKNOWN);
                    assertThat(nbd.go(Rig.DISK).read(0, 1)).hasSize(1);
                }
                try (var nbd = rig.greeted()) {
                    nbd.sendOption(Opt.EXPORT_NAME, Wire.utf8("few")).assertClosed();
                }
                assertThat(few.clients()).hasSize(2);
                one.read(0, 1);
                two.disconnect();
            }
            Rig.eventually(() -> assertThat(few.clients()).isEmpty());
            rig.open(Mode.SIMPLE, "few").close();
            rig.assertDeserted();
        }
    }

    @TestFactory
    Stream<DynamicTest> noMoreOptionsThanTheServerTakes() {
        byte[] meta = Wire.metaData(Rig.DISK, Collections.nCopies(50, "base:").toArray(String[]::new));
        return Stream.of(
                        Wire.option(99, new byte[100]),
                        Wire.option(Opt.LIST),
                        Wire.option(Opt.INFO, Wire.infoData(Rig.DISK)),
                        Wire.option(Opt.GO, Wire.infoData("nosuch")),
                        Wire.option(Opt.SET_META_CONTEXT, meta))
                .map(option -> dynamicTest("option " + option[11], () -> {
                    try (var rig = Rig.start(limits -> limits.options(40))) {
                        try (var nbd = rig.greeted()) {
                            for (int i = 0; i < 20; i++) {
                                nbd.send(option).replies(option[11]);
                            }
                            assertThatThrownBy(() -> {
                                        for (int i = 0; i < 1000; i++) {
                                            nbd.send(option).replies(option[11]);
                                        }
                                    })
                                    .isInstanceOfAny(EOFException.class, SocketException.class);
                        }
                        rig.assertServes();
                        rig.assertDeserted();
                    }
                }));
    }

    @Test
    void aFloodOfListsThatNobodyReadsIsCut() throws Exception {
        try (var rig = Rig.start(limits -> limits.handshake(SOON).options(1_000_000))) {
            for (int i = 0; i < 200; i++) {
                rig.offer("export-" + i, new MemoryDevice(512));
            }
            try (var nbd = RawNbd.narrow(rig.address())) {
                nbd.greet();
                byte[] lists = repeat(Wire.option(Opt.LIST), 1000);
                assertThatThrownBy(() -> {
                            while (true) {
                                nbd.send(lists);
                            }
                        })
                        .isInstanceOf(SocketException.class);
            }
            Rig.eventually(rig::assertServes);
            rig.assertDeserted();
        }
    }

    private static byte[] repeat(byte[] bytes, int times) {
        var all = new Wire();
        for (int i = 0; i < times; i++) {
            all.raw(bytes);
        }
        return all.bytes();
    }

    private interface Talk {
        void begin(RawNbd nbd) throws IOException;
    }

    @TestFactory
    Stream<DynamicTest> aHandshakeThatStopsIsCut() {
        var talks = new java.util.LinkedHashMap<String, Talk>();
        talks.put("at once", nbd -> {});
        talks.put("within the client flags", nbd -> nbd.send((byte) 0, (byte) 0));
        talks.put("after the client flags", RawNbd::greet);
        talks.put("within an option", nbd -> nbd.greet().send(new byte[] {'I', 'H', 'A'}));
        talks.put(
                "within an option's data",
                nbd -> nbd.greet()
                        .send(new Wire()
                                .u64(Proto.IHAVEOPT)
                                .u32(Opt.GO)
                                .u32(100)
                                .u16(0)
                                .bytes()));
        talks.put(
                "within an unknown option's data",
                nbd -> nbd.greet()
                        .send(new Wire().u64(Proto.IHAVEOPT).u32(99).u32(100).bytes()));
        talks.put("between options", nbd -> nbd.greet().structured().list());
        return talks.entrySet().stream()
                .map(talk -> dynamicTest(talk.getKey(), () -> {
                    try (var rig = Rig.start(limits -> limits.handshake(SOON))) {
                        try (var nbd = rig.connect()) {
                            talk.getValue().begin(nbd);
                            nbd.drain();
                        }
                        rig.assertServes();
                        rig.assertDeserted();
                    }
                }));
    }

    @TestFactory
    Stream<DynamicTest> aHandshakeThatDripsIsCutAllTheSame() {
        // Each byte comes well within the time; all of them together do not.
        byte[] endless = Wire.option(99, new byte[5000]);
        byte[] options = repeat(Wire.option(99), 300);
        return Stream.of(endless, options)
                .map(bytes -> dynamicTest(bytes.length + " bytes", () -> {
                    try (var rig = Rig.start(limits -> limits.handshake(SOON).options(1_000_000))) {
                        try (var nbd = rig.greeted()) {
                            assertThatThrownBy(() -> {
                                        for (byte each : bytes) {
                                            nbd.send(each);
                                            Thread.sleep(SOON.toMillis() / 20);
                                        }
                                    })
                                    .isInstanceOf(SocketException.class);
                        }
                        rig.assertServes();
                        rig.assertDeserted();
                    }
                }));
    }

    @Test
    void theHandshakesTimeDoesNotRunInTransmission() throws Exception {
        var enough = Duration.ofSeconds(2);
        try (var rig = Rig.start(limits -> limits.handshake(enough));
                var client = rig.open(Mode.SIMPLE)) {
            for (int i = 0; i < 3; i++) {
                Thread.sleep(enough.toMillis() / 2);
                assertThat(client.read(0, 1)).hasSize(1);
            }
        }
    }

    @Test
    void manyConnectionsComeAndGo() throws Exception {
        try (var rig = Rig.start()) {
            int before = Thread.activeCount();
            for (int round = 0; round < 20; round++) {
                List<RawNbd> all = new ArrayList<>();
                for (int i = 0; i < 50; i++) {
                    all.add(i % 2 == 0 ? rig.connect() : rig.greeted());
                }
                for (RawNbd nbd : all) {
                    nbd.close();
                }
            }
            rig.assertServes();
            rig.assertDeserted();
            Rig.eventually(() -> assertThat(Thread.activeCount()).isLessThanOrEqualTo(before + 20));
        }
    }
}
