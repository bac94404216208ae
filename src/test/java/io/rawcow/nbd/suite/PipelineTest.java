package io.rawcow.nbd.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.rawcow.nbd.suite.MemoryDevice.Kind;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Many requests at once on a connection: answers by cookie and in any order, and the way out with some in flight. */
class PipelineTest {
    private static final int SIZE = 16 << 20;

    private Rig rig;
    private MemoryDevice disk;

    @BeforeEach
    void start() throws IOException {
        rig = Rig.start();
        disk = new MemoryDevice(SIZE).filled(0, SIZE);
        rig.offer("wide", disk);
    }

    @AfterEach
    void everybodyHasLeft() throws Exception {
        rig.assertServes();
        rig.assertDeserted();
        assertThat(disk.misuse()).isEmpty();
        rig.close();
    }

    private static Stream<DynamicTest> inAllModes(ModeTest test) {
        return Stream.of(Mode.values()).map(mode -> dynamicTest(mode.toString(), () -> test.run(mode)));
    }

    private interface ModeTest {
        void run(Mode mode) throws Exception;
    }

    @TestFactory
    Stream<DynamicTest> aThousandRequestsInFlight() {
        return inAllModes(mode -> {
            try (var client = rig.open(mode, "wide")) {
                var cookies = new TreeMap<Long, Request>();
                for (int i = 0; i < 1000; i++) {
                    Request request = i % 3 == 0
                            ? Request.write(i * 4096L, MemoryDevice.pattern(i * 4096L, 4096))
                            : Request.read(i * 4096L, 100);
                    cookies.put(client.send(request), request);
                }
                for (var sent : cookies.entrySet()) {
                    Reply reply = client.await(sent.getKey());
                    assertThat(reply.error()).isZero();
                    if (reply.request().command() == Proto.Cmd.READ) {
                        assertThat(reply.data())
                                .isEqualTo(MemoryDevice.pattern(sent.getValue().offset(), 100));
                    }
                }
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> requestsInOneSegmentAreAllAnswered() {
        return inAllModes(mode -> {
            try (var client = rig.open(mode, "wide")) {
                var all = new ByteArrayOutputStream();
                var cookies = new ArrayList<Long>();
                for (int i = 0; i < 200; i++) {
                    Request request = i % 2 == 0 ? Request.read(i, 1) : Request.write(i, (byte) 1);
                    client.expect(request, i);
                    all.writeBytes(request.encode(mode, i));
                    cookies.add((long) i);
                }
                client.nbd().send(all.toByteArray());
                for (long cookie : cookies) {
                    assertThat(client.await(cookie).error()).isZero();
                }
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> cookiesAreOpaque() {
        return inAllModes(mode -> {
            try (var client = rig.open(mode, "wide")) {
                for (long cookie : new long[] {0, -1, 1, Long.MIN_VALUE, Long.MAX_VALUE, 0x6744669866446698L}) {
                    client.send(Request.read(0, 3), cookie);
                    client.send(Request.trim(SIZE, 1), cookie ^ 0x55);
                    assertThat(client.await(cookie ^ 0x55).error()).isEqualTo(Proto.Err.EINVAL);
                    assertThat(client.await(cookie).data()).hasSize(3);
                }
            }
        });
    }

    @Test
    void aCookieUsedTwiceIsAnsweredTwice() throws Exception {
        // Clients SHOULD NOT; the two are told apart by nothing, so they are the same here.
        try (var client = rig.open(Mode.SIMPLE, "wide")) {
            client.send(Request.read(5, 5), 9);
            client.send(Request.read(5, 5), 9);
            assertThat(client.await(9).data()).isEqualTo(MemoryDevice.pattern(5, 5));
            assertThat(client.await(9).data()).isEqualTo(MemoryDevice.pattern(5, 5));
        }
    }

    @TestFactory
    Stream<DynamicTest> aHungRequestHoldsUpNoOtherOnItsConnection() {
        List<Request> victims = List.of(
                Request.read(8192, 4096),
                Request.write(8192, new byte[4096]),
                Request.zeroes(8192, 4096),
                Request.trim(8192, 4096),
                Request.cache(8192, 4096));
        return victims.stream()
                .flatMap(victim -> Stream.of(Mode.values())
                        .map(mode -> dynamicTest("%s: %s".formatted(mode, victim), () -> {
                            try (var gate = disk.hang(call -> call.touches(8192));
                                    var client = rig.open(mode, "wide")) {
                                long hung = client.send(victim);
                                gate.awaitCaller();
                                for (int i = 0; i < 50; i++) {
                                    client.must(Request.read(65536 + i, 1000));
                                    client.must(Request.write(65536 + i, (byte) i));
                                    client.must(Request.flush());
                                }
                                gate.release();
                                assertThat(client.await(hung).error()).isZero();
                            } finally {
                                disk.filled(0, 1 << 20);
                            }
                        })));
    }

    @Test
    void answersComeInTheOrderInWhichTheDeviceIsDone() throws Exception {
        try (var client = rig.open(Mode.STRUCTURED, "wide")) {
            try (var gate = disk.hang(call -> call.touches(0))) {
                long first = client.send(Request.read(0, 512));
                gate.awaitCaller();
                long second = client.send(Request.read(4096, 512));
                assertThat(client.nextComplete()).isEqualTo(second);
                client.await(second);
                gate.release();
                assertThat(client.await(first).data()).isEqualTo(MemoryDevice.pattern(0, 512));
            }
        }
    }

    @Test
    void aHungRequestHoldsUpNoOtherConnection() throws Exception {
        try (var gate = disk.hang(call -> call.touches(0) && call.kind() == Kind.READ)) {
            var stuck = new ArrayList<Transmission>();
            for (int i = 0; i < 20; i++) {
                var client = rig.open(Mode.SIMPLE, "wide");
                for (int k = 0; k < 20; k++) {
                    client.send(Request.read(0, 512), k);
                }
                stuck.add(client);
            }
            gate.awaitCaller();
            try (var client = rig.open(Mode.SIMPLE, "wide")) {
                client.must(Request.write(4096, new byte[1 << 20]));
                Bytes.assertZeros(client.read(4096, 1 << 20));
            }
            gate.release();
            for (Transmission client : stuck) {
                for (int k = 0; k < 20; k++) {
                    assertThat(client.await(k).error()).isZero();
                }
                client.disconnect();
                client.close();
            }
        }
    }

    @TestFactory
    Stream<DynamicTest> disconnectEndsTheConnection() {
        return inAllModes(mode -> {
            try (var client = rig.open(mode, "wide")) {
                client.read(0, 1);
                client.disconnect();
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> whatWasAskedBeforeDisconnectIsDone() {
        // "The server MUST handle all outstanding requests"; whether it still answers them is left open.
        return inAllModes(mode -> {
            disk.filled(0, 1 << 20);
            try (var gate = disk.hang(call -> call.kind() == Kind.WRITE && call.touches(1000));
                    var client = rig.open(mode, "wide")) {
                client.send(Request.write(1000, (byte) 7, (byte) 8));
                gate.awaitCaller();
                client.send(Request.write(5000, (byte) 9));
                client.nbd().send(Request.disconnect().encode(mode, 0));
                gate.release();
                client.nbd().drain();
                assertThat(disk.peek(1000, 2)).containsExactly(7, 8);
                assertThat(disk.peek(5000, 1)).containsExactly(9);
            }
        });
    }

    @Test
    void largeAndSmallRequestsMixed() throws Exception {
        var random = new Random(11);
        try (var client = rig.open(Mode.STRUCTURED, "wide")) {
            var sent = new TreeMap<Long, Request>();
            for (int round = 0; round < 20; round++) {
                for (int i = 0; i < 8; i++) {
                    int length = i % 2 == 0 ? 1 + random.nextInt(4 << 20) : 1 + random.nextInt(4096);
                    Request request = Request.read(random.nextInt(SIZE - length), length);
                    sent.put(client.send(request), request);
                }
                while (sent.size() > 4) {
                    long cookie = client.nextComplete();
                    Request request = sent.remove(cookie);
                    assertThat(client.await(cookie).data())
                            .isEqualTo(disk.peek(request.offset(), (int) request.length()));
                }
            }
            for (long cookie : sent.keySet()) {
                assertThat(client.await(cookie).error()).isZero();
            }
        }
    }
}
