package io.rawcow.nbd.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.rawcow.nbd.suite.Proto.Cmd;
import io.rawcow.nbd.suite.Proto.Err;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Where requests may lie and how long they may be: "Error values" and "Block size constraints". */
class RangesTest {
    // CACHE beyond the end is in no sentence of the document; an error of either sort will do.
    private static final Map<Integer, Set<Integer>> BEYOND_THE_END = Map.of(
            Cmd.READ, Set.of(Err.EINVAL),
            Cmd.WRITE, Set.of(Err.ENOSPC),
            Cmd.TRIM, Set.of(Err.EINVAL),
            Cmd.CACHE, Set.of(Err.EINVAL, Err.ENOSPC),
            Cmd.WRITE_ZEROES, Set.of(Err.ENOSPC),
            Cmd.BLOCK_STATUS, Set.of(Err.EINVAL));

    private static Rig rig;

    @BeforeAll
    static void start() throws IOException {
        rig = Rig.start();
        rig.offer("tiny", new MemoryDevice(1));
        rig.offer("odd", new MemoryDevice(4095));
        rig.offer("roomy", new MemoryDevice(100 << 20));
        rig.offer("huge", new MemoryDevice(Long.MAX_VALUE - (2 << 20)));
    }

    @AfterAll
    static void everybodyHasLeft() throws Exception {
        rig.assertServes();
        rig.assertDeserted();
        rig.close();
    }

    private record Span(long offset, long length) {}

    private static Stream<Span> beyond(long size) {
        return Stream.of(
                new Span(size, 1),
                new Span(size - 1, 2),
                new Span(0, size + 1),
                new Span(size + 1, 1),
                new Span(size + 4096, 4096),
                new Span(Long.MAX_VALUE, 1),
                new Span(Long.MIN_VALUE, 1),
                new Span(-1, 1),
                new Span(-512, 512),
                new Span(-512, 1024));
    }

    @TestFactory
    Stream<DynamicTest> beyondTheEnd() {
        return Stream.of(Mode.values())
                .flatMap(mode -> BEYOND_THE_END.keySet().stream()
                        .sorted()
                        .filter(command -> mode != Mode.SIMPLE || command != Cmd.BLOCK_STATUS)
                        .flatMap(command -> Map.of("tiny", 1L, "odd", 4095L, Rig.DISK, Rig.SIZE).entrySet().stream()
                                .flatMap(export -> beyond(export.getValue())
                                        .map(span -> beyondTheEnd(mode, command, export.getKey(), span)))));
    }

