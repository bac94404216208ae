package io.rawcow.nbd.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.rawcow.nbd.server.Export;
import io.rawcow.nbd.suite.Proto.Err;
import io.rawcow.nbd.suite.Proto.Opt;
import io.rawcow.nbd.suite.Proto.Rep;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** LIST_META_CONTEXT and SET_META_CONTEXT: which contexts a query finds, and when a selection is forgotten. */
class MetaContextTest {
    private static final String BASE = Contexts.ALLOCATION;
    private static final String OTHER = Contexts.STRIPES;

    private static Rig rig;

    private record Row(List<String> queries, List<String> listed, List<String> selected) {
        Stream<DynamicTest> tests(Mode mode) {
            String[] asked = queries.toArray(String[]::new);
            String title = "%s %s".formatted(mode, queries.toString().length() > 60 ? queries.size() : queries);
            return Stream.of(
                    dynamicTest("LIST " + title, () -> {
                        try (var nbd = rig.greeted().negotiate(mode)) {
                            assertThat(nbd.listMeta(Rig.DISK, asked)).containsExactlyInAnyOrderElementsOf(listed);
                        }
                    }),
                    dynamicTest("SET " + title, () -> {
                        try (var nbd = rig.greeted().negotiate(mode)) {
                            assertThat(nbd.setMeta(Rig.DISK, asked).keySet())
                                    .containsExactlyInAnyOrderElementsOf(selected);
                        }
                    }));
        }
    }

    @BeforeAll
    static void start() throws IOException {
        rig = Rig.start();
        rig.offer("second", new MemoryDevice(8192));
        var bare = new MemoryDevice(4096);
        rig.offer(new Export("bare", "", bare, false, 10, List.of()));
    }

    @AfterAll
    static void everybodyHasLeft() throws Exception {
        rig.assertServes();
        rig.assertDeserted();
        rig.close();
    }

    @TestFactory
    Stream<DynamicTest> queries() {
        List<String> none = List.of();
        return Stream.of(
                        new Row(none, List.of(BASE, OTHER), none),
                        new Row(List.of(BASE), List.of(BASE), List.of(BASE)),
                        // "the server MUST ignore this form during SET", and MUST support it as a wildcard for LIST
                        new Row(List.of("base:"), List.of(BASE), none),
                        new Row(List.of("base:nosuch"), none, none),
                        new Row(List.of("base:allocatio"), none, none),
                        new Row(List.of("base:allocation2"), none, none),
                        new Row(List.of("BASE:allocation"), none, none),
                        new Row(List.of("nosuch:"), none, none),
                        new Row(List.of("nosuch:allocation", "nosuch:x:y"), none, none),
                        new Row(List.of("x-test:"), List.of(OTHER), none),
                        new Row(List.of(OTHER), List.of(OTHER), List.of(OTHER)),
                        new Row(List.of(OTHER, "a:b", BASE), List.of(BASE, OTHER), List.of(BASE, OTHER)),
                        new Row(List.of(BASE, BASE, "base:"), List.of(BASE), List.of(BASE)),
                        new Row(List.of("x:" + "y".repeat(4094)), none, none))
                .flatMap(row -> Stream.of(Mode.STRUCTURED, Mode.EXTENDED).flatMap(row::tests));
    }

    @TestFactory
    Stream<DynamicTest> queriesThatAreNoQueries() {
        // "For requests that are semantically invalid … the server MAY fail the request with NBD_REP_ERR_INVALID."
        return Stream.of("", "base", "allocation", "no colon at all", ":", ":allocation")
                .flatMap(query -> Stream.of(Opt.LIST_META_CONTEXT, Opt.SET_META_CONTEXT)
                        .map(option -> dynamicTest("option %d '%s'".formatted(option, query), () -> {
                            try (var nbd = rig.greeted().structured()) {
                                var replies = nbd.ask(option, Wire.metaData(Rig.DISK, query));
                                assertThat(replies).hasSize(1);
                                assertThat(replies.getLast().type()).isIn(Rep.ACK, Rep.ERR_INVALID);
                            }
                        })));
    }

    @Test
    void aThousandQueriesAreAnsweredOrTooBig() throws Exception {
        String[] many = new String[1000];
        Arrays.setAll(many, i -> "x-n" + i + ":leaf");
        many[999] = BASE;
        for (int option : new int[] {Opt.LIST_META_CONTEXT, Opt.SET_META_CONTEXT}) {
            try (var nbd = rig.greeted().structured()) {
                var replies = nbd.ask(option, Wire.metaData(Rig.DISK, many));
                assertThat(replies.getLast().type()).isIn(Rep.ACK, Rep.ERR_TOO_BIG);
                assertThat(nbd.listMeta(Rig.DISK)).contains(BASE);
            }
        }
    }

    @Test
    void withoutStructuredRepliesNothingIsSelected() throws Exception {
        try (var nbd = rig.greeted()) {
            assertThat(nbd.outcome(Opt.SET_META_CONTEXT, Wire.metaData(Rig.DISK, BASE)))
                    .isIn(Rep.ERR_INVALID, Rep.ERR_EXT_HEADER_REQD);
        }
    }

