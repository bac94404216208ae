package io.rawcow.nbd.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.rawcow.block.Zeroing;
import io.rawcow.nbd.suite.MemoryDevice.Kind;
import io.rawcow.nbd.suite.Proto.CmdFlag;
import io.rawcow.nbd.suite.Proto.Err;
import java.io.IOException;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** WRITE, WRITE_ZEROES, TRIM, CACHE and FLUSH: what reaches the device, and when it is answered. */
class WriteTest {
    private static final int SIZE = (6 << 20) + 513;

    private Rig rig;
    private MemoryDevice disk;
    private MemoryDevice slow;
    private MemoryDevice frozen;

    @BeforeEach
    void start() throws IOException {
        rig = Rig.start();
        disk = new MemoryDevice(SIZE);
        slow = new MemoryDevice(SIZE).filled(0, 8192).withoutFastZeroes();
        frozen = new MemoryDevice(SIZE).filled(0, 8192);
        rig.offer("rw", disk);
        rig.offer("slow", slow);
        rig.offerReadOnly("frozen", frozen);
    }

    @AfterEach
    void everybodyHasLeft() throws Exception {
        rig.assertServes();
        rig.assertDeserted();
        for (MemoryDevice device : new MemoryDevice[] {disk, slow, frozen}) {
            assertThat(device.misuse()).isEmpty();
        }
        rig.close();
    }

    @TestFactory
    Stream<DynamicTest> whatIsWrittenIsRead() {
        return Stream.of(Mode.values())
                .map(mode -> dynamicTest(mode.toString(), () -> {
                    var random = new Random(7);
                    byte[] model = disk.peek(0, SIZE);
                    try (var client = rig.open(mode, "rw")) {
                        for (int i = 0; i < 300; i++) {
                            int length = 1 + random.nextInt(1 << random.nextInt(22));
                            int offset = random.nextInt(SIZE - length + 1);
                            byte[] data = new byte[length];
                            random.nextBytes(data);
                            if (i % 5 == 0) {
                                data = new byte[length];
                                client.must(Request.zeroes(offset, length).with(i % 10 == 0 ? CmdFlag.NO_HOLE : 0));
                            } else {
                                client.must(Request.write(offset, data));
                            }
                            System.arraycopy(data, 0, model, offset, length);
                        }
                        assertThat(client.read(0, SIZE)).isEqualTo(model);
                        assertThat(disk.peek(0, SIZE)).isEqualTo(model);
                    }
                }));
    }

    @TestFactory
    Stream<DynamicTest> fuaIsAFlushBeforeTheAnswer() {
        Request[] requests = {
            Request.write(4096, new byte[512]), Request.zeroes(4096, 512), Request.trim(4096, 4096),
        };
        return Stream.of(Mode.values())
                .flatMap(mode -> Stream.of(requests)
                        .map(request -> dynamicTest("%s: %s".formatted(mode, request), () -> {
                            disk.forgetCalls();
                            try (var gate = disk.hang(call -> call.kind() == Kind.FLUSH);
                                    var client = rig.open(mode, "rw")) {
                                client.must(request);
                                assertThat(disk.calls(Kind.FLUSH))
                                        .as("without FUA nobody asked for it")
                                        .isEmpty();
                                long cookie = client.send(request.with(CmdFlag.FUA));
                                gate.awaitCaller();
                                // Others are answered; the one with FUA is not, as long as the flush takes.
                                long other = client.send(Request.read(0, 1));
                                assertThat(client.nextComplete()).isEqualTo(other);
                                client.await(other);
                                gate.release();
                                assertThat(client.await(cookie).error()).isZero();
                                var calls = disk.calls();
                                int flushed = lastIndex(calls.stream().map(call -> call.kind() == Kind.FLUSH));
                                int written = lastIndex(calls.stream().map(WriteTest::changes));
                                assertThat(flushed).as("%s", calls).isGreaterThan(written);
                            }
                        })));
    }

    private static boolean changes(MemoryDevice.Call call) {
        return call.kind() != Kind.FLUSH && call.kind() != Kind.READ && call.kind() != Kind.PREFETCH;
    }

    private static int lastIndex(Stream<Boolean> marks) {
        return marks.toList().lastIndexOf(true);
    }

    @Test
    void flushIsAFlush() throws Exception {
        try (var client = rig.open(Mode.SIMPLE, "rw")) {
            client.must(Request.write(0, (byte) 1));
            assertThat(disk.calls(Kind.FLUSH)).isEmpty();
            client.must(Request.flush());
            assertThat(disk.calls(Kind.FLUSH)).isNotEmpty();
        }
    }

    @Test
    void flushOnAReadOnlyExportIsNoWrite() throws Exception {
        try (var client = rig.open(Mode.SIMPLE, "frozen")) {
            client.must(Request.flush());
        }
    }

