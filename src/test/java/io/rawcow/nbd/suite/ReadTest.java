package io.rawcow.nbd.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.rawcow.block.FaultKind;
import io.rawcow.nbd.suite.MemoryDevice.Kind;
import io.rawcow.nbd.suite.Proto.CmdFlag;
import io.rawcow.nbd.suite.Proto.Err;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** READ: bytes, holes, DF, and errors before and in the middle of an answer. */
class ReadTest {
    private static final int BIG = 40 << 20;

    private static Rig rig;
    private static MemoryDevice big;

    @BeforeAll
    static void start() throws IOException {
        rig = Rig.start();
        big = new MemoryDevice(BIG);
        for (int at = 0; at < BIG; at += 3 << 20) {
            big.filled(at, Math.min(1 << 20, BIG - at));
        }
        rig.offer("big", big);
        for (int size : new int[] {1, 4095}) {
            rig.offer("of" + size, new MemoryDevice(size).filled(0, size));
        }
    }

    @AfterEach
    void mend() {
        big.onCall(call -> {});
    }

    @AfterAll
    static void everybodyHasLeft() throws Exception {
        rig.assertServes();
        rig.assertDeserted();
        assertThat(big.misuse()).isEmpty();
        rig.close();
    }

    @TestFactory
    Stream<DynamicTest> smallExportsWholeAndInParts() {
        return Stream.of(Mode.values())
                .flatMap(mode -> Stream.of(1, 4095)
                        .map(size -> dynamicTest("%s: %d bytes".formatted(mode, size), () -> {
                            try (var client = rig.open(mode, "of" + size)) {
                                byte[] all = MemoryDevice.pattern(0, size);
                                assertThat(client.read(0, size)).isEqualTo(all);
                                for (int at = 0; at < size; at += 511) {
                                    byte[] rest = Arrays.copyOfRange(all, at, size);
                                    assertThat(client.read(at, size - at)).isEqualTo(rest);
                                }
                            }
                        })));
    }

    @TestFactory
    Stream<DynamicTest> anyRange() {
        return Stream.of(Mode.values())
                .flatMap(mode -> Stream.of(0, CmdFlag.FUA, CmdFlag.DF)
                        .filter(flag -> mode != Mode.SIMPLE || flag != CmdFlag.DF)
                        .map(flag -> dynamicTest("%s with flag %d".formatted(mode, flag), () -> {
                            var random = new Random(42);
                            try (var client = rig.open(mode, "big")) {
                                for (int i = 0; i < 200; i++) {
                                    int length = 1 + random.nextInt(1 << random.nextInt(22));
                                    int offset = random.nextInt(BIG - length);
                                    Reply reply = client.call(
                                            Request.read(offset, length).with(flag));
                                    if (flag == CmdFlag.DF && length > 65536 && reply.error() == Err.EOVERFLOW) {
                                        continue; // it may be too much for one chunk
                                    }
                                    assertThat(reply.error()).isZero();
                                    assertThat(reply.data()).isEqualTo(big.peek(offset, length));
                                }
                            }
                        })));
    }

    @TestFactory
    Stream<DynamicTest> holesAreToldAsHoles() {
        return Stream.of(Mode.STRUCTURED, Mode.EXTENDED)
                .map(mode -> dynamicTest(mode.toString(), () -> {
                    try (var client = rig.open(mode, "big")) {
                        Reply hole = client.must(Request.read(2 << 20, 1 << 20));
                        assertThat(hole.content()).allMatch(Reply.Content::hole);
                        Reply both = client.must(Request.read(0, 4 << 20));
                        assertThat(both.content()).anyMatch(Reply.Content::hole).anyMatch(piece -> !piece.hole());
                        assertThat(both.data()).isEqualTo(big.peek(0, 4 << 20));
                    }
                }));
    }

    @TestFactory
    Stream<DynamicTest> dontFragment() {
        return Stream.of(Mode.STRUCTURED, Mode.EXTENDED)
                .map(mode -> dynamicTest(mode.toString(), () -> {
                    try (var client = rig.open(mode, "big")) {
                        // "the server MUST support unfragmented reads … [that do] not exceed 65,536 bytes"
                        Reply mixed = client.must(
                                Request.read((1 << 20) - 30_000, 65_536).with(CmdFlag.DF));
                        assertThat(mixed.content()).hasSize(1);
                        assertThat(mixed.content().getFirst().hole())
                                .as("data and a hole are data")
                                .isFalse();
                        Bytes.assertZeros(
                                client.must(Request.read(2 << 20, 65_536).with(CmdFlag.DF))
                                        .data());
                        Reply most =
                                client.call(Request.read(0, Proto.MAX_PAYLOAD).with(CmdFlag.DF));
                        assertThat(most.error()).isIn(0, Err.EOVERFLOW);
                        assertThat(most.content()).hasSizeLessThanOrEqualTo(most.error() == 0 ? 1 : 0);
                    }
                }));
    }

    @TestFactory
    Stream<DynamicTest> aFaultyMediumIsEio() {
        return Stream.of(Mode.values())
                .map(mode -> dynamicTest(mode.toString(), () -> {
                    big.fail(call -> call.kind() == Kind.READ && call.touches(4096), FaultKind.IO_ERROR);
                    try (var client = rig.open(mode, "big")) {
                        assertThat(client.read(0, 4096)).hasSize(4096);
                        Reply reply = client.call(Request.read(4096, 512));
                        assertThat(reply.error()).isEqualTo(Err.EIO);
                        assertThat(client.read(8192, 4096))
                                .as("the next request")
                                .hasSize(4096);
                    }
                }));
    }

    @TestFactory
    Stream<DynamicTest> errorsInTheMiddleOfABigRead() {
        List<Long> places = List.of(0L, 70_000L, (3L << 20) + 5, (27L << 20) + 77_777, (30L << 20) + 1000);
        return Stream.of(Mode.values())
                .flatMap(mode -> places.stream()
                        .map(place -> dynamicTest("%s: at %d".formatted(mode, place), () -> {
                            big.fail(call -> call.kind() == Kind.READ && call.touches(place), FaultKind.IO_ERROR);
                            try (var client = rig.open(mode, "big")) {
                                Reply reply = client.call(Request.read(0, Proto.MAX_PAYLOAD));
                                assertThat(reply.error()).isEqualTo(Err.EIO);
                                if (reply.errorOffset() >= 0) {
                                    assertThat(reply.errorOffset()).isLessThanOrEqualTo(place);
                                }
                                assertThat(client.read(1 << 20, 4096))
                                        .as("the next request")
                                        .containsOnly(0);
                            } catch (EOFException | SocketException e) {
                                // After a simple reply that promised all of it there is no other way.
                                assertThat(mode).isEqualTo(Mode.SIMPLE);
                            }
                            rig.assertServes();
                        })));
    }

    @Test
    void errorsCarryWords() throws Exception {
        big.fail(call -> call.kind() == Kind.READ, FaultKind.IO_ERROR);
        for (Mode mode : new Mode[] {Mode.STRUCTURED, Mode.EXTENDED}) {
            try (var client = rig.open(mode, "big")) {
                assertThat(client.call(Request.read(0, 512)).message()).isNotEmpty();
                assertThat(client.call(Request.read(BIG, 512)).message()).isNotEmpty();
            }
        }
    }
}
