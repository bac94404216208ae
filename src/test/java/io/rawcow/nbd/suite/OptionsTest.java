package io.rawcow.nbd.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.rawcow.nbd.server.Export;
import io.rawcow.nbd.suite.Proto.Opt;
import io.rawcow.nbd.suite.Proto.Rep;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** "Option types": what is refused and how, and that the next option is understood all the same. */
class OptionsTest {
    private static final String LONGEST = "é".repeat(2048);

    private static Rig rig;

    /** An option, what it is sent in, and what may come back. */
    @SuppressWarnings("ArrayRecordComponent")
    private record Row(String name, Mode mode, int option, byte[] data, Integer... allowed) {
        Stream<DynamicTest> test() {
            return Stream.of(dynamicTest(name, () -> {
                try (var nbd = rig.greeted().negotiate(mode)) {
                    assertThat(nbd.outcome(option, data))
                            .as("0x%08x is one of %s", allowed[0], Arrays.toString(allowed))
                            .isIn((Object[]) allowed);
                    assertThat(nbd.outcome(0x7fffffff)).isEqualTo(Rep.ERR_UNSUP);
                    assertThat(nbd.list()).contains(Rig.DISK);
                }
            }));
        }
    }

    private static Row row(String name, int option, byte[] data, Integer... allowed) {
        return new Row(name, Mode.SIMPLE, option, data, allowed);
    }

    @BeforeAll
    static void start() throws IOException {
        rig = Rig.start();
        rig.offer("second", new MemoryDevice(4095));
        var tiny = new MemoryDevice(1);
        rig.offer(new Export(LONGEST, LONGEST, tiny, false, 10, List.of(Contexts.allocation(tiny))));
    }

    @AfterAll
    static void everybodyHasLeft() throws Exception {
        rig.assertServes();
        rig.assertDeserted();
        rig.close();
    }

    @TestFactory
    Stream<DynamicTest> unknownOptions() {
        return Stream.of(0, Opt.PEEK_EXPORT, 12, 13, 255, 0x10001, 0x7ffffffe, -1)
                .flatMap(option -> Stream.of(0, 1, 511, 4096, 8192)
                        .flatMap(length -> row(
                                        "option %d with %d bytes".formatted(option, length),
                                        option,
                                        new byte[length],
                                        Rep.ERR_UNSUP)
                                .test()));
    }

    @TestFactory
    Stream<DynamicTest> dataWhereNoneIsAllowed() {
        return Stream.of(Opt.LIST, Opt.STRUCTURED_REPLY, Opt.EXTENDED_HEADERS)
                .flatMap(option -> Stream.of(1, 4, 8, 4096)
                        .flatMap(length -> row(
                                        "option %d with %d bytes".formatted(option, length),
                                        option,
                                        new byte[length],
                                        Rep.ERR_INVALID)
                                .test()));
    }

    @TestFactory
    Stream<DynamicTest> tlsThatIsNotOffered() {
        // NOTLS: "NBD_REP_ERR_POLICY … NBD_REP_ERR_UNSUP … or another error explicitly permitted".
        return Stream.of(
                        row("STARTTLS", Opt.STARTTLS, new byte[0], Rep.ERR_POLICY, Rep.ERR_UNSUP, Rep.ERR_PLATFORM),
                        row(
                                "STARTTLS with data",
                                Opt.STARTTLS,
                                new byte[3],
                                Rep.ERR_INVALID,
                                Rep.ERR_POLICY,
                                Rep.ERR_UNSUP,
                                Rep.ERR_PLATFORM))
                .flatMap(Row::test);
    }

    @TestFactory
    Stream<DynamicTest> infoAndGoThatAreMalformed() {
        var rows = new ArrayList<Row>();
        for (int option : new int[] {Opt.INFO, Opt.GO}) {
            for (int length = 0; length < 6; length++) {
                rows.add(row("%d bytes in all".formatted(length), option, new byte[length], Rep.ERR_INVALID));
            }
            for (long claim : new long[] {1, 5, 0x7fff_ffffL, 0x8000_0000L, 0xffff_ffffL, 0xffff_fffaL}) {
                byte[] data = new Wire().u32(claim).u16(0).bytes();
                rows.add(row("name of %d bytes in 6".formatted(claim), option, data, Rep.ERR_INVALID));
            }
            byte[] whole = Wire.infoData(Rig.DISK, 3, 1);
            for (int cut = 6; cut < whole.length; cut++) {
                rows.add(row("cut after " + cut, option, Arrays.copyOf(whole, cut), Rep.ERR_INVALID));
            }
            rows.add(row("a byte too many", option, Arrays.copyOf(whole, whole.length + 1), Rep.ERR_INVALID));
            rows.add(row("a request too many", option, Arrays.copyOf(whole, whole.length + 2), Rep.ERR_INVALID));
            byte[] many = new Wire().string(Rig.DISK).u16(0xffff).u16(3).bytes();
            rows.add(row("65535 requests in 2 bytes", option, many, Rep.ERR_INVALID));
        }
        return rows.stream().flatMap(Row::test);
    }

