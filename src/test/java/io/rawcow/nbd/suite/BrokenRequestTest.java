package io.rawcow.nbd.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.rawcow.block.FaultKind;
import io.rawcow.nbd.suite.MemoryDevice.Kind;
import io.rawcow.nbd.suite.Proto.Cmd;
import io.rawcow.nbd.suite.Proto.CmdFlag;
import io.rawcow.nbd.suite.Proto.Err;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Requests that are none, commands that nobody knows, and devices that fail: what the client is told. */
class BrokenRequestTest {
    private Rig rig;

    @BeforeEach
    void start() throws IOException {
        rig = Rig.start();
    }

    @AfterEach
    void everybodyHasLeft() throws Exception {
        rig.device().onCall(call -> {});
        rig.assertServes();
        rig.assertDeserted();
        rig.close();
    }

    @TestFactory
    Stream<DynamicTest> wrongMagicsEndTheConnection() {
        return Stream.of(
                        0,
                        -1,
                        0x13956025,
                        0x12560953,
                        0x25609514,
                        0x25609512,
                        Proto.SIMPLE_REPLY_MAGIC,
                        Proto.STRUCTURED_REPLY_MAGIC)
                .flatMap(magic -> Stream.of(Mode.values())
                        .map(mode -> dynamicTest("%s: 0x%08x".formatted(mode, magic), () -> {
                            try (var client = rig.open(mode)) {
                                byte[] request =
                                        new Wire().u32(magic).raw(new byte[28]).bytes();
                                client.nbd().send(request).assertClosed();
                            }
                        })));
    }

    @TestFactory
    Stream<DynamicTest> unknownCommands() {
        return Stream.of(8, 9, 10, 255, 256, 0x7fff, 0x8000, 0xffff)
                .flatMap(command -> Stream.of(Mode.values())
                        .map(mode -> dynamicTest("%s: command %d".formatted(mode, command), () -> {
                            try (var client = rig.open(mode)) {
                                for (Request request : new Request[] {
                                    Request.of(command, 0, 0),
                                    Request.of(command, 4096, 512),
                                    Request.of(command, -1, 0xffff_ffffL),
                                    Request.of(command, 0, 0).with(CmdFlag.FUA),
                                    Request.of(command, 0, 0).with(0xff00),
                                }) {
                                    assertThat(client.call(request).error())
                                            .as("%s", request)
                                            .isEqualTo(Err.EINVAL);
                                    // Nothing was taken for a payload.
                                    assertThat(client.read(2, 2)).isEqualTo(MemoryDevice.pattern(2, 2));
                                }
                            }
                        })));
    }

    @TestFactory
    Stream<DynamicTest> theDeviceFails() {
        Map<FaultKind, Set<Integer>> told = Map.of(
                FaultKind.IO_ERROR, Set.of(Err.EIO),
                FaultKind.NO_SPACE, Set.of(Err.ENOSPC),
                FaultKind.IMAGE_FAILED, Set.of(Err.EIO),
                FaultKind.IMAGE_CLOSED, Set.of(Err.EIO, Err.ESHUTDOWN),
                FaultKind.CANCELLED, Set.of(Err.EIO, Err.ESHUTDOWN),
                FaultKind.FORBIDDEN, Set.of(Err.EPERM, Err.EIO),
                FaultKind.OUT_OF_RANGE, Set.of(Err.EIO, Err.EINVAL, Err.ENOSPC),
                // ENOTSUP belongs to FAST_ZERO.
                FaultKind.NOT_SUPPORTED, Set.of(Err.EIO, Err.EINVAL));
        Map<Kind, Request> requests = Map.of(
                Kind.READ, Request.read(0, 512),
                Kind.WRITE, Request.write(0, new byte[512]),
                Kind.ZERO, Request.zeroes(0, 512),
                Kind.TRIM, Request.trim(0, 512),
                Kind.PREFETCH, Request.cache(0, 512),
                Kind.FLUSH, Request.flush());
        return told.keySet().stream()
                .flatMap(fault -> requests.keySet().stream()
                        .map(kind -> dynamicTest("%s of %s".formatted(fault, kind), () -> {
                            rig.device().fail(call -> call.kind() == kind, fault);
                            for (Mode mode : Mode.values()) {
                                try (var client = rig.open(mode)) {
                                    Reply reply = client.call(requests.get(kind));
                                    assertThat(reply.error()).isIn(told.get(fault));
                                    assertGoesOn(client, kind);
                                }
                            }
                            rig.device().onCall(call -> {});
                        })));
    }

    private static void assertGoesOn(Transmission client, Kind broken) throws IOException {
        Request other = broken == Kind.READ ? Request.trim(0, 512) : Request.read(0, 1);
        client.must(other);
    }

    @TestFactory
    Stream<DynamicTest> theFlushBehindFuaFails() {
        return Stream.of(Mode.values())
                .map(mode -> dynamicTest(mode.toString(), () -> {
                    rig.device().fail(call -> call.kind() == Kind.FLUSH, FaultKind.IO_ERROR);
                    try (var client = rig.open(mode)) {
                        client.must(Request.write(0, (byte) 1));
                        assertThat(client.call(Request.write(0, (byte) 1).with(CmdFlag.FUA))
                                        .error())
                                .isEqualTo(Err.EIO);
                        assertThat(client.call(Request.zeroes(0, 1).with(CmdFlag.FUA))
                                        .error())
                                .isEqualTo(Err.EIO);
                        assertThat(client.call(Request.flush()).error()).isEqualTo(Err.EIO);
                        client.must(Request.read(0, 1));
                    }
                    rig.device().onCall(call -> {});
                }));
    }

    @TestFactory
    Stream<DynamicTest> theDeviceHasABug() {
        return Stream.of(Cmd.READ, Cmd.WRITE, Cmd.FLUSH)
                .map(command -> dynamicTest("command " + command, () -> {
                    rig.device().onCall(call -> {
                        if (call.kind() != Kind.PREFETCH) {
                            throw new IllegalStateException("a bug for the test");
                        }
                    });
                    for (Mode mode : Mode.values()) {
                        try (var client = rig.open(mode)) {
                            Request request =
                                    command == Cmd.WRITE ? Request.write(0, (byte) 1) : Request.of(command, 0, 0);
                            if (command == Cmd.READ) {
                                request = Request.read(0, 512);
                            }
                            assertThat(client.call(request).error()).isEqualTo(Err.EIO);
                            client.must(Request.cache(0, 1));
                        } catch (EOFException | SocketException e) {
                            assertThat(e)
                                    .as("harm to this client, which is allowed")
                                    .isNotNull();
                        }
                    }
                    rig.device().onCall(call -> {});
                }));
    }

    @TestFactory
    Stream<DynamicTest> errorsOfEveryCommandCarryWordsInChunks() {
        return Stream.of(Mode.STRUCTURED, Mode.EXTENDED)
                .map(mode -> dynamicTest(mode.toString(), () -> {
                    try (var client = rig.open(mode)) {
                        // "The server SHOULD prefer sending errors via a structured reply".
                        for (Request request : new Request[] {
                            Request.read(Rig.SIZE, 1),
                            Request.write(Rig.SIZE, (byte) 1),
                            Request.trim(Rig.SIZE, 1),
                            Request.zeroes(Rig.SIZE, 1),
                            Request.status(Rig.SIZE, 1),
                            Request.of(77, 0, 0),
                            Request.flush().with(CmdFlag.DF),
                        }) {
                            assertThat(client.call(request).message())
                                    .as("%s", request)
                                    .isNotEmpty();
                        }
                    }
                }));
    }
}
