package io.rawcow.nbd.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.rawcow.nbd.suite.MemoryDevice.Kind;
import io.rawcow.nbd.suite.Proto.Cmd;
import io.rawcow.nbd.suite.Proto.CmdFlag;
import io.rawcow.nbd.suite.Proto.Err;
import io.rawcow.nbd.suite.Proto.Flag;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What only extended headers can say: effects beyond 32 bits, and payloads that a flag announces. */
class ExtendedHeadersTest {
    private static final long HUGE = 20L << 30;

    private Rig rig;
    private MemoryDevice huge;

    @BeforeEach
    void start() throws IOException {
        rig = Rig.start();
        huge = new MemoryDevice(HUGE).filled(0, 4096).filled(HUGE / 2, 4096).filled(HUGE - 4096, 4096);
        rig.offer("huge", huge);
    }

    @AfterEach
    void everybodyHasLeft() throws Exception {
        rig.assertServes();
        rig.assertDeserted();
        assertThat(huge.misuse()).isEmpty();
        rig.close();
    }

    @Test
    void effectsBeyond32Bits() throws Exception {
        try (var client = rig.open(Mode.EXTENDED, "huge")) {
            client.must(Request.trim(4096, HUGE - 8192));
            Bytes.assertZeros(client.read(HUGE / 2, 4096));
            assertThat(client.read(HUGE - 4096, 4096)).isEqualTo(MemoryDevice.pattern(HUGE - 4096, 4096));
            client.must(Request.zeroes(0, HUGE));
            Bytes.assertZeros(client.read(0, 4096));
            Bytes.assertZeros(client.read(HUGE - 4096, 4096));
            client.must(Request.zeroes(4096, HUGE - 4096).with(CmdFlag.FAST_ZERO));
            client.must(Request.status(0, HUGE));
            // A hint: to hold so much may be too much.
            assertThat(client.call(Request.cache(0, HUGE)).error()).isIn(0, Err.EINVAL, Err.EOVERFLOW);
            assertThat(client.call(Request.read(0, HUGE)).error()).isEqualTo(Err.EINVAL);
            assertThat(client.call(Request.trim(4096, HUGE)).error()).isEqualTo(Err.EINVAL);
            assertThat(client.call(Request.zeroes(1, HUGE)).error()).isEqualTo(Err.ENOSPC);
        }
        assertThat(huge.calls(Kind.TRIM).stream()
                        .mapToLong(MemoryDevice.Call::length)
                        .sum())
                .isEqualTo(HUGE - 8192);
    }

    @TestFactory
    Stream<DynamicTest> lengthsWhoseLowerHalfIsHarmless() {
        // A server that keeps 32 bits of the length would do these.
        return Stream.of(Cmd.READ, Cmd.TRIM, Cmd.CACHE, Cmd.WRITE_ZEROES, Cmd.BLOCK_STATUS)
                .map(command -> dynamicTest("command " + command, () -> {
                    try (var client = rig.open(Mode.EXTENDED)) {
                        for (long high = 1L << 32; high > 0; high <<= 5) {
                            Reply reply = client.call(Request.of(command, 0, high | 512));
                            assertThat(reply.error()).isNotZero();
                        }
                        assertThat(client.read(0, 512)).isEqualTo(MemoryDevice.pattern(0, 512));
                    }
                    assertThat(rig.device().calls()).noneMatch(call -> call.kind() == Kind.TRIM);
                }));
    }

    @Test
    void aWriteWithoutTheFlagHasNoPayload() throws Exception {
        // It MUST be set. Where it is not, the length is an effect length and nothing follows; or the connection ends.
        try (var client = rig.open(Mode.EXTENDED)) {
            assertThat(client.call(Request.of(Cmd.WRITE, 0, 512)).error()).isEqualTo(Err.EINVAL);
            assertThat(client.read(0, 512)).isEqualTo(MemoryDevice.pattern(0, 512));
        } catch (EOFException | SocketException e) {
            assertThat(e).as("closed, which is allowed").isNotNull();
        }
        assertThat(rig.device().calls(Kind.WRITE)).isEmpty();
    }

    @TestFactory
    Stream<DynamicTest> payloadsThatNobodyAskedFor() {
        // "a server SHOULD gracefully consume length bytes of payload (even if it then replies with an NBD_EINVAL …)"
        return Stream.of(Cmd.READ, Cmd.FLUSH, Cmd.TRIM, Cmd.CACHE, Cmd.WRITE_ZEROES, Cmd.BLOCK_STATUS, 8, 99, 0xffff)
                .flatMap(command -> Stream.of(1, 24, 512, 4096, 1 << 20, Proto.MAX_PAYLOAD)
                        .filter(length -> length <= 4096 || command == Cmd.READ || command == 99)
                        .map(length -> dynamicTest("command %d with %d bytes".formatted(command, length), () -> {
                            try (var client = rig.open(Mode.EXTENDED)) {
                                var request = new Request(command, CmdFlag.PAYLOAD_LEN, 0, length, new byte[length]);
                                assertThat(client.call(request).error()).isEqualTo(Err.EINVAL);
                                assertThat(client.read(0, 4)).isEqualTo(MemoryDevice.pattern(0, 4));
                            }
                        })));
    }

    /** "8 + n*4 bytes": an effect length and the contexts that are wanted. */
    private static Request filtered(long offset, long length, int... contexts) {
        var payload = new Wire().u64(length);
        for (int context : contexts) {
            payload.u32(context);
        }
        byte[] bytes = payload.bytes();
        return new Request(Cmd.BLOCK_STATUS, CmdFlag.PAYLOAD_LEN, offset, bytes.length, bytes);
    }

