package io.rawcow.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.rawcow.testing.LiveService;
import io.rawcow.testing.Tool;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The real service, killed with SIGKILL over and over while guests write and a stream copies. Images, exports and the
 * stream come back by themselves at the same addresses; the clients reconnect and find everything that was answered,
 * flushed or not; the stream never falls back behind what was saved; the raw file ends as guests and backing have it.
 */
class ServiceKillIT {
    private static final int KILLS = Integer.getInteger("rawcow.kills", 20);
    /** Of one image. */
    private static final int KILLS_AT_MOST = 20;

    private static final int MIB = 1 << 20;
    private static final int SIZE = 64 * MIB;
    private static final int REGION = 4 * MIB;
    private static final int HEADER_BYTES = 2080;
    private static final int SECTOR = 4096;

    @TempDir
    Path folder;

    private Path data;
    private byte[] golden;
    private SplittableRandom random;
    private String nbd;
    private LiveService service;

    @Test
    void everyAnsweredWriteOutlivesTheService() throws Exception {
        long seed = Long.getLong("rawcow.seed", System.nanoTime());
        System.out.printf("kills=%d seed=%d (repeat with -Drawcow.seed=%d)%n", KILLS, seed, seed);
        random = new SplittableRandom(seed);
        golden = new byte[SIZE];
        random.nextBytes(golden);
        Arrays.fill(golden, 8 * MIB, 24 * MIB, (byte) 0);
        try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            nbd = "127.0.0.1:" + free.getLocalPort();
        }
        for (int kills = 0; kills < KILLS; kills += KILLS_AT_MOST) {
            data = Files.createDirectory(folder.resolve("life" + kills));
            Files.write(data.resolve("golden.img"), golden);
            live(Math.min(KILLS_AT_MOST, KILLS - kills));
            try (var files = Files.list(data)) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    private void live(int kills) throws Exception {
        try (var started = LiveService.start(data, nbd, List.of())) {
            service = started;
            service.create("vm", SECTOR, 0);
            List<String> uris = service.export("vm");
            service.stream("vm", MIB);
            try (var first = writer(uris.getFirst(), 6 * MIB);
                    var second = writer(uris.getLast(), 14 * MIB);
                    var qemu = new QemuWriter(
                            URI.create(uris.getFirst()),
                            32 * MIB,
                            Arrays.copyOfRange(golden, 32 * MIB, 32 * MIB + REGION),
                            random.split())) {
                List<Tool> writers = List.of(first, second);
                awaitWrites(writers, qemu); // QEMU reconnects, but has to be connected first
                killOverAndOver(kills, writers, qemu);
                awaitWrites(writers, qemu);
                service.detach("vm");
                awaitWrites(writers, qemu);

                byte[] expected = golden.clone();
                finish(first, 6 * MIB, expected, kills);
                finish(second, 14 * MIB, expected, kills);
                System.arraycopy(qemu.content(), 0, expected, 32 * MIB, REGION);
                service.close("vm");
                assertThat(Arrays.mismatch(Files.readAllBytes(data.resolve("vm.img")), expected))
                        .isEqualTo(-1);
            }
        }
    }

    /** Most of the stream's life first, then its end, then what comes after it. */
    private void killOverAndOver(int kills, List<Tool> writers, QemuWriter qemu) throws Exception {
        int whileCow = 0;
        for (int i = 0; i < kills; i++) {
            boolean slow = i < kills * 3 / 4;
            if (slow) {
                service.streamWithin("vm", 20 + random.nextInt(60));
            } else if (i < kills - 2) {
                service.hurry("vm"); // the kill may well hit the detach
            } else {
                service.detach("vm");
            }
            boolean cow = killAndStart(writers, qemu);
            assertThat(cow || !slow).as("a copy-on-write image at kill %d", i).isTrue();
            whileCow += cow ? 1 : 0;
        }
        System.out.printf("%d of %d kills before the detach was over%n", whileCow, kills);
        assertThat(whileCow).isBetween(kills / 2, kills - 1);
    }

    /** Answers whether it was a copy-on-write image still that was hit. */
    private boolean killAndStart(List<Tool> writers, QemuWriter qemu) throws Exception {
        if (random.nextInt(8) > 0) { // else: killed as soon as it has started
            awaitWrites(writers, qemu);
            Thread.sleep(random.nextInt(300));
        }
        service.kill();
        boolean cow = Files.exists(data.resolve("vm.raw-cow"));
        long saved = cow ? savedBytes() : 0;
        service.startAgain();
        assertThat(service.job("vm").get("currentProgress").asLong()).isGreaterThanOrEqualTo(saved);
        return cow;
    }

    private Tool writer(String uri, int offset) throws Exception {
        return Tool.start(
                data,
                List.of(
                        "/usr/bin/python3", // the one that libnbd's module is for
                        Path.of("src/test/guest/writer.py").toAbsolutePath().toString(),
                        uri,
                        String.valueOf(offset),
                        String.valueOf(REGION),
                        "golden.img",
                        "model" + offset,
                        String.valueOf(random.nextInt(1 << 30))));
    }

    /** Waits until each client has had some more answers. */
    private static void awaitWrites(List<Tool> writers, QemuWriter qemu) throws Exception {
        for (Tool writer : writers) {
            int before = writer.output().length();
            await().atMost(Duration.ofMinutes(1))
                    .pollInterval(Duration.ofMillis(10))
                    .until(() -> {
                        assertThat(writer.isRunning()).as("%s", writer.output()).isTrue();
                        return writer.output().indexOf("answered", before) >= 0;
                    });
        }
        long before = qemu.answered();
        await().atMost(Duration.ofMinutes(1))
                .pollInterval(Duration.ofMillis(10))
                .until(() -> qemu.answered() > before);
    }

    private void finish(Tool writer, int offset, byte[] expected, int kills) throws Exception {
        writer.process().getOutputStream().close();
        assertThat(writer.succeeded()).contains("done: ", kills > 0 ? "reconnected" : "");
        byte[] model = Files.readAllBytes(data.resolve("model" + offset));
        System.arraycopy(model, 0, expected, offset, REGION);
    }

    /** What the sidecar says now, counted without any code of ours. */
    private long savedBytes() throws Exception {
        byte[] sidecar = Files.readAllBytes(data.resolve("vm.raw-cow"));
        long bits = 0;
        int end = HEADER_BYTES + SIZE / SECTOR / 8;
        for (int at = HEADER_BYTES; at < end; at += Long.BYTES) {
            bits += Long.bitCount(ByteBuffer.wrap(sidecar).getLong(at));
        }
        return bits * SECTOR;
    }
}