    @TestFactory
    Stream<DynamicTest> metaContextsThatAreMalformed() {
        var rows = new ArrayList<Row>();
        byte[] whole = Wire.metaData(Rig.DISK, "base:allocation", "x:y");
        for (int option : new int[] {Opt.LIST_META_CONTEXT, Opt.SET_META_CONTEXT}) {
            for (int cut = 0; cut < whole.length; cut++) {
                rows.add(meta("cut after " + cut, option, Arrays.copyOf(whole, cut)));
            }
            rows.add(meta("a byte too many", option, Arrays.copyOf(whole, whole.length + 1)));
            for (long claim : new long[] {5, 0x7fff_ffffL, 0x8000_0000L, 0xffff_ffffL, 0xffff_fff8L}) {
                byte[] name = new Wire().u32(claim).text(Rig.DISK).u32(0).bytes();
                // Five bytes of name swallow the first byte of the number of queries.
                rows.add(meta("name of %d bytes in 4".formatted(claim), option, name));
                byte[] count = new Wire().string(Rig.DISK).u32(claim).bytes();
                rows.add(meta("%d queries in no bytes".formatted(claim), option, count));
                byte[] query = new Wire()
                        .string(Rig.DISK)
                        .u32(1)
                        .u32(claim)
                        .text("a:b")
                        .bytes();
                rows.add(meta("query of %d bytes in 3".formatted(claim), option, query));
            }
        }
        return rows.stream().flatMap(Row::test);
    }

    private static Row meta(String name, int option, byte[] data) {
        return new Row(name, Mode.STRUCTURED, option, data, Rep.ERR_INVALID);
    }

    @TestFactory
    Stream<DynamicTest> exportsThatDoNotExist() {
        // A name that no export can have may be called malformed too, or too big.
        Integer[] noName = {Rep.ERR_UNKNOWN, Rep.ERR_INVALID, Rep.ERR_TOO_BIG};
        Integer[] unknown = {Rep.ERR_UNKNOWN};
        var rows = new ArrayList<Row>();
        for (int option : new int[] {Opt.INFO, Opt.GO, Opt.LIST_META_CONTEXT, Opt.SET_META_CONTEXT}) {
            boolean info = option == Opt.INFO || option == Opt.GO;
            for (String name : List.of("nosuch", "diskx", "dis", "disk ", Rig.DISK.toUpperCase(Locale.ROOT), "")) {
                byte[] data = info ? Wire.infoData(name) : Wire.metaData(name, "base:allocation");
                rows.add(new Row("option %d of '%s'".formatted(option, name), Mode.STRUCTURED, option, data, unknown));
            }
            for (byte[] name :
                    new byte[][] {{'d', 0}, {0}, {(byte) 0xff}, {(byte) 0xC0, (byte) 0x80}, new byte[4097]}) {
                var data = new Wire().u32(name.length).raw(name);
                byte[] bytes = (info ? data.u16(0) : data.u32(0)).bytes();
                String title = "option %d of %d bytes that are no string".formatted(option, name.length);
                rows.add(new Row(title, Mode.STRUCTURED, option, bytes, noName));
            }
        }
        return rows.stream().flatMap(Row::test);
    }

    @TestFactory
    Stream<DynamicTest> orderOfStructuredRepliesAndExtendedHeaders() {
        byte[] none = {};
        // What sets a state a second time MAY be refused as invalid.
        return Stream.of(
                        new Row(
                                "structured twice",
                                Mode.STRUCTURED,
                                Opt.STRUCTURED_REPLY,
                                none,
                                Rep.ACK,
                                Rep.ERR_INVALID),
                        new Row("extended twice", Mode.EXTENDED, Opt.EXTENDED_HEADERS, none, Rep.ACK, Rep.ERR_INVALID),
                        new Row("extended after structured", Mode.STRUCTURED, Opt.EXTENDED_HEADERS, none, Rep.ACK),
                        new Row(
                                "structured after extended",
                                Mode.EXTENDED,
                                Opt.STRUCTURED_REPLY,
                                none,
                                Rep.ERR_EXT_HEADER_REQD))
                .flatMap(Row::test);
    }