    private Transmission withBothContexts() throws IOException {
        RawNbd nbd = rig.greeted().extended();
        assertThat(nbd.setMeta("huge", Contexts.ALLOCATION, Contexts.STRIPES)).hasSize(2);
        return nbd.go("huge");
    }

    @Test
    void blockStatusOfSomeContexts() throws Exception {
        try (var client = withBothContexts()) {
            int allocation = client.nbd().contexts().get(Contexts.ALLOCATION);
            int stripes = client.nbd().contexts().get(Contexts.STRIPES);
            if (!client.info().has(Flag.BLOCK_STATUS_PAYLOAD)) {
                assertThat(client.call(filtered(0, 512, allocation)).error()).isEqualTo(Err.EINVAL);
                return; // it is an extension that a server may leave out
            }
            assertThat(client.must(filtered(0, 65_536, allocation)).status()).containsOnlyKeys(allocation);
            assertThat(client.must(filtered(3, 65_536, stripes)).status()).containsOnlyKeys(stripes);
            assertThat(client.must(filtered(3, HUGE - 3, stripes, allocation)).status())
                    .containsOnlyKeys(stripes, allocation);
            var one = client.must(filtered(100, 50, stripes).with(CmdFlag.REQ_ONE));
            assertThat(one.status().get(stripes)).containsExactly(new Reply.Extent(100, 50, 0));
            client.must(Request.status(0, 512));
        }
    }

    @TestFactory
    Stream<DynamicTest> blockStatusWithAPayloadThatIsWrong() {
        // "detects duplicate or unknown metacontext ids …: the server MUST gracefully consume the client's payload
        // before failing with NBD_EINVAL"
        return Stream.of(
                        filtered(0, 512, 99),
                        filtered(0, 512, -1),
                        filtered(0, 512, 0, 0),
                        filtered(0, 512, 0, 99),
                        filtered(HUGE, 1, 0),
                        filtered(0, HUGE + 1, 0),
                        filtered(1, -1, 0),
                        filtered(0, 512, new int[1000]),
                        of(9),
                        of(11),
                        of(14),
                        of(1 << 20))
                .map(request -> dynamicTest("%s, %d bytes".formatted(request, request.payload().length), () -> {
                    try (var client = withBothContexts()) {
                        assertThat(client.call(request).error()).isEqualTo(Err.EINVAL);
                        assertThat(client.read(0, 4)).isEqualTo(MemoryDevice.pattern(0, 4));
                    }
                }));
    }

    private static Request of(int payload) {
        return new Request(Cmd.BLOCK_STATUS, CmdFlag.PAYLOAD_LEN, 0, payload, new byte[payload]);
    }

    @TestFactory
    Stream<DynamicTest> aPayloadOfNothing() {
        return Stream.of(Cmd.READ, Cmd.WRITE, Cmd.FLUSH, Cmd.TRIM, Cmd.CACHE, Cmd.WRITE_ZEROES)
                .map(command -> dynamicTest("command " + command, () -> {
                    // "a (nonzero) payload length"; for WRITE a length of 0 is unspecified anyway.
                    try (var client = rig.open(Mode.EXTENDED)) {
                        var request = Request.of(command, 0, 0).with(CmdFlag.PAYLOAD_LEN);
                        int error = client.call(request).error();
                        if (command == Cmd.WRITE) {
                            assertThat(error).isIn(0, Err.EINVAL);
                        } else {
                            assertThat(error).isEqualTo(Err.EINVAL);
                        }
                        assertThat(client.read(0, 4)).isEqualTo(MemoryDevice.pattern(0, 4));
                    }
                }));
    }

    @TestFactory
    Stream<DynamicTest> payloadsBeyondTheMaximumEndTheConnection() {
        return Stream.of(Proto.MAX_PAYLOAD + 1L, 1L << 32, 1L << 32 | 512, Long.MAX_VALUE, -1L)
                .flatMap(length -> Stream.of(Cmd.WRITE, Cmd.READ, Cmd.TRIM, 99)
                        .map(command -> dynamicTest("command %d of %d bytes".formatted(command, length), () -> {
                            try (var client = rig.open(Mode.EXTENDED)) {
                                var request = Request.of(command, 0, length).with(CmdFlag.PAYLOAD_LEN);
                                client.nbd().send(request.encode(Mode.EXTENDED, 1));
                                // Nothing, or a farewell; but the end, though the payload never comes.
                                client.nbd().drain();
                            }
                            assertThat(rig.device().calls(Kind.WRITE)).isEmpty();
                        })));
    }

    @TestFactory
    Stream<DynamicTest> headersOfTheOtherKindEndTheConnection() {
        return Stream.of(Mode.values())
                .map(mode -> dynamicTest(mode.toString(), () -> {
                    Mode other = mode == Mode.EXTENDED ? Mode.STRUCTURED : Mode.EXTENDED;
                    try (var client = rig.open(mode)) {
                        byte[] request = new Wire()
                                .raw(Request.read(0, 512).encode(other, 1))
                                .raw(new byte[16])
                                .bytes();
                        client.nbd().send(request);
                        client.nbd().assertClosed();
                    }
                }));
    }

    @Test
    void compactAndExtendedClientsLiveTogether() throws Exception {
        try (var compact = rig.open(Mode.SIMPLE);
                var chunks = rig.open(Mode.STRUCTURED);
                var extended = rig.open(Mode.EXTENDED)) {
            extended.must(Request.write(100, (byte) 42));
            assertThat(compact.read(100, 1)).containsExactly(42);
            assertThat(chunks.read(100, 1)).containsExactly(42);
        }
    }
}