    @Test
    void withoutStructuredRepliesTheListIsRefusedOrTold() throws Exception {
        // "If a client attempts to do so, a server MAY send NBD_REP_ERR_INVALID."
        try (var nbd = rig.greeted()) {
            var last = nbd.ask(Opt.LIST_META_CONTEXT, Wire.metaData(Rig.DISK)).getLast();
            assertThat(last.type()).isIn(Rep.ACK, Rep.ERR_INVALID, Rep.ERR_EXT_HEADER_REQD);
        }
    }

    @Test
    void aSelectionMadeBeforeStructuredRepliesIsNone() throws Exception {
        try (var nbd = rig.greeted()) {
            nbd.ask(Opt.SET_META_CONTEXT, Wire.metaData(Rig.DISK, BASE));
            assertNothingSelected(nbd.structured().go(Rig.DISK));
        }
    }

    @Test
    void anExportWithoutContextsHasNone() throws Exception {
        try (var nbd = rig.greeted().structured()) {
            assertThat(nbd.listMeta("bare")).isEmpty();
            assertThat(nbd.setMeta("bare", BASE)).isEmpty();
            assertNothingSelected(nbd.go("bare"));
        }
    }

    @Test
    void theSelectionHoldsForItsExport() throws Exception {
        try (var nbd = rig.greeted().structured()) {
            nbd.setMeta(Rig.DISK, BASE);
            nbd.list();
            nbd.listMeta("second");
            nbd.info(Opt.INFO, "second");
            assertThat(nbd.go(Rig.DISK).must(Request.status(0, 4096)).status()).hasSize(1);
        }
    }

    @Test
    void theLastSelectionCounts() throws Exception {
        try (var nbd = rig.greeted().structured()) {
            nbd.setMeta(Rig.DISK, BASE);
            var last = nbd.setMeta(Rig.DISK, OTHER);
            var reply = nbd.go(Rig.DISK).must(Request.status(0, 4096));
            assertThat(reply.status()).containsOnlyKeys(last.get(OTHER));
        }
    }

    private interface Spoiler {
        void spoil(RawNbd nbd) throws IOException;
    }

    private static DynamicTest forgotten(String title, Spoiler spoiler) {
        return dynamicTest(title, () -> {
            try (var nbd = rig.greeted().structured()) {
                nbd.setMeta(Rig.DISK, BASE);
                spoiler.spoil(nbd);
                assertNothingSelected(nbd.go(Rig.DISK));
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> aSelectionIsForgotten() {
        // "Issuing this command replaces all previously-set metadata contexts (including when this command fails)".
        return Stream.of(
                forgotten("by one that selects nothing", nbd -> nbd.setMeta(Rig.DISK)),
                forgotten("by one of a wildcard", nbd -> nbd.setMeta(Rig.DISK, "base:")),
                forgotten("by one of another export", nbd -> nbd.setMeta("second", BASE)),
                forgotten(
                        "by one of an unknown export",
                        nbd -> assertThat(nbd.outcome(Opt.SET_META_CONTEXT, Wire.metaData("nosuch", BASE)))
                                .isEqualTo(Rep.ERR_UNKNOWN)),
                forgotten(
                        "by one that is malformed",
                        nbd -> assertThat(nbd.outcome(Opt.SET_META_CONTEXT, new byte[3]))
                                .isEqualTo(Rep.ERR_INVALID)));
    }

    @Test
    void aSelectionForOneExportIsNoneForAnother() throws Exception {
        try (var nbd = rig.greeted().structured()) {
            nbd.setMeta("second", BASE);
            assertNothingSelected(nbd.go(Rig.DISK));
        }
        try (var nbd = rig.greeted().structured()) {
            nbd.setMeta("second", BASE);
            assertNothingSelected(nbd.exportName(Rig.DISK));
        }
    }

    @Test
    void aSelectionHoldsForExportNameToo() throws Exception {
        try (var nbd = rig.greeted().structured()) {
            nbd.setMeta(Rig.DISK, BASE);
            assertThat(nbd.exportName(Rig.DISK).must(Request.status(0, 4096)).status())
                    .hasSize(1);
        }
    }

    @Test
    void extendedHeadersAfterASelectionLeaveAWorkingConnection() throws Exception {
        // The document does not say whether the selection survives: a status, or EINVAL.
        try (var nbd = rig.greeted().structured()) {
            nbd.setMeta(Rig.DISK, BASE);
            var client = nbd.extended().go(Rig.DISK);
            assertThat(client.call(Request.status(0, 4096)).error()).isIn(0, Err.EINVAL);
            assertThat(client.read(0, 8)).isEqualTo(MemoryDevice.pattern(0, 8));
        }
    }

    private static void assertNothingSelected(Transmission client) throws IOException {
        assertThat(client.call(Request.status(0, 4096)).error()).isEqualTo(Err.EINVAL);
        assertThat(client.call(Request.read(0, 1)).error()).isZero();
    }
}
