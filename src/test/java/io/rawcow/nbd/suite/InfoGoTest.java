package io.rawcow.nbd.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.rawcow.nbd.suite.Proto.Flag;
import io.rawcow.nbd.suite.Proto.Info;
import io.rawcow.nbd.suite.Proto.Opt;
import io.rawcow.nbd.suite.Proto.Rep;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** INFO and GO, block sizes, and the transmission flags that come with them. */
class InfoGoTest {
    private static final int WRITABLE = Flag.HAS_FLAGS
            | Flag.SEND_FLUSH
            | Flag.SEND_FUA
            | Flag.SEND_TRIM
            | Flag.SEND_WRITE_ZEROES
            | Flag.CAN_MULTI_CONN
            | Flag.SEND_CACHE
            | Flag.SEND_FAST_ZERO;

    private static Rig rig;

    @BeforeAll
    static void start() throws IOException {
        rig = Rig.start();
        rig.offerReadOnly("frozen", new MemoryDevice(8192));
        for (long size : sizes().toArray()) {
            rig.offer("of" + size, new MemoryDevice(size));
        }
    }

    @AfterAll
    static void everybodyHasLeft() throws Exception {
        rig.assertServes();
        rig.assertDeserted();
        rig.close();
    }

    private static LongStream sizes() {
        return LongStream.of(1, 511, 4095, 4096, (1 << 20) + 513, 5L << 30, Long.MAX_VALUE - (2 << 20));
    }

    @TestFactory
    Stream<DynamicTest> sizesAreTold() {
        return sizes().mapToObj(size -> dynamicTest(size + " bytes", () -> {
            try (var nbd = rig.greeted()) {
                var info = nbd.info(Opt.INFO, "of" + size, Info.BLOCK_SIZE);
                assertThat(info.size()).isEqualTo(size);
                assertBlockSizes(info);
                assertThat(nbd.go("of" + size).info().size()).isEqualTo(size);
            }
            try (var client = rig.greeted().exportName("of" + size)) {
                assertThat(client.info().size()).isEqualTo(size);
            }
        }));
    }

    private static void assertBlockSizes(ExportInfo info) {
        assertThat(info.infos()).containsKey(Info.BLOCK_SIZE);
        var sizes = ByteBuffer.wrap(info.infos().get(Info.BLOCK_SIZE));
        assertThat(sizes.remaining()).isEqualTo(12);
        assertThat(sizes.getInt()).as("minimum").isEqualTo(1);
        assertThat(sizes.getInt()).as("preferred").isEqualTo(4096);
        assertThat(sizes.getInt()).as("maximum").isEqualTo(Proto.MAX_PAYLOAD);
    }

    @TestFactory
    Stream<DynamicTest> transmissionFlags() {
        return Stream.of(Mode.values())
                .map(mode -> dynamicTest(mode.toString(), () -> {
                    try (var client = rig.open(mode)) {
                        int expected = mode == Mode.SIMPLE ? WRITABLE : WRITABLE | Flag.SEND_DF;
                        // ROTATIONAL is a hint; a payload for block status belongs to extended headers with contexts.
                        int free = Flag.ROTATIONAL | (mode == Mode.EXTENDED ? Flag.BLOCK_STATUS_PAYLOAD : 0);
                        assertThat(client.info().flags() & ~free).isEqualTo(expected);
                    }
                    try (var client = rig.open(mode, "frozen")) {
                        assertThat(client.info().has(Flag.READ_ONLY)).isTrue();
                        assertThat(client.info().has(Flag.SEND_DF)).isEqualTo(mode != Mode.SIMPLE);
                        if (!client.info().has(Flag.SEND_WRITE_ZEROES)) {
                            assertThat(client.info().has(Flag.SEND_FAST_ZERO)).isFalse();
                        }
                    }
                }));
    }

    @Test
    void extendedHeadersWithoutContextsOfferNoPayloadForBlockStatus() throws Exception {
        try (var client = rig.greeted().extended().go(Rig.DISK)) {
            assertThat(client.info().has(Flag.BLOCK_STATUS_PAYLOAD)).isFalse();
        }
    }

    @Test
    void whatIsAskedForIsTold() throws Exception {
        try (var nbd = rig.greeted()) {
            var info = nbd.info(Opt.INFO, Rig.DISK, Info.DESCRIPTION, Info.BLOCK_SIZE, Info.NAME, Info.EXPORT);
            assertThat(text(info, Info.NAME)).isEqualTo(Rig.DISK);
            assertThat(text(info, Info.DESCRIPTION)).isEqualTo("the export " + Rig.DISK);
            assertBlockSizes(info);
        }
    }

