package io.rawcow.nbd.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.rawcow.nbd.suite.Proto.Cmd;
import io.rawcow.nbd.suite.Proto.CmdFlag;
import io.rawcow.nbd.suite.Proto.Err;
import java.io.IOException;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** "Command flags": each of the 16 bits with each command, in each mode. */
class CommandFlagsTest {
    // "the server MUST accept all commands with this bit set": FUA, wherever it is offered.
    private static final Map<Integer, Integer> ALLOWED = Map.of(
            Cmd.READ, CmdFlag.FUA | CmdFlag.DF,
            Cmd.WRITE, CmdFlag.FUA,
            Cmd.FLUSH, CmdFlag.FUA,
            Cmd.TRIM, CmdFlag.FUA,
            Cmd.CACHE, CmdFlag.FUA,
            Cmd.WRITE_ZEROES, CmdFlag.FUA | CmdFlag.NO_HOLE | CmdFlag.FAST_ZERO,
            Cmd.BLOCK_STATUS, CmdFlag.FUA | CmdFlag.REQ_ONE);

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

    @TestFactory
    Stream<DynamicTest> flags() {
        return Stream.of(Mode.values())
                .flatMap(mode -> ALLOWED.keySet().stream()
                        .sorted()
                        .flatMap(command -> IntStream.range(0, 16)
                                .map(bit -> 1 << bit)
                                // With extended headers this one changes what follows: ExtendedHeadersTest.
                                .filter(flag -> mode != Mode.EXTENDED || flag != CmdFlag.PAYLOAD_LEN)
                                .mapToObj(flag -> flag(mode, command, flag))));
    }

    private static DynamicTest flag(Mode mode, int command, int flag) {
        return dynamicTest("%s: command %d with 0x%x".formatted(mode, command, flag), () -> {
            boolean chunks = mode != Mode.SIMPLE;
            boolean known = (ALLOWED.get(command) & flag) != 0;
            boolean fits = chunks || (flag != CmdFlag.DF && command != Cmd.BLOCK_STATUS);
            try (var client = rig.open(mode)) {
                byte[] before = rig.device().peek(512, 512);
                Request request = command == Cmd.WRITE
                        ? Request.write(512, new byte[512])
                        : Request.of(command, command == Cmd.FLUSH ? 0 : 512, command == Cmd.FLUSH ? 0 : 512);
                Reply reply = client.call(request.with(flag));
                assertThat(reply.error()).isEqualTo(known && fits ? 0 : Err.EINVAL);
                if (reply.error() != 0) {
                    assertThat(rig.device().peek(512, 512))
                            .as("a refused request does nothing")
                            .isEqualTo(before);
                }
                assertThat(client.call(Request.read(0, 1)).error())
                        .as("the next request")
                        .isZero();
            } finally {
                rig.device().filled(512, 512);
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> allAllowedFlagsAtOnce() {
        return ALLOWED.keySet().stream()
                .map(command -> dynamicTest("command " + command, () -> {
                    try (var client = rig.open(Mode.EXTENDED)) {
                        Request request = command == Cmd.WRITE
                                ? Request.write(0, MemoryDevice.pattern(0, 512))
                                : Request.of(
                                        command, command == Cmd.FLUSH ? 0 : 131072, command == Cmd.FLUSH ? 0 : 512);
                        assertThat(client.call(request.with(ALLOWED.get(command)))
                                        .error())
                                .isZero();
                        assertThat(client.call(request.with(0xffc0)).error()).isEqualTo(Err.EINVAL);
                        assertThat(client.read(0, 1)).hasSize(1);
                    }
                }));
    }
}
