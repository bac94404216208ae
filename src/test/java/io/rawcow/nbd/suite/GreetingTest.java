package io.rawcow.nbd.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.rawcow.nbd.suite.Proto.Opt;
import io.rawcow.nbd.suite.Proto.Rep;
import io.rawcow.nbd.suite.Proto.Shake;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** "Newstyle negotiation" up to the first option, and EXPORT_NAME, the one option of those who know no other. */
class GreetingTest {
    private static Rig rig;

    @BeforeAll
    static void start() throws IOException {
        rig = Rig.start();
    }

    @AfterAll
    static void everybodyHasLeft() throws Exception {
        rig.assertServes();
        rig.assertDeserted();
        rig.close();
    }

    @Test
    void theServerSpeaksFirst() throws Exception {
        try (var nbd = rig.connect()) {
            nbd.expectGreeting();
        }
    }

    @TestFactory
    Stream<DynamicTest> exportNamePadsUnlessAgreedOtherwise() {
        // Bit 0 is a SHOULD for clients, bit 1 alone is allowed: EXPORT_NAME works with all four.
        return IntStream.range(0, 4)
                .mapToObj(flags -> dynamicTest("client flags " + flags, () -> {
                    try (var client = rig.connect().greet(flags).exportName(Rig.DISK)) {
                        assertThat(client.info().size()).isEqualTo(Rig.SIZE);
                        assertThat(client.info().has(Proto.Flag.SEND_DF))
                                .as("DF without structured replies")
                                .isFalse();
                        assertThat(client.read(1, 3)).isEqualTo(MemoryDevice.pattern(1, 3));
                        client.disconnect();
                    }
                }));
    }

    @TestFactory
    Stream<DynamicTest> unknownClientFlagsEndTheConnection() {
        return Stream.of(4, 7, 1 << 16, 1 << 31 | 3, -1)
                .map(flags -> dynamicTest("client flags 0x%x".formatted(flags), () -> {
                    try (var nbd = rig.connect().greet(flags)) {
                        nbd.assertClosed();
                    }
                }));
    }

    @TestFactory
    Stream<DynamicTest> withoutFixedNewstyleOtherOptionsAreHonouredOrEndTheConnection() {
        // "Servers MAY choose to honour fixed newstyle from clients that didn't set this bit".
        return Stream.of(Opt.LIST, Opt.STRUCTURED_REPLY, Opt.ABORT)
                .map(option -> dynamicTest("option " + option, () -> {
                    try (var nbd = rig.connect().greet(0)) {
                        nbd.sendOption(option);
                        OptionReply reply = nbd.reply(option);
                        assertThat(reply.isError()).isFalse();
                    } catch (EOFException | SocketException e) {
                        assertThat(e).as("closed, which is allowed").isNotNull();
                    }
                    rig.assertServes();
                }));
    }

    @TestFactory
    Stream<DynamicTest> whatIsNoOptionEndsTheConnection() {
        long oldStyle = 0x00420281861253L;
        return Stream.of(
                        new Wire().u64(oldStyle).u32(Opt.LIST).u32(0),
                        new Wire().u64(Proto.NBDMAGIC).u32(Opt.LIST).u32(0),
                        new Wire().u64(Proto.OPTION_REPLY_MAGIC).u32(Opt.LIST).u32(0),
                        new Wire().u64(Long.reverseBytes(Proto.IHAVEOPT)).u32(0).u32(0),
                        new Wire().raw(Request.read(0, 512).encode(Mode.SIMPLE, 1)))
                .map(Wire::bytes)
                .map(bytes -> dynamicTest("begins 0x%02x%02x%02x".formatted(bytes[0], bytes[1], bytes[2]), () -> {
                    try (var nbd = rig.greeted()) {
                        nbd.send(bytes).assertClosed();
                    }
                }));
    }

    @Test
    void anOldStyleClientThatReadsAtOnceIsCutOff() throws Exception {
        try (var nbd = rig.connect()) {
            nbd.expectGreeting();
            // Its request begins with what are client flags that nobody knows.
            nbd.send(Request.read(0, 512).encode(Mode.SIMPLE, 1)).assertClosed();
        }
    }

    @TestFactory
    Stream<DynamicTest> exportNameThatCannotBeHadEndsTheConnection() {
        return Stream.of("nosuch", Rig.DISK + "x", "dis", "DISK", "x".repeat(4096), "x".repeat(5000), "\0", "a\0b")
                .map(name -> dynamicTest(name.length() > 20 ? name.length() + " bytes" : "'" + name + "'", () -> {
                    try (var nbd = rig.greeted()) {
                        nbd.sendOption(Opt.EXPORT_NAME, Wire.utf8(name));
                        nbd.assertClosed();
                    }
                }));
    }

    @Test
    void exportNameThatIsNotUtf8EndsTheConnection() throws Exception {
        try (var nbd = rig.greeted()) {
            nbd.sendOption(Opt.EXPORT_NAME, (byte) 'd', (byte) 0xC3, (byte) 0x28)
                    .assertClosed();
        }
    }

    @Test
    void theEmptyNameIsTheOnlyExport() throws Exception {
        try (var client = rig.greeted().exportName("")) {
            assertThat(client.info().size()).isEqualTo(Rig.SIZE);
        }
        try (var client = rig.greeted().go("")) {
            assertThat(client.info().size()).isEqualTo(Rig.SIZE);
        }
    }

    @Test
    void exportNameAfterStructuredRepliesEntersStructuredTransmission() throws Exception {
        try (var client = rig.greeted().structured().exportName(Rig.DISK)) {
            assertThat(client.info().has(Proto.Flag.SEND_DF)).isTrue();
            assertThat(client.read(0, 10)).isEqualTo(MemoryDevice.pattern(0, 10));
        }
    }

    @Test
    void exportNameAfterExtendedHeadersIsAViolationAndEndsTheConnection() throws Exception {
        // "Once extended headers are successfully requested, a client MUST NOT use NBD_OPT_EXPORT_NAME": the option has
        // no way to answer with an error.
        try (var nbd = rig.greeted().extended()) {
            nbd.sendOption(Opt.EXPORT_NAME, Wire.utf8(Rig.DISK)).assertClosed();
        }
    }

    @Test
    void abortIsAcknowledgedAndEndsTheConnection() throws Exception {
        for (byte[] data : new byte[][] {{}, {1, 2, 3}, new byte[4096]}) {
            try (var nbd = rig.greeted()) {
                // "a server SHOULD ignore any data sent by the client"
                assertThat(nbd.outcome(Opt.ABORT, data)).isEqualTo(Rep.ACK);
                nbd.finishSending();
                nbd.assertClosed();
            }
        }
    }

    @Test
    void abortWithoutWaitingForTheAnswerHarmsNobody() throws Exception {
        try (var nbd = rig.greeted()) {
            nbd.sendOption(Opt.ABORT);
            nbd.reset();
        }
        rig.assertServes();
    }

    @Test
    void theServerSaysNothingAfterItHasClosed() throws Exception {
        try (var nbd = rig.connect().greet(Shake.FIXED_NEWSTYLE)) {
            assertThat(nbd.outcome(Opt.ABORT)).isEqualTo(Rep.ACK);
            assertThatThrownBy(() -> {
                        for (int i = 0; i < 100_000; i++) {
                            nbd.sendOption(Opt.LIST).reply(Opt.LIST);
                        }
                    })
                    .isInstanceOfAny(EOFException.class, SocketException.class);
        }
    }
}
