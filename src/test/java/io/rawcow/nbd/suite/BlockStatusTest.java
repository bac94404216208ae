package io.rawcow.nbd.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.rawcow.nbd.suite.Proto.CmdFlag;
import io.rawcow.nbd.suite.Proto.Err;
import io.rawcow.nbd.suite.Proto.State;
import io.rawcow.nbd.suite.Reply.Extent;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.LongBinaryOperator;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** BLOCK_STATUS: what the descriptors say, byte for byte, and the rules of their lengths. */
class BlockStatusTest {
    private static final long SIZE = 300_001;
    private static final long HUGE = (9L << 30) + 1;
    private static final int HOLE = State.HOLE | State.ZERO;

    private static Rig rig;

    @BeforeAll
    static void start() throws IOException {
        rig = Rig.start();
        rig.offer(
                "mixed",
                new MemoryDevice(SIZE).filled(0, 8192).filled(40_960, 4096).filled(200_704, 99_297));
        rig.offer("huge", new MemoryDevice(HUGE).filled(HUGE - 10, 10));
        rig.offer("empty", new MemoryDevice(8L << 30));
    }

    @AfterAll
    static void everybodyHasLeft() throws Exception {
        rig.assertServes();
        rig.assertDeserted();
        rig.close();
    }

    private static Transmission open(Mode mode, String export, String... contexts) throws IOException {
        RawNbd nbd = rig.greeted().negotiate(mode);
        assertThat(nbd.setMeta(export, contexts)).hasSize(contexts.length);
        return nbd.go(export);
    }

    private static Stream<DynamicTest> inBothModes(ModeTest test) {
        return Stream.of(Mode.STRUCTURED, Mode.EXTENDED)
                .map(mode -> dynamicTest(mode.toString(), () -> test.run(mode)));
    }

    private interface ModeTest {
        void run(Mode mode) throws Exception;
    }

    private static long allocation(long at) {
        boolean data = at < 8192 || (at >= 40_960 && at < 45_056) || at >= 200_704;
        return data ? 0 : HOLE;
    }

    @TestFactory
    Stream<DynamicTest> everyByteHasItsStatus() {
        return inBothModes(mode -> {
            var random = new Random(3);
            try (var client = open(mode, "mixed", Contexts.ALLOCATION, Contexts.STRIPES)) {
                int allocation = client.nbd().contexts().get(Contexts.ALLOCATION);
                int stripes = client.nbd().contexts().get(Contexts.STRIPES);
                for (int i = 0; i < 200; i++) {
                    long offset = random.nextLong(SIZE);
                    long length = 1 + random.nextLong(SIZE - offset);
                    int one = i % 2 == 0 ? CmdFlag.REQ_ONE : 0;
                    var status = client.must(Request.status(offset, length).with(one))
                            .status();
                    assertFits(status.get(allocation), (at, state) -> allocation(at) == state ? 1 : 0);
                    assertFits(status.get(stripes), (at, state) -> at / Contexts.STRIPE == state ? 1 : 0);
                }
            }
        });
    }

    /** Status 0 MAY always be said of {@code base:allocation}; our devices can do better, and must. */
    private static void assertFits(List<Extent> extents, LongBinaryOperator fits) {
        for (Extent extent : extents) {
            for (long at : new long[] {extent.offset(), extent.end() - 1, (extent.offset() + extent.end()) / 2}) {
                assertThat(fits.applyAsLong(at, extent.flags()))
                        .as("%s at %d", extent, at)
                        .isEqualTo(1);
            }
        }
    }

    @TestFactory
    Stream<DynamicTest> aWalkSeesTheWholeExportAndEndsAtItsEnd() {
        return inBothModes(mode -> {
            try (var client = open(mode, "mixed", Contexts.ALLOCATION)) {
                int context = client.nbd().contexts().get(Contexts.ALLOCATION);
                var walk = new ArrayList<Extent>();
                for (long at = 0; at < SIZE; at = walk.getLast().end()) {
                    walk.addAll(
                            client.must(Request.status(at, SIZE - at)).status().get(context));
                    assertThat(walk).hasSizeLessThan(1000);
                }
                assertThat(merge(walk))
                        .containsExactly(
                                new Extent(0, 8192, 0),
                                new Extent(8192, 32_768, HOLE),
                                new Extent(40_960, 4096, 0),
                                new Extent(45_056, 155_648, HOLE),
                                new Extent(200_704, 99_297, 0));
            }
        });
    }

