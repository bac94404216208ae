package io.rawcow.nbd.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.rawcow.block.FaultKind;
import io.rawcow.nbd.suite.MemoryDevice.Kind;
import io.rawcow.nbd.suite.Proto.Opt;
import io.rawcow.nbd.suite.Proto.Rep;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/** What has been wrong with NBD servers before. CVE-2021-3716 is in {@link TlsTest}. */
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class KnownHolesTest {
    private Rig rig;

    @BeforeEach
    void start() throws IOException {
        rig = Rig.start(limits -> limits.handshake(Duration.ofSeconds(2)));
    }

    @AfterEach
    void everybodyHasLeft() throws Exception {
        rig.device().onCall(call -> {});
        rig.assertServes();
        rig.assertDeserted();
        rig.close();
    }

    /** CVE-2017-7539: a client that leaves during negotiation. */
    @Test
    void leavingDuringNegotiation() throws Exception {
        for (int i = 0; i < 200; i++) {
            try (var nbd = rig.connect()) {
                if (i % 4 > 0) {
                    nbd.greet();
                }
                if (i % 4 > 1) {
                    nbd.sendOption(Opt.LIST);
                }
                if (i % 2 == 0) {
                    nbd.reset();
                }
            }
        }
    }

    /** CVE-2017-15118, CVE-2022-26496: names longer than the buffer they are read into. */
    @TestFactory
    Stream<DynamicTest> longNames() {
        return LongStream.of(255, 256, 257, 1024, 4095, 4096, 4097, 8192, 65_535, 65_536, 1 << 20)
                .boxed()
                .flatMap(length -> Stream.of(Opt.EXPORT_NAME, Opt.INFO, Opt.GO, Opt.SET_META_CONTEXT)
                        .map(option -> dynamicTest("option %d with %d bytes".formatted(option, length), () -> {
                            String name = "n".repeat(length.intValue());
                            byte[] data = switch (option) {
                                case Opt.EXPORT_NAME -> Wire.utf8(name);
                                case Opt.SET_META_CONTEXT -> Wire.metaData(name, "base:allocation");
                                default -> Wire.infoData(name);
                            };
                            try (var nbd = rig.greeted().structured()) {
                                nbd.sendOption(option, data);
                                OptionReply reply = nbd.reply(option);
                                assertThat(reply.type()).isIn(Rep.ERR_UNKNOWN, Rep.ERR_INVALID, Rep.ERR_TOO_BIG);
                                assertThat(nbd.list()).containsExactly(Rig.DISK);
                            } catch (EOFException | SocketException e) {
                                assertThat(option == Opt.EXPORT_NAME || length > Proto.MAX_STRING)
                                        .as("closed on a name that is none")
                                        .isTrue();
                            }
                        })));
    }

    /** CVE-2020-10761: an error message that quotes the longest name there is. */
    @Test
    void theAnswerToALongNameIsNoLongerThanAString() throws Exception {
        try (var nbd = rig.greeted()) {
            for (String name : new String[] {"n".repeat(4096), "é".repeat(2048), "\uD83D\uDC04".repeat(1024)}) {
                assertThat(nbd.outcome(Opt.GO, Wire.infoData(name))).isEqualTo(Rep.ERR_UNKNOWN);
                assertThat(nbd.outcome(Opt.INFO, Wire.infoData(name))).isEqualTo(Rep.ERR_UNKNOWN);
            }
        }
    }

    /** CVE-2017-15119: options whose data never ends, read to the last byte by a patient server. */
    @Test
    void fourGibibytesOfOption() throws Exception {
        for (int option : new int[] {99, Opt.LIST, Opt.GO, Opt.EXPORT_NAME, Opt.ABORT, Opt.SET_META_CONTEXT}) {
            try (var nbd = rig.greeted()) {
                var header = new Wire().u64(Proto.IHAVEOPT).u32(option).u32(0xffff_ffffL);
                nbd.send(header.bytes());
                long sent = 0;
                byte[] some = new byte[1 << 20];
                try {
                    for (; sent < 0xffff_ffffL; sent += some.length) {
                        nbd.send(some);
                    }
                } catch (SocketException e) {
                    assertThat(e).as("cut").isNotNull();
                }
                assertThat(sent).as("bytes that option %d got rid of", option).isLessThan(0xffff_ffffL);
            }
        }
    }

    /** CVE-2022-26495: a length of 0xffffffff to which a one is added. */
    @TestFactory
    Stream<DynamicTest> lengthsThatWrapRound() {
        return LongStream.of(0xffff_ffffL, 0xffff_fffeL, 0xffff_fffaL, 0xffff_fff8L, 0x8000_0000L, 0x7fff_ffffL)
                .boxed()
                .flatMap(length -> Stream.of(Opt.INFO, Opt.GO, Opt.LIST_META_CONTEXT, Opt.SET_META_CONTEXT)
                        .map(option -> dynamicTest("option %d with 0x%x".formatted(option, length), () -> {
                            try (var nbd = rig.greeted().structured()) {
                                byte[] data =
                                        new Wire().u32(length).raw(new byte[64]).bytes();
                                assertThat(nbd.outcome(option, data)).isEqualTo(Rep.ERR_INVALID);
                                byte[] query = new Wire()
                                        .string(Rig.DISK)
                                        .u32(1)
                                        .u32(length)
                                        .raw(new byte[64])
                                        .bytes();
                                assertThat(nbd.outcome(option, query)).isEqualTo(Rep.ERR_INVALID);
                                assertThat(nbd.list()).containsExactly(Rig.DISK);
                            }
                        })));
    }

    /** CVE-2019-14851: contexts that are asked for in an order nobody thought of. */
    @Test
    void contextsInAnyOrder() throws Exception {
        byte[] some = Wire.metaData(Rig.DISK, Contexts.ALLOCATION);
        for (int i = 0; i < 256; i++) {
            try (var nbd = rig.greeted()) {
                for (int bit = 0; bit < 8; bit += 2) {
                    switch (i >> bit & 3) {
                        case 0 -> nbd.ask(Opt.SET_META_CONTEXT, some);
                        case 1 -> nbd.ask(Opt.LIST_META_CONTEXT, some);
                        case 2 -> nbd.ask(Opt.STRUCTURED_REPLY);
                        default -> nbd.ask(Opt.GO, Wire.infoData("nosuch"));
                    }
                }
                assertThat(nbd.info(Opt.GO, Rig.DISK).size()).isEqualTo(Rig.SIZE);
            }
        }
    }

    /** CVE-2022-0485: a read that failed, taken for one that did not. */
    @TestFactory
    Stream<DynamicTest> failedReadsNeverLookLikeData() {
        return Stream.of(Mode.values())
                .map(mode -> dynamicTest(mode.toString(), () -> {
                    for (long bad : new long[] {0, 1, 4095, 4096, 65_535, 65_536, 300_000, Rig.SIZE - 1}) {
                        rig.device().fail(call -> call.kind() == Kind.READ && call.touches(bad), FaultKind.IO_ERROR);
                        rig.device().filled(0, Rig.SIZE);
                        try (var client = rig.open(mode)) {
                            assertThat(client.call(Request.read(0, Rig.SIZE)).error())
                                    .isEqualTo(Proto.Err.EIO);
                        } catch (EOFException | SocketException e) {
                            assertThat(mode).isEqualTo(Mode.SIMPLE);
                        }
                    }
                }));
    }

    /** CVE-2024-7409: the server is closed while clients are in the middle of their handshakes. */
    @Test
    void closedWhileClientsNegotiate() throws Exception {
        for (int round = 0; round < 10; round++) {
            var clients = new ArrayList<RawNbd>();
            try (var other = Rig.start()) {
                for (int i = 0; i < 50; i++) {
                    var nbd = other.connect();
                    clients.add(nbd);
                    if (i % 2 == 0) {
                        nbd.greet().sendOption(Opt.GO, Wire.infoData(Rig.DISK));
                    }
                }
                other.server().close();
                for (RawNbd nbd : clients) {
                    nbd.drain();
                    nbd.close();
                }
                other.assertDeserted();
            }
        }
    }

    /** CVE-2005-3534: a request that is longer than any buffer. */
    @Test
    void writesOfFourGibibytes() throws Exception {
        for (Mode mode : Mode.values()) {
            for (long length : new long[] {0xffff_ffffL, 0x8000_0000L, 0x7fff_ffffL, 1 << 27}) {
                try (var client = rig.open(mode)) {
                    var request = Request.of(Proto.Cmd.WRITE, 0, length).with(mode == Mode.EXTENDED ? 32 : 0);
                    client.nbd().send(request.encode(mode, 1)).finishSending();
                    client.nbd().drain();
                }
                assertThat(rig.device().calls(Kind.WRITE)).isEmpty();
            }
        }
    }
}