    @TestFactory
    Stream<DynamicTest> readOnlyExportsRefuseToBeChanged() {
        return Stream.of(Mode.values())
                .map(mode -> dynamicTest(mode.toString(), () -> {
                    try (var client = rig.open(mode, "frozen")) {
                        assertThat(client.call(Request.write(0, new byte[4096])).error())
                                .isEqualTo(Err.EPERM);
                        assertThat(client.call(Request.write(0, new byte[4096]).with(CmdFlag.FUA))
                                        .error())
                                .isEqualTo(Err.EPERM);
                        assertThat(client.call(Request.write(0, new byte[1 << 20]))
                                        .error())
                                .isEqualTo(Err.EPERM);
                        assertThat(client.call(Request.zeroes(0, 4096)).error()).isEqualTo(Err.EPERM);
                        assertThat(client.call(Request.zeroes(0, 4096).with(CmdFlag.FAST_ZERO))
                                        .error())
                                .isIn(Err.EPERM, Err.EINVAL);
                        assertThat(client.call(Request.trim(0, 4096)).error()).isEqualTo(Err.EPERM);
                        // Both wrong: which of the two is told is free.
                        assertThat(client.call(Request.write(SIZE, (byte) 1)).error())
                                .isIn(Err.EPERM, Err.ENOSPC);
                        assertThat(client.call(Request.trim(SIZE, 1)).error()).isIn(Err.EPERM, Err.EINVAL);
                        client.must(Request.cache(0, 4096));
                        assertThat(client.read(0, 8192)).isEqualTo(MemoryDevice.pattern(0, 8192));
                    }
                    assertThat(frozen.calls()).noneMatch(WriteTest::changes);
                }));
    }

    @TestFactory
    Stream<DynamicTest> fastZeroes() {
        return Stream.of(Mode.values())
                .map(mode -> dynamicTest(mode.toString(), () -> {
                    slow.forgetCalls();
                    try (var client = rig.open(mode, "slow")) {
                        for (int more : new int[] {0, CmdFlag.FUA, CmdFlag.NO_HOLE, CmdFlag.FUA | CmdFlag.NO_HOLE}) {
                            var request = Request.zeroes(0, 4096).with(CmdFlag.FAST_ZERO | more);
                            assertThat(client.call(request).error()).isEqualTo(Err.ENOTSUP);
                        }
                        assertThat(client.read(0, 4096))
                                .as("nothing has changed")
                                .isEqualTo(MemoryDevice.pattern(0, 4096));
                        assertThat(slow.calls())
                                .noneMatch(call -> call.kind() == Kind.WRITE || call.kind() == Kind.ZERO);
                        client.must(Request.zeroes(4096, 4096));
                        Bytes.assertZeros(client.read(4096, 4096));
                    }
                    try (var client = rig.open(mode, "rw")) {
                        client.must(Request.write(0, MemoryDevice.pattern(0, 4096)));
                        client.must(Request.zeroes(0, 4096).with(CmdFlag.FAST_ZERO));
                        Bytes.assertZeros(client.read(0, 4096));
                    } finally {
                        slow.filled(0, 8192);
                    }
                }));
    }

    @Test
    void noHoleKeepsTheSpace() throws Exception {
        try (var client = rig.open(Mode.STRUCTURED, "rw")) {
            client.must(Request.zeroes(0, 8192));
            client.must(Request.zeroes(8192, 8192).with(CmdFlag.NO_HOLE));
            client.must(Request.zeroes(16384, 8192).with(CmdFlag.NO_HOLE | CmdFlag.FAST_ZERO));
            assertThat(disk.calls())
                    .filteredOn(call -> call.kind() == Kind.ZERO || call.kind() == Kind.ZERO_FAST)
                    .extracting(MemoryDevice.Call::how)
                    .containsExactly(Zeroing.PUNCH, Zeroing.KEEP_ALLOCATED, Zeroing.KEEP_ALLOCATED);
        }
    }

    @TestFactory
    Stream<DynamicTest> trimAndCacheReachTheDevice() {
        return Stream.of(Mode.values())
                .map(mode -> dynamicTest(mode.toString(), () -> {
                    disk.forgetCalls();
                    try (var client = rig.open(mode, "rw")) {
                        client.must(Request.write(0, MemoryDevice.pattern(0, 65536)));
                        client.must(Request.trim(4096, 8192));
                        client.must(Request.cache(100, 30_000));
                        assertThat(disk.calls(Kind.TRIM))
                                .containsExactly(new MemoryDevice.Call(Kind.TRIM, 4096, 8192, null));
                        assertThat(disk.calls(Kind.PREFETCH))
                                .containsExactly(new MemoryDevice.Call(Kind.PREFETCH, 100, 30_000, null));
                        Bytes.assertZeros(client.read(4096, 8192));
                        assertThat(client.read(0, 4096)).isEqualTo(MemoryDevice.pattern(0, 4096));
                        assertThat(client.read(12288, 4096)).isEqualTo(MemoryDevice.pattern(12288, 4096));
                    }
                }));
    }
}