    private static List<Extent> merge(List<Extent> walk) {
        var merged = new ArrayList<Extent>();
        for (Extent next : walk) {
            if (!merged.isEmpty() && merged.getLast().flags() == next.flags()) {
                Extent last = merged.removeLast();
                merged.add(new Extent(last.offset(), last.length() + next.length(), last.flags()));
            } else {
                merged.add(next);
            }
        }
        return merged;
    }

    @TestFactory
    Stream<DynamicTest> oneExtentOnRequest() {
        return inBothModes(mode -> {
            try (var client = open(mode, "mixed", Contexts.ALLOCATION)) {
                int context = client.nbd().contexts().get(Contexts.ALLOCATION);
                for (long length : new long[] {1, 512, 4096, 8191, 8192, 8193, SIZE}) {
                    var request = Request.status(0, length).with(CmdFlag.REQ_ONE);
                    Extent only = client.must(request).status().get(context).getFirst();
                    // It may be shorter than it could be, though nothing here makes it hard to tell all of it.
                    assertThat(only).isEqualTo(new Extent(0, Math.min(length, 8192), 0));
                }
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> withoutContexts() {
        return Stream.of(Mode.values())
                .map(mode -> dynamicTest(mode.toString(), () -> {
                    try (var client = rig.greeted().negotiate(mode).go("mixed")) {
                        assertThat(client.call(Request.status(0, 4096)).error()).isEqualTo(Err.EINVAL);
                        assertThat(client.call(Request.status(0, 4096).with(CmdFlag.REQ_ONE))
                                        .error())
                                .isEqualTo(Err.EINVAL);
                        assertThat(client.read(0, 1)).hasSize(1);
                    }
                }));
    }

    @TestFactory
    Stream<DynamicTest> moreThanFourGibibytes() {
        return inBothModes(mode -> {
            try (var client = open(mode, "huge", Contexts.ALLOCATION)) {
                int context = client.nbd().contexts().get(Contexts.ALLOCATION);
                var walk = new ArrayList<Extent>();
                for (long at = 0; at < HUGE; at = walk.getLast().end()) {
                    long length = Math.min(HUGE - at, mode == Mode.EXTENDED ? HUGE : 0xffff_ffffL);
                    walk.addAll(client.must(Request.status(at, length)).status().get(context));
                    assertThat(walk).hasSizeLessThan(1000);
                }
                assertThat(merge(walk).getFirst().flags()).isEqualTo(HOLE);
                assertThat(merge(walk)).hasSize(2);
                assertThat(walk.getLast().end()).isEqualTo(HUGE);
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> aHoleThatNeeds64Bits() {
        // In 32 bits the descriptor must be cut, and not wrap round to something small or to nothing.
        return inBothModes(mode -> {
            try (var client = open(mode, "empty", Contexts.ALLOCATION)) {
                int context = client.nbd().contexts().get(Contexts.ALLOCATION);
                for (long offset :
                        LongStream.of(0, 1, 512, 4L << 30, (4L << 30) - 512).toArray()) {
                    long length = mode == Mode.EXTENDED ? (8L << 30) - offset : 0xffff_ffffL;
                    length = Math.min(length, (8L << 30) - offset);
                    Extent first = client.must(Request.status(offset, length))
                            .status()
                            .get(context)
                            .getFirst();
                    assertThat(first.flags()).isEqualTo(HOLE);
                    assertThat(first.length()).isGreaterThanOrEqualTo(1 << 20);
                }
            }
        });
    }

    @Test
    void inExtendedModeOneDescriptorTellsOfEightGibibytes() throws Exception {
        try (var client = open(Mode.EXTENDED, "empty", Contexts.ALLOCATION)) {
            var status = client.must(Request.status(0, 8L << 30)).status();
            assertThat(status.values()).containsExactly(List.of(new Extent(0, 8L << 30, HOLE)));
        }
    }

    @TestFactory
    Stream<DynamicTest> manyExtentsAreCutSomewhere() {
        // 301 stripes, or fewer: "the server MAY return fewer descriptors", and never none.
        return inBothModes(mode -> {
            try (var client = open(mode, "mixed", Contexts.STRIPES)) {
                int context = client.nbd().contexts().get(Contexts.STRIPES);
                var walk = new ArrayList<Extent>();
                for (long at = 0; at < SIZE; at = walk.getLast().end()) {
                    var part =
                            client.must(Request.status(at, SIZE - at)).status().get(context);
                    walk.addAll(part);
                }
                assertThat(walk).hasSizeGreaterThanOrEqualTo(301);
                assertThat(merge(walk)).hasSize(301);
            }
        });
    }
}