    @Test
    void extendedHeadersStayWhenStructuredRepliesAreAskedForAfterwards() throws Exception {
        try (var nbd = rig.greeted().extended()) {
            assertThat(nbd.outcome(Opt.STRUCTURED_REPLY)).isEqualTo(Rep.ERR_EXT_HEADER_REQD);
            var client = nbd.go(Rig.DISK);
            assertThat(client.read(0, 5)).isEqualTo(MemoryDevice.pattern(0, 5));
        }
    }

    @Test
    void extendedHeadersReplaceStructuredReplies() throws Exception {
        try (var client = rig.greeted().structured().extended().go(Rig.DISK)) {
            assertThat(client.read(0, 5)).isEqualTo(MemoryDevice.pattern(0, 5));
        }
    }

    @Test
    void refusedOptionsChangeNothing() throws Exception {
        try (var nbd = rig.greeted()) {
            assertThat(nbd.outcome(Opt.STRUCTURED_REPLY, (byte) 1)).isEqualTo(Rep.ERR_INVALID);
            assertThat(nbd.outcome(Opt.EXTENDED_HEADERS, (byte) 1)).isEqualTo(Rep.ERR_INVALID);
            var client = nbd.go(Rig.DISK);
            assertThat(client.info().has(Proto.Flag.SEND_DF)).isFalse();
            assertThat(client.read(0, 5)).as("by a simple reply").isEqualTo(MemoryDevice.pattern(0, 5));
        }
    }

    @Test
    void listTellsEveryExportAndItsDescription() throws Exception {
        try (var nbd = rig.greeted()) {
            var replies = nbd.ask(Opt.LIST);
            assertThat(replies).hasSize(4);
            assertThat(replies.getLast().type()).isEqualTo(Rep.ACK);
            assertThat(replies.stream().limit(3).map(OptionsTest::nameAndDescription))
                    .containsExactlyInAnyOrder(
                            Rig.DISK + "|the export " + Rig.DISK, "second|the export second", LONGEST + "|" + LONGEST);
        }
    }

    private static String nameAndDescription(OptionReply reply) {
        int length = reply.buffer().getInt();
        byte[] name = Arrays.copyOfRange(reply.data(), 4, 4 + length);
        return new Wire().raw(name).text("|" + reply.textFrom(4 + length)).toText();
    }

    @Test
    void listTwiceTellsTheSameOrIsRefused() throws Exception {
        try (var nbd = rig.greeted()) {
            var first = nbd.list();
            var again = nbd.ask(Opt.LIST);
            if (again.getLast().isError()) {
                assertThat(again).hasSize(1);
            } else {
                assertThat(nbd.list()).isEqualTo(first);
            }
            assertThat(nbd.info(Opt.INFO, Rig.DISK).size()).isEqualTo(Rig.SIZE);
        }
    }

    @Test
    void theLongestNameWorksWithEveryOption() throws Exception {
        try (var nbd = rig.greeted().structured()) {
            assertThat(nbd.list()).contains(LONGEST);
            assertThat(nbd.listMeta(LONGEST)).contains(Contexts.ALLOCATION);
            assertThat(nbd.setMeta(LONGEST, Contexts.ALLOCATION)).containsOnlyKeys(Contexts.ALLOCATION);
            assertThat(nbd.info(Opt.INFO, LONGEST, 0, 1, 2, 3).size()).isEqualTo(1);
            assertThat(nbd.go(LONGEST).read(0, 1)).containsExactly(0);
        }
        try (var client = rig.greeted().exportName(LONGEST)) {
            assertThat(client.info().size()).isEqualTo(1);
        }
    }

    @Test
    void optionsThatAreSentWithoutWaitingAreAnsweredInOrder() throws Exception {
        // Clients MUST NOT; a server that reads ahead would lose them, one that does not answers each.
        try (var nbd = rig.greeted()) {
            byte[] all = new Wire()
                    .raw(Wire.option(Opt.LIST))
                    .raw(Wire.option(99, (byte) 1))
                    .raw(Wire.option(Opt.STRUCTURED_REPLY))
                    .raw(Wire.option(Opt.GO, Wire.infoData(Rig.DISK)))
                    .bytes();
            nbd.send(all);
            assertThat(nbd.replies(Opt.LIST).getLast().type()).isEqualTo(Rep.ACK);
            assertThat(nbd.reply(99).type()).isEqualTo(Rep.ERR_UNSUP);
            assertThat(nbd.reply(Opt.STRUCTURED_REPLY).type()).isEqualTo(Rep.ACK);
            assertThat(nbd.replies(Opt.GO).getLast().type()).isEqualTo(Rep.ACK);
        }
    }
}