    private static String text(ExportInfo info, int kind) {
        assertThat(info.infos()).containsKey(kind);
        return new String(info.infos().get(kind), StandardCharsets.UTF_8);
    }

    @Test
    void unknownRequestsAreIgnored() throws Exception {
        try (var nbd = rig.greeted()) {
            assertThat(nbd.info(Opt.INFO, Rig.DISK, 4, 0xffff, 0x8003).infos()).doesNotContainKey(4);
            assertThat(nbd.go(Rig.DISK, 0x1234).info().size()).isEqualTo(Rig.SIZE);
        }
    }

    @Test
    void aRequestMadeTwiceIsAnsweredOnceOrRefused() throws Exception {
        // "The client MUST NOT include any information request in the list more than once."
        byte[] twice = Wire.infoData(Rig.DISK, Info.BLOCK_SIZE, Info.BLOCK_SIZE);
        try (var nbd = rig.greeted()) {
            var replies = nbd.ask(Opt.INFO, twice);
            long sizes = replies.stream()
                    .filter(reply -> reply.type() == Rep.INFO && reply.buffer().getShort() == Info.BLOCK_SIZE)
                    .count();
            assertThat(sizes).isLessThanOrEqualTo(1);
            assertThat(replies.getLast().type()).isIn(Rep.ACK, Rep.ERR_INVALID);
        }
    }

    @Test
    void manyRequestsAreNoTrouble() throws Exception {
        int[] all = new int[2000];
        for (int i = 0; i < all.length; i++) {
            all[i] = i;
        }
        try (var nbd = rig.greeted()) {
            assertThat(nbd.info(Opt.INFO, Rig.DISK, all).infos()).containsKey(Info.BLOCK_SIZE);
        }
    }

    @Test
    void goTellsWhatInfoTold() throws Exception {
        try (var nbd = rig.greeted().structured()) {
            var told = nbd.info(Opt.INFO, Rig.DISK, Info.NAME, Info.BLOCK_SIZE);
            var going = nbd.go(Rig.DISK, Info.NAME, Info.BLOCK_SIZE).info();
            assertThat(going.flags()).isEqualTo(told.flags());
            assertThat(going.size()).isEqualTo(told.size());
            assertThat(going.infos().keySet()).isEqualTo(told.infos().keySet());
        }
    }

    @Test
    void goSendsNoZeroesWhateverTheClientSaid() throws Exception {
        try (var client = rig.connect().greet(Proto.Shake.FIXED_NEWSTYLE).go(Rig.DISK)) {
            // A stray byte would not be the magic of a reply.
            assertThat(client.read(0, 4)).isEqualTo(MemoryDevice.pattern(0, 4));
        }
    }

    @Test
    void afterAGoThatFailsAnotherOneWorks() throws Exception {
        try (var nbd = rig.greeted()) {
            assertThat(nbd.outcome(Opt.GO, Wire.infoData("nosuch"))).isEqualTo(Rep.ERR_UNKNOWN);
            assertThat(nbd.outcome(Opt.GO, new byte[1])).isEqualTo(Rep.ERR_INVALID);
            assertThat(nbd.go(Rig.DISK).read(0, 4)).isEqualTo(MemoryDevice.pattern(0, 4));
        }
    }

    @Test
    void theEmptyNameMeansNothingWhereThereAreSeveral() throws Exception {
        try (var nbd = rig.greeted()) {
            assertThat(nbd.outcome(Opt.GO, Wire.infoData(""))).isEqualTo(Rep.ERR_UNKNOWN);
            nbd.sendOption(Opt.EXPORT_NAME).assertClosed();
        }
    }

    @Test
    void requestsSentTogetherWithGoAreAnswered() throws Exception {
        // GO may fail, so no client should; but what follows it on the wire is the transmission phase already.
        try (var nbd = rig.greeted()) {
            byte[] go = Wire.option(Opt.GO, Wire.infoData(Rig.DISK));
            nbd.send(new Wire()
                    .raw(go)
                    .raw(Request.read(7, 3).encode(Mode.SIMPLE, 42))
                    .bytes());
            var replies = nbd.replies(Opt.GO);
            assertThat(replies.getLast().type()).isEqualTo(Rep.ACK);
            var client = new Transmission(nbd, new ExportInfo(Rig.SIZE, Flag.HAS_FLAGS, java.util.Map.of()));
            client.expect(Request.read(7, 3), 42);
            assertThat(client.await(42).data()).isEqualTo(MemoryDevice.pattern(7, 3));
        }
    }
}
