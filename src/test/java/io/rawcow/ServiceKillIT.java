package io.rawcow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * The real service, killed with SIGKILL in the middle of a stream, over and over: each start goes on by itself,
 * progress never falls back behind what was saved, and the end is equal to the backing.
 */
class ServiceKillIT {
    private static final int KILLS = Integer.getInteger("rawcow.kills", 20);
    private static final long BACKING_BYTES = 384L << 20;
    private static final int HEADER_BYTES = 2080;
    private static final int SECTOR = 4096;

    @TempDir
    Path folder;

    @Test
    void everyStartGoesOnWhereTheKilledOneWas() throws Exception {
        long seed = Long.getLong("rawcow.seed", System.nanoTime());
        System.out.printf("kills=%d seed=%d (repeat with -Drawcow.seed=%d)%n", KILLS, seed, seed);
        var random = new SplittableRandom(seed);
        makeBacking(random.split());
        try (var service = DemoService.start(folder)) {
            begin(service);
            kill(service, random);
        }
        for (int i = 1; i < KILLS; i++) {
            long saved = savedBytes();
            try (var service = DemoService.start(folder)) {
                assertThat(job(service).get("currentProgress").asLong())
                        .as("progress at start %d of seed %d", i, seed)
                        .isGreaterThanOrEqualTo(saved);
                if (isConcluded(service)) {
                    requireEqual(service);
                    begin(service);
                }
                kill(service, random);
            }
        }
        try (var service = DemoService.start(folder)) {
            if (!isConcluded(service)) {
                service.expect(service.send("PATCH", "/v1/jobs/job", "{\"speed\": 0}"), 200);
            }
            await().atMost(Duration.ofMinutes(2)).until(() -> isConcluded(service));
            requireEqual(service);
        }
    }

    /** A new image, and a stream that takes some lives of the service. */
    private static void begin(DemoService service) throws Exception {
        service.send("DELETE", "/v1/images/vm?files=delete", null);
        service.send("POST", "/v1/jobs/job/dismiss", null);
        service.expect(service.send("PUT", "/v1/images/vm", """
                {"sidecar": "vm.raw-cow", "rawFile": "vm.img", "backingFile": "golden.img"}"""), 201);
        service.expect(service.send("PUT", "/v1/jobs/job", """
                {"type": "stream", "image": "vm", "speed": 8388608}"""), 202);
    }

    private static boolean isConcluded(DemoService service) throws Exception {
        return job(service).get("status").asString().equals("concluded");
    }

    private void requireEqual(DemoService service) throws Exception {
        assertThat(job(service).get("error").isNull()).isTrue();
        assertThat(job(service).get("progress").asDouble()).isEqualTo(1.0);
        assertThat(Files.mismatch(folder.resolve("golden.img"), folder.resolve("vm.img")))
                .isEqualTo(-1);
        assertThat(folder.resolve("vm.raw-cow")).doesNotExist();
    }

    private void makeBacking(SplittableRandom random) throws Exception {
        byte[] data = new byte[1 << 20];
        try (var file = new RandomAccessFile(folder.resolve("golden.img").toFile(), "rw")) {
            file.setLength(BACKING_BYTES);
            for (long at = 0; at < BACKING_BYTES; at += data.length) {
                if (random.nextInt(4) > 0) {
                    random.nextBytes(data);
                    file.seek(at);
                    file.write(data);
                }
            }
        }
    }

    /** Kills the service some time after it has begun to copy, or even before. */
    private void kill(DemoService service, SplittableRandom random) throws Exception {
        long copied = job(service).get("bytesCopied").asLong();
        if (random.nextInt(8) > 0) {
            await().atMost(Duration.ofSeconds(60))
                    .pollInterval(Duration.ofMillis(20))
                    .until(() -> isConcluded(service)
                            || job(service).get("bytesCopied").asLong() > copied);
            Thread.sleep(random.nextInt(800));
        }
        service.process().destroyForcibly().waitFor();
    }

    private static JsonNode job(DemoService service) throws Exception {
        return service.expect(service.send("GET", "/v1/jobs/job", null), 200);
    }

    /** What the sidecar says now, counted without any code of ours. */
    private long savedBytes() throws Exception {
        if (!Files.exists(folder.resolve("vm.raw-cow"))) {
            return 0;
        }
        byte[] sidecar = Files.readAllBytes(folder.resolve("vm.raw-cow"));
        long bits = 0;
        int end = HEADER_BYTES + (int) (BACKING_BYTES / SECTOR / 8);
        for (int at = HEADER_BYTES; at < end; at += Long.BYTES) {
            bits += Long.bitCount(ByteBuffer.wrap(sidecar).getLong(at));
        }
        return Math.min(bits * SECTOR, BACKING_BYTES - 1);
    }
}
