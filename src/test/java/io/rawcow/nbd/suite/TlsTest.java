package io.rawcow.nbd.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.rawcow.nbd.server.TlsSettings;
import io.rawcow.nbd.server.TlsSettings.ClientCertificates;
import io.rawcow.nbd.suite.Proto.Err;
import io.rawcow.nbd.suite.Proto.Opt;
import io.rawcow.nbd.suite.Proto.Rep;
import io.rawcow.nbd.suite.Proto.Shake;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.security.auth.x500.X500Principal;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/** "TLS support": STARTTLS, what is refused before it, and whose certificate counts. */
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class TlsTest {
    private static final String ALICE = "CN=alice,O=guests";

    private static TestPki ours;
    private static TestPki theirs;
    private static SSLContext serverSide;
    private static SSLSocketFactory anonymous;

    @BeforeAll
    static void makeCertificates() throws Exception {
        ours = new TestPki("CN=ours");
        theirs = new TestPki("CN=theirs");
        serverSide = ours.context("CN=localhost", ours);
        anonymous = ours.anonymousClient();
    }

    private static TlsSettings settings(boolean required, ClientCertificates certificates, String... subjects) {
        var allowed = Stream.of(subjects).map(X500Principal::new).toList();
        return new TlsSettings(required, () -> serverSide, certificates, allowed);
    }

    private static Rig start(TlsSettings settings) throws IOException {
        return Rig.start(UnaryOperator.identity(), settings, Rig.standardDevice());
    }

    private static Rig required() throws IOException {
        return start(settings(true, ClientCertificates.NONE));
    }

    private static Rig optional() throws IOException {
        return start(settings(false, ClientCertificates.NONE));
    }

    @TestFactory
    Stream<DynamicTest> beforeTlsEverythingButStartTlsAndAbortIsRefused() {
        byte[] info = Wire.infoData(Rig.DISK);
        byte[] meta = Wire.metaData(Rig.DISK);
        byte[] none = {};
        return Stream.of(
                        Wire.option(Opt.LIST),
                        Wire.option(Opt.LIST, new byte[7]),
                        Wire.option(Opt.INFO, info),
                        Wire.option(Opt.INFO, Wire.infoData("nosuch")),
                        Wire.option(Opt.INFO, none),
                        Wire.option(Opt.GO, info),
                        Wire.option(Opt.GO, Wire.infoData("nosuch")),
                        Wire.option(Opt.STRUCTURED_REPLY),
                        Wire.option(Opt.EXTENDED_HEADERS),
                        Wire.option(Opt.LIST_META_CONTEXT, meta),
                        Wire.option(Opt.SET_META_CONTEXT, meta),
                        Wire.option(Opt.PEEK_EXPORT),
                        Wire.option(99, new byte[100]))
                .map(option -> dynamicTest("option %d, %d bytes".formatted(option[11], option.length - 16), () -> {
                    try (var rig = required();
                            var nbd = rig.greeted()) {
                        OptionReply reply = nbd.send(option).reply(option[11]);
                        assertThat(reply.type()).isEqualTo(Rep.ERR_TLS_REQD);
                        nbd.startTls(anonymous);
                        assertThat(nbd.go(Rig.DISK).read(0, 1)).hasSize(1);
                    }
                }));
    }

    @Test
    void beforeTlsAbortIsAcknowledgedAndExportNameEndsTheConnection() throws Exception {
        try (var rig = required()) {
            try (var nbd = rig.greeted()) {
                assertThat(nbd.outcome(Opt.ABORT)).isEqualTo(Rep.ACK);
            }
            try (var nbd = rig.greeted()) {
                nbd.sendOption(Opt.EXPORT_NAME, Wire.utf8(Rig.DISK)).assertClosed();
            }
            try (var nbd = rig.connect().greet(0)) {
                nbd.sendOption(Opt.EXPORT_NAME, Wire.utf8(Rig.DISK)).assertClosed();
            }
        }
    }

    @Test
    void startTlsTwiceIsInvalidAndNothingRequiresTlsAnyMore() throws Exception {
        for (boolean must : new boolean[] {true, false}) {
            try (var rig = start(settings(must, ClientCertificates.NONE));
                    var nbd = rig.greeted().startTls(anonymous)) {
                assertThat(nbd.outcome(Opt.STARTTLS)).isEqualTo(Rep.ERR_INVALID);
                assertThat(nbd.outcome(Opt.GO, Wire.infoData("nosuch"))).isEqualTo(Rep.ERR_UNKNOWN);
                assertThat(nbd.outcome(99)).isEqualTo(Rep.ERR_UNSUP);
                assertThat(nbd.list()).containsExactly(Rig.DISK);
                assertThat(nbd.go(Rig.DISK).read(0, 1)).hasSize(1);
            }
        }
    }

    @Test
    void startTlsWithDataIsInvalid() throws Exception {
        try (var rig = required();
                var nbd = rig.greeted()) {
            assertThat(nbd.outcome(Opt.STARTTLS, new byte[4])).isEqualTo(Rep.ERR_INVALID);
            assertThat(nbd.startTls(anonymous).list()).containsExactly(Rig.DISK);
        }
    }

    @TestFactory
    Stream<DynamicTest> everythingWorksInsideTls() {
        return Stream.of(Mode.values())
                .map(mode -> dynamicTest(mode.toString(), () -> {
                    // What may be large is large once: it is encrypted and decrypted here, too.
                    int most = mode == Mode.EXTENDED ? Proto.MAX_PAYLOAD : 3 << 20;
                    var big = new MemoryDevice(40 << 20).filled(0, 40 << 20);
                    try (var rig = required()) {
                        rig.offer("big", big);
                        try (var nbd = rig.greeted().startTls(anonymous).negotiate(mode)) {
                            var client = nbd.go("big");
                            assertThat(client.read(3, most)).isEqualTo(MemoryDevice.pattern(3, most));
                            client.must(Request.write(0, new byte[most]));
                            Bytes.assertZeros(client.read(0, 1 << 20));
                            long first = client.send(Request.read(32 << 20, 1));
                            long second = client.send(Request.trim(0, 1 << 20));
                            assertThat(client.await(second).error()).isZero();
                            assertThat(client.await(first).data()).isEqualTo(MemoryDevice.pattern(32 << 20, 1));
                            assertThat(client.call(Request.read(40 << 20, 1)).error())
                                    .isEqualTo(Err.EINVAL);
                            client.disconnect();
                        }
                        rig.assertDeserted();
                    }
                }));
    }

    @Test
    void bothVersionsOfTlsWork() throws Exception {
        try (var rig = required()) {
            for (String version : new String[] {"TLSv1.2", "TLSv1.3"}) {
                assertServed(rig, ours.anonymousClient(version), null);
            }
        }
    }

    @Test
    void disconnectShutsTlsDownFirst() throws Exception {
        // "The server MUST … shut down the TLS session (if one is running), and close the TCP session."
        try (var rig = required();
                var client =
                        rig.greeted().startTls(ours.anonymousClient("TLSv1.2")).go(Rig.DISK)) {
            assertThat(client.read(0, 1)).hasSize(1);
            client.nbd().send(Request.disconnect().encode(Mode.SIMPLE, 0));
            byte alert = 21;
            assertThat(client.nbd().readBelowTls()).startsWith(alert);
        }
    }

    @Test
    void exportNameWorksInsideTls() throws Exception {
        try (var rig = required();
                var client = rig.greeted().startTls(anonymous).exportName(Rig.DISK)) {
            assertThat(client.read(0, 1)).hasSize(1);
            assertThat(rig.disk().clients()).singleElement().satisfies(view -> {
                assertThat(view.tls()).isTrue();
                assertThat(view.tlsSubject()).isNull();
            });
        }
    }

    @Test
    void whereTlsIsOptionalBothWork() throws Exception {
        try (var rig = optional()) {
            rig.assertServes();
            try (var client = rig.greeted().startTls(anonymous).go(Rig.DISK)) {
                assertThat(client.read(0, 1)).hasSize(1);
            }
        }
    }

    @Test
    void whatWasNegotiatedBeforeTlsIsForgotten() throws Exception {
        try (var rig = optional()) {
            try (var nbd = rig.greeted().structured()) {
                nbd.setMeta(Rig.DISK, Contexts.ALLOCATION);
                nbd.startTls(anonymous);
                assertThat(nbd.outcome(Opt.SET_META_CONTEXT, Wire.metaData(Rig.DISK, Contexts.ALLOCATION)))
                        .isIn(Rep.ERR_INVALID, Rep.ERR_EXT_HEADER_REQD);
                var client = nbd.go(Rig.DISK);
                assertThat(client.info().has(Proto.Flag.SEND_DF)).isFalse();
                assertThat(client.read(0, 1)).as("by a simple reply").hasSize(1);
                assertThat(client.call(Request.status(0, 1)).error()).isEqualTo(Err.EINVAL);
            }
            try (var nbd = rig.greeted().extended()) {
                var client = nbd.startTls(anonymous).structured().go(Rig.DISK);
                assertThat(client.read(0, 1)).as("with short headers").hasSize(1);
            }
        }
    }

    /** CVE-2021-3716: what a man in the middle put in before TLS must not count as said inside it. */
    @TestFactory
    Stream<DynamicTest> plaintextBehindStartTlsIsNeverTakenForTls() {
        return Stream.of(
                        Wire.option(Opt.STRUCTURED_REPLY),
                        Wire.option(Opt.LIST),
                        Wire.option(Opt.GO, Wire.infoData(Rig.DISK)),
                        new byte[] {0},
                        new byte[20_000])
                .flatMap(behind -> Stream.of(true, false)
                        .map(must -> dynamicTest("%d bytes, required=%s".formatted(behind.length, must), () -> {
                            try (var rig = start(settings(must, ClientCertificates.NONE))) {
                                try (var nbd = rig.greeted()) {
                                    nbd.send(new Wire()
                                            .raw(Wire.option(Opt.STARTTLS))
                                            .raw(behind)
                                            .bytes());
                                    assertThat(nbd.reply(Opt.STARTTLS).type()).isEqualTo(Rep.ACK);
                                    injectionHadNoEffect(nbd);
                                } catch (EOFException | SocketException e) {
                                    assertThat(e).as("closed, which is best").isNotNull();
                                }
                                try (var client =
                                        rig.greeted().startTls(anonymous).go(Rig.DISK)) {
                                    assertThat(client.read(0, 1)).hasSize(1);
                                }
                            }
                        })));
    }

    private static void injectionHadNoEffect(RawNbd nbd) throws IOException {
        try {
            nbd.shakeHands(anonymous);
        } catch (IOException | AssertionError e) {
            return; // the bytes were taken for a broken handshake, or the connection was closed
        }
        // An answer to the injected option would be the next thing to read here.
        assertThat(nbd.outcome(99)).isEqualTo(Rep.ERR_UNSUP);
        var client = nbd.go(Rig.DISK);
        assertThat(client.info().has(Proto.Flag.SEND_DF)).isFalse();
    }

    @Test
    void aHandshakeThatIsNoneEndsTheConnection() throws Exception {
        try (var rig = required()) {
            for (byte[] rubbish : new byte[][] {
                Wire.option(Opt.LIST), new byte[1000], {0x16, 3, 1, 0x7f, (byte) 0xff}, {0x16, 3, 1, 0, 0}
            }) {
                try (var nbd = rig.greeted()) {
                    assertThat(nbd.outcome(Opt.STARTTLS)).isEqualTo(Rep.ACK);
                    nbd.send(rubbish);
                    nbd.finishSending();
                    nbd.drain();
                }
            }
            try (var client = rig.greeted().startTls(anonymous).go(Rig.DISK)) {
                assertThat(client.read(0, 1)).hasSize(1);
            }
            rig.assertDeserted();
        }
    }

    @Test
    void aHandshakeThatStopsIsCut() throws Exception {
        try (var rig = Rig.start(
                limits -> limits.handshake(Duration.ofMillis(500)),
                settings(true, ClientCertificates.NONE),
                Rig.standardDevice())) {
            for (byte[] start : new byte[][] {{}, {0x16, 3, 1}}) {
                try (var nbd = rig.greeted()) {
                    assertThat(nbd.outcome(Opt.STARTTLS)).isEqualTo(Rep.ACK);
                    nbd.send(start).drain();
                }
            }
            try (var nbd = rig.greeted()) {
                // On a busy machine the time may be up before TLS is.
                assertThatThrownBy(() -> nbd.startTls(anonymous).u16()).isInstanceOf(IOException.class);
            }
        }
    }

    @Test
    void withoutFixedNewstyleThereIsNoTls() throws Exception {
        // "The server MUST operate in NOTLS mode unless … the client replied with NBD_FLAG_C_FIXED_NEWSTYLE".
        try (var rig = optional();
                var nbd = rig.connect().greet(Shake.NO_ZEROES)) {
            nbd.sendOption(Opt.STARTTLS);
            assertThat(nbd.reply(Opt.STARTTLS).isError()).isTrue();
        } catch (EOFException | SocketException e) {
            assertThat(e).as("closed, which is allowed").isNotNull();
        }
    }

    private static void assertRefused(Rig rig, SSLSocketFactory factory) throws Exception {
        try (var nbd = rig.greeted()) {
            // With TLS 1.3 the client is done before the server has looked at its certificate.
            assertThatThrownBy(() -> nbd.startTls(factory).list()).isInstanceOf(IOException.class);
        }
        rig.assertDeserted();
    }

    private static void assertServed(Rig rig, SSLSocketFactory factory, String subject) throws Exception {
        try (var client = rig.greeted().startTls(factory).go(Rig.DISK)) {
            assertThat(client.read(0, 1)).hasSize(1);
            assertThat(rig.disk().clients())
                    .singleElement()
                    .satisfies(view -> assertThat(view.tlsSubject()).isEqualTo(subject));
            client.disconnect();
        }
        rig.assertDeserted();
    }

    @Test
    void requiredClientCertificates() throws Exception {
        try (var rig = start(settings(true, ClientCertificates.REQUIRED))) {
            assertServed(rig, ours.client(ALICE, ours), ALICE);
            assertRefused(rig, anonymous);
            assertRefused(rig, theirs.client(ALICE, ours));
        }
    }

    @Test
    void onlySubjectsOnTheList() throws Exception {
        try (var rig = start(settings(true, ClientCertificates.REQUIRED, "CN=bob", ALICE))) {
            assertServed(rig, ours.client(ALICE, ours), ALICE);
            assertServed(rig, ours.client("CN=bob", ours), "CN=bob");
            for (String other : List.of("CN=eve", "CN=alice", "CN=alice,O=guests,C=DE", "CN=\"alice,O=guests\"")) {
                assertRefused(rig, ours.client(other, ours));
            }
            assertRefused(rig, theirs.client(ALICE, ours));
            assertRefused(rig, anonymous);
        }
    }

    @Test
    void optionalClientCertificates() throws Exception {
        try (var rig = start(settings(true, ClientCertificates.OPTIONAL, ALICE))) {
            assertServed(rig, ours.client(ALICE, ours), ALICE);
            assertServed(rig, anonymous, null);
            assertRefused(rig, ours.client("CN=eve", ours));
            assertRefused(rig, theirs.client(ALICE, ours));
        }
    }

    @Test
    void certificatesAreAskedForAnewEachTime() throws Exception {
        var now = new AtomicReference<>(serverSide);
        var settings = new TlsSettings(true, now::get, ClientCertificates.NONE, List.of());
        try (var rig = start(settings)) {
            assertServed(rig, anonymous, null);
            now.set(theirs.context("CN=localhost", theirs));
            assertThatThrownBy(() -> assertServed(rig, anonymous, null)).isInstanceOf(IOException.class);
            assertServed(rig, theirs.anonymousClient(), null);
        }
    }

    @Test
    void certificatesThatCannotBeHadHarmOneClientOnly() throws Exception {
        var broken = new AtomicReference<>(true);
        var settings = new TlsSettings(
                true,
                () -> {
                    if (broken.get()) {
                        throw new IOException("cannot read certificate: for the test");
                    }
                    return serverSide;
                },
                ClientCertificates.NONE,
                List.of());
        try (var rig = start(settings)) {
            try (var nbd = rig.greeted()) {
                nbd.sendOption(Opt.STARTTLS);
                nbd.finishSending();
                nbd.drain();
            }
            broken.set(false);
            assertServed(rig, anonymous, null);
        }
    }
}