    private static DynamicTest beyondTheEnd(Mode mode, int command, String export, Span span) {
        String title = "%s: command %d of %s at %s".formatted(mode, command, export, span);
        return dynamicTest(title, () -> {
            try (var client = rig.open(mode, export)) {
                Request request = Request.of(command, span.offset(), span.length());
                if (command == Cmd.WRITE) {
                    request = request.carrying(new byte[(int) span.length()]);
                }
                assertThat(client.call(request).error()).isIn(BEYOND_THE_END.get(command));
                assertThat(client.read(0, 1)).as("the next request").hasSize(1);
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> lengthsThatOverflow64Bits() {
        return Stream.of(-1L, -512L, Long.MIN_VALUE, Long.MAX_VALUE)
                .flatMap(length -> Stream.of(Cmd.READ, Cmd.TRIM, Cmd.CACHE, Cmd.WRITE_ZEROES, Cmd.BLOCK_STATUS)
                        .map(command -> dynamicTest("command %d of %d bytes".formatted(command, length), () -> {
                            try (var client = rig.open(Mode.EXTENDED)) {
                                for (long offset : new long[] {1, 512, Rig.SIZE, -length, 513 - length}) {
                                    int error = client.call(Request.of(command, offset, length))
                                            .error();
                                    // Too long by itself, too.
                                    assertThat(error)
                                            .isIn(Err.EINVAL, Err.EOVERFLOW, Err.ENOSPC)
                                            .isIn(merge(BEYOND_THE_END.get(command), Err.EINVAL, Err.EOVERFLOW));
                                }
                                assertThat(client.read(0, 1)).hasSize(1);
                            }
                        })));
    }

    private static List<Integer> merge(Set<Integer> some, Integer... others) {
        return Stream.concat(some.stream(), Arrays.stream(others)).toList();
    }

    @TestFactory
    Stream<DynamicTest> zeroLength() {
        // "the behavior of a server on such a request is unspecified although the server SHOULD NOT disconnect"
        return Stream.of(Mode.values())
                .flatMap(mode -> BEYOND_THE_END.keySet().stream()
                        .sorted()
                        .map(command -> dynamicTest("%s: command %d".formatted(mode, command), () -> {
                            try (var client = rig.open(mode)) {
                                byte[] before = rig.device().peek(0, 4096);
                                for (long offset : new long[] {0, 100, Rig.SIZE - 1, Rig.SIZE, Rig.SIZE + 1, -1}) {
                                    if (command != Cmd.BLOCK_STATUS) {
                                        client.call(Request.of(command, offset, 0));
                                    }
                                    assertThat(client.read(1, 1)).isEqualTo(MemoryDevice.pattern(1, 1));
                                }
                                assertThat(rig.device().peek(0, 4096)).isEqualTo(before);
                            }
                        })));
    }

    @TestFactory
    Stream<DynamicTest> blockStatusOfZeroLengthIsAnErrorOrAStatus() {
        return Stream.of(Mode.STRUCTURED, Mode.EXTENDED)
                .map(mode -> dynamicTest(mode.toString(), () -> {
                    try (var client = rig.open(mode)) {
                        assertThat(client.call(Request.status(100, 0)).error()).isIn(0, Err.EINVAL);
                        assertThat(client.read(1, 1)).hasSize(1);
                    }
                }));
    }

    @TestFactory
    Stream<DynamicTest> theLastBytes() {
        return Stream.of(Mode.values())
                .flatMap(mode -> LongStream.of(1, 2, 512, 513, 4096, 4097, 10_001)
                        .mapToObj(length -> dynamicTest("%s: the last %d".formatted(mode, length), () -> {
                            try (var client = rig.open(mode)) {
                                byte[] expected = rig.device().peek(Rig.SIZE - length, (int) length);
                                assertThat(client.read(Rig.SIZE - length, length))
                                        .isEqualTo(expected);
                                client.must(Request.write(Rig.SIZE - length, expected));
                                client.must(Request.cache(Rig.SIZE - length, length));
                                assertThat(client.read(Rig.SIZE - length, length))
                                        .isEqualTo(expected);
                            }
                        })));
    }

    @TestFactory
    Stream<DynamicTest> thirtyTwoMebibytesAreFine() {
        return Stream.of(Mode.values())
                .map(mode -> dynamicTest(mode.toString(), () -> {
                    try (var client = rig.open(mode, "roomy")) {
                        byte[] data = MemoryDevice.pattern(3, Proto.MAX_PAYLOAD);
                        client.must(Request.write(3, data));
                        assertThat(client.read(3, Proto.MAX_PAYLOAD)).isEqualTo(data);
                        client.must(Request.trim(0, Proto.MAX_PAYLOAD));
                        client.must(Request.cache(0, Proto.MAX_PAYLOAD));
                        client.must(Request.zeroes(3, Proto.MAX_PAYLOAD));
                        Bytes.assertZeros(client.read(3, Proto.MAX_PAYLOAD));
                    }
                }));
    }

    @TestFactory
    Stream<DynamicTest> readsOfMoreAreRefusedOrDone() {
        // "The server SHOULD report an NBD_EINVAL error"; in chunks it MAY answer all the same.
        return Stream.of(Mode.values())
                .flatMap(mode -> LongStream.of(Proto.MAX_PAYLOAD + 1L, 64 << 20)
                        .mapToObj(length -> dynamicTest("%s: %d bytes".formatted(mode, length), () -> {
                            try (var client = rig.open(mode, "roomy")) {
                                Reply reply = client.call(Request.read(0, length));
                                assertThat(reply.error()).isIn(mode == Mode.SIMPLE ? List.of(22) : List.of(0, 22));
                                assertThat(client.read(0, 1)).hasSize(1);
                            }
                        })));
    }

    @TestFactory
    Stream<DynamicTest> writesOfMoreAreRefusedOrEndTheConnection() {
        // A payload beyond 32 MiB MAY be taken for an attack.
        return Stream.of(Mode.values())
                .map(mode -> dynamicTest(mode.toString(), () -> {
                    try (var client = rig.open(mode, "roomy")) {
                        Reply reply = client.call(Request.write(0, new byte[Proto.MAX_PAYLOAD + 1]));
                        assertThat(reply.error()).isEqualTo(Err.EINVAL);
                        assertThat(client.read(0, 1)).hasSize(1);
                    } catch (EOFException | SocketException e) {
                        assertThat(e).as("closed, which is allowed").isNotNull();
                    }
                    rig.assertServes();
                }));
    }

    @Test
    void whatHasNoPayloadMayBeLonger() throws Exception {
        // "the server SHOULD NOT disconnect, but MAY reply with an NBD_EOVERFLOW or NBD_EINVAL"
        for (Mode mode : Mode.values()) {
            try (var client = rig.open(mode, "huge")) {
                for (long length : new long[] {Proto.MAX_PAYLOAD + 1L, 0x7fff_ffffL, 0x8000_0000L, 0xffff_ffffL}) {
                    assertThat(client.call(Request.trim(8192, length)).error()).isIn(0, Err.EINVAL, Err.EOVERFLOW);
                    assertThat(client.call(Request.zeroes(8192, length)).error())
                            .isIn(0, Err.EINVAL, Err.EOVERFLOW);
                    assertThat(client.call(Request.cache(8192, length)).error()).isIn(0, Err.EINVAL, Err.EOVERFLOW);
                    if (mode != Mode.SIMPLE) {
                        client.must(Request.status(8192, length));
                    }
                }
                assertThat(client.read(8192, 1)).hasSize(1);
            }
        }
    }

    @Test
    void theFarEndOfAHugeExport() throws Exception {
        long size = Long.MAX_VALUE - (2 << 20);
        for (Mode mode : Mode.values()) {
            try (var client = rig.open(mode, "huge")) {
                client.must(Request.write(size - 3, (byte) 1, (byte) 2, (byte) 3));
                assertThat(client.read(size - 4, 4)).containsExactly(0, 1, 2, 3);
                assertThat(client.call(Request.read(size - 3, 4)).error()).isEqualTo(Err.EINVAL);
                client.must(Request.zeroes(size - 3, 3));
            }
        }
    }

    @TestFactory
    Stream<DynamicTest> flushWithARange() {
        // Both fields MUST be zero: EINVAL, or they are ignored.
        return Stream.of(Mode.values())
                .map(mode -> dynamicTest(mode.toString(), () -> {
                    try (var client = rig.open(mode)) {
                        assertThat(client.call(Request.of(Cmd.FLUSH, 512, 0)).error())
                                .isIn(0, Err.EINVAL);
                        assertThat(client.call(Request.of(Cmd.FLUSH, 0, 512)).error())
                                .isIn(0, Err.EINVAL);
                        assertThat(client.call(Request.of(Cmd.FLUSH, -1, 1)).error())
                                .isIn(0, Err.EINVAL);
                        assertThat(client.read(0, 1)).hasSize(1);
                    }
                }));
    }
}
