package io.rawcow.nbd.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.rawcow.nbd.suite.MemoryDevice.Kind;
import java.io.IOException;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/** Clients that stop in the middle of something are cut; those that merely have nothing to say are not. */
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class StallIT {
    private static final Duration SOON = Duration.ofSeconds(1);
    private static final int BIG = 64 << 20;

    private Rig rig;

    @BeforeEach
    void start() throws IOException {
        rig = Rig.start(limits -> limits.stall(SOON).bufferBytes(64L << 20));
        rig.offer("big", new MemoryDevice(BIG).filled(0, BIG));
    }

    @AfterEach
    void everybodyHasLeft() throws Exception {
        rig.assertServes();
        rig.assertDeserted();
        rig.close();
    }

    @Test
    void silenceBetweenRequestsIsFine() throws Exception {
        try (var simple = rig.open(Mode.SIMPLE);
                var structured = rig.open(Mode.STRUCTURED);
                var extended = rig.open(Mode.EXTENDED)) {
            assertThat(extended.read(0, 1)).hasSize(1);
            Thread.sleep(SOON.toMillis() * 2);
            for (Transmission client : List.of(simple, structured, extended)) {
                assertThat(client.read(0, 1)).hasSize(1);
            }
        }
    }

    @TestFactory
    Stream<DynamicTest> aRequestThatStopsIsCut() {
        return Stream.of(Mode.values())
                .map(mode -> dynamicTest(mode.toString(), () -> {
                    byte[] small = Request.write(0, new byte[1000]).encode(mode, 1);
                    byte[] large = Request.write(0, new byte[1 << 20]).encode(mode, 1);
                    byte[][] parts = {
                        Arrays.copyOf(small, 1),
                        Arrays.copyOf(small, 27),
                        Arrays.copyOf(small, mode == Mode.EXTENDED ? 32 : 28),
                        Arrays.copyOf(small, small.length - 1),
                        Arrays.copyOf(large, 70_000),
                        Arrays.copyOf(large, large.length - 1),
                        // Its payload is only thrown away, but it must come all the same.
                        Arrays.copyOf(Request.write(BIG, new byte[1 << 20]).encode(mode, 1), 70_000),
                    };
                    var stopped = new ArrayList<Transmission>();
                    for (byte[] part : parts) {
                        var client = rig.open(mode, "big");
                        client.nbd().send(part);
                        stopped.add(client);
                    }
                    for (Transmission client : stopped) {
                        client.nbd().drain();
                        client.close();
                    }
                }));
    }

    @Test
    void halfPayloadsHoldUpNobodyElse() throws Exception {
        var stuck = new ArrayList<Transmission>();
        byte[] half = Arrays.copyOf(
                Request.write(0, new byte[Proto.MAX_PAYLOAD]).encode(Mode.SIMPLE, 1), Proto.MAX_PAYLOAD / 2);
        for (int i = 0; i < 6; i++) {
            var client = rig.open(Mode.SIMPLE, "big");
            client.nbd().send(half);
            stuck.add(client);
        }
        try (var client = rig.open(Mode.STRUCTURED, "big")) {
            byte[] data = MemoryDevice.pattern(5, Proto.MAX_PAYLOAD);
            client.must(Request.write(0, data));
            assertThat(client.read(0, data.length)).isEqualTo(data);
            assertThat(client.read(100, 10)).hasSize(10);
        }
        for (Transmission client : stuck) {
            client.nbd().drain();
            client.close();
        }
    }

    @TestFactory
    Stream<DynamicTest> aClientThatTakesNoAnswersIsCut() {
        return Stream.of(Mode.values())
                .map(mode -> dynamicTest(mode.toString(), () -> {
                    try (var nbd = RawNbd.narrow(rig.address())) {
                        var client = nbd.greet().negotiate(mode).go("big");
                        byte[] reads = new Wire()
                                .raw(Request.read(0, 1 << 20).encode(mode, 1))
                                .raw(Request.read(1, 100).encode(mode, 2))
                                .bytes();
                        // Sooner or later nothing more can be sent, for nothing is taken; then it ends.
                        assertThatThrownBy(() -> {
                                    while (true) {
                                        client.nbd().send(reads);
                                    }
                                })
                                .isInstanceOf(SocketException.class);
                    }
                }));
    }

    @Test
    void answersThatNobodyTakesHoldUpNobodyElse() throws Exception {
        var deaf = new ArrayList<RawNbd>();
        long before = residentBytes();
        for (int i = 0; i < 20; i++) {
            var nbd = RawNbd.narrow(rig.address());
            var client = nbd.greet().go("big");
            for (int k = 0; k < 20; k++) {
                client.send(Request.read(0, Proto.MAX_PAYLOAD), k);
            }
            deaf.add(nbd);
        }
        try (var client = rig.open(Mode.STRUCTURED, "big")) {
            assertThat(client.read(0, Proto.MAX_PAYLOAD)).isEqualTo(MemoryDevice.pattern(0, Proto.MAX_PAYLOAD));
        }
        // 12.5 GiB were asked for. The client's own copies are in this figure too.
        assertThat(residentBytes() - before).isLessThan(1L << 30);
        // They are cut because they do not read; so they do not until then.
        rig.assertDeserted();
        for (RawNbd nbd : deaf) {
            nbd.drain();
            nbd.close();
        }
    }

    private static long residentBytes() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> 1024L * Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElseThrow();
    }

    @TestFactory
    Stream<DynamicTest> aSlowReaderThatKeepsReadingIsServed() {
        return Stream.of(Mode.SIMPLE, Mode.EXTENDED)
                .map(mode -> dynamicTest(mode.toString(), () -> {
                    try (var nbd = RawNbd.narrow(rig.address())) {
                        var client = nbd.greet().negotiate(mode).go("big");
                        var cookies = new ArrayList<Long>();
                        for (int i = 0; i < 10; i++) {
                            cookies.add(client.send(Request.read(i, 1 << 20)));
                        }
                        for (int i = 0; i < 10; i++) {
                            Thread.sleep(SOON.toMillis() / 8);
                            assertThat(client.await(cookies.get(i)).data()).isEqualTo(MemoryDevice.pattern(i, 1 << 20));
                        }
                    }
                }));
    }

    @Test
    void aDeviceMayTakeItsTime() throws Exception {
        // It is the server's own disk that stalls here, and not the client.
        try (var gate = rig.device().hang(call -> call.kind() == Kind.READ);
                var client = rig.open(Mode.SIMPLE)) {
            long cookie = client.send(Request.read(0, 10));
            gate.awaitCaller();
            Thread.sleep(SOON.toMillis() * 3);
            gate.release();
            assertThat(client.await(cookie).data()).isEqualTo(MemoryDevice.pattern(0, 10));
        }
    }

    @TestFactory
    Stream<DynamicTest> halfClosedSocketsEnd() {
        return Stream.of(Mode.values())
                .map(mode -> dynamicTest(mode.toString(), () -> {
                    try (var client = rig.open(mode)) {
                        client.nbd().send(Request.read(0, 100).encode(mode, 1));
                        client.nbd().finishSending();
                        // The answer, or none; then the end.
                        client.nbd().drain();
                    }
                }));
    }

    @Test
    void halfClosedDuringAHungRequestEndsWhenTheDeviceIsDone() throws Exception {
        try (var gate = rig.device().hang(call -> call.kind() == Kind.WRITE)) {
            try (var client = rig.open(Mode.SIMPLE)) {
                client.send(Request.write(0, (byte) 1));
                gate.awaitCaller();
                client.nbd().finishSending();
                gate.release();
                client.nbd().drain();
            }
        }
    }

    @TestFactory
    Stream<DynamicTest> withoutMemoryForLargeRequestsTheyAreDoneInPieces() {
        return Stream.of(Mode.values())
                .map(mode -> dynamicTest(mode.toString(), () -> {
                    try (var poor = Rig.start(limits -> limits.bufferBytes(0))) {
                        poor.offer("big", new MemoryDevice(BIG));
                        try (var client = poor.open(mode, "big")) {
                            byte[] data = MemoryDevice.pattern(3, Proto.MAX_PAYLOAD);
                            client.must(Request.write(3, data));
                            assertThat(client.read(3, data.length)).isEqualTo(data);
                            client.must(Request.zeroes(0, BIG));
                            Bytes.assertZeros(client.read(0, 1 << 20));
                        }
                    }
                }));
    }
}
