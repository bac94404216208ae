package io.rawcow.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.rawcow.testing.LiveService;
import io.rawcow.testing.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** fio writes at random and reads it all back, over four connections, while the stream runs and detaches. */
@Timeout(300)
class FioIT {
    private static final int JOBS = 4;
    private static final int MIB = 1 << 20;
    private static final int SCALE = Boolean.getBoolean("rawcow.soak") ? 8 : 1;
    private static final int SIZE = 64 * MIB * SCALE;
    /** Each job writes every byte of a region of its own, once, and leaves alone what lies between the regions. */
    private static final int DISTANCE = SIZE / JOBS;

    private static final int FIRST = MIB + 512;
    private static final int REGION = 4 * MIB * SCALE;
    /** Of each job: many times what the detach takes. */
    private static final int WRITE_KIB_PER_SECOND = REGION / 1024 / 20;

    @TempDir
    Path folder;

    @Test
    void noMismatchWhileTheImageIsStreamedAndDetached() throws Exception {
        byte[] golden = new byte[SIZE];
        new SplittableRandom(1).nextBytes(golden);
        Files.write(folder.resolve("golden.img"), golden);
        try (var service = LiveService.start(folder)) {
            service.create("vm", 4096, 0);
            String uri = service.export("vm").getFirst();
            service.stream("vm", MIB);
            try (var fio = Tool.start(
                    folder, fio("ioengine=nbd", "uri=" + uri, "rate=,%dk".formatted(WRITE_KIB_PER_SECOND)))) {
                await().atMost(Duration.ofMinutes(1)).until(() -> bytesWritten(service) > JOBS * (long) REGION / 8);
                service.detach("vm");
                requireStillWriting(service, fio);
                assertThat(fio.succeeded()).contains("err= 0").doesNotContain("verify failed");
            }
            service.close("vm");
        }
        Path raw = folder.resolve("vm.img");
        try (var fio = Tool.start(folder, fio("ioengine=psync", "filename=" + raw, "verify_only"))) {
            assertThat(fio.succeeded()).contains("err= 0");
        }
        byte[] found = Files.readAllBytes(raw);
        assertThat(found).hasSize(SIZE);
        for (int i = 0; i <= JOBS; i++) {
            int from = i == 0 ? 0 : FIRST + (i - 1) * DISTANCE + REGION;
            int to = i == JOBS ? SIZE : FIRST + i * DISTANCE;
            assertThat(java.util.Arrays.mismatch(found, from, to, golden, from, to))
                    .as("untouched from %d to %d", from, to)
                    .isEqualTo(-1);
        }
    }

    /** Each job has a connection, and leaves when it has written and read all. */
    private static void requireStillWriting(LiveService service, Tool fio) throws Exception {
        assertThat(service.expect(200, "GET", "/v1/exports/vm", "").get("clients"))
                .hasSize(JOBS);
        assertThat(bytesWritten(service)).isLessThan(JOBS * (long) REGION);
        assertThat(fio.isRunning()).isTrue();
    }

    private static long bytesWritten(LiveService service) throws Exception {
        long bytes = 0;
        for (var client : service.expect(200, "GET", "/v1/exports/vm", "").get("clients")) {
            bytes += client.get("bytesWritten").asLong();
        }
        return bytes;
    }

    /** The same writes at every call. */
    private java.util.List<String> fio(String... how) throws IOException {
        Path job = Files.writeString(folder.resolve("job.fio"), """
                [guest]
                thread
                rw=randwrite
                bssplit=512/20:4k/40:16k/20:64k/20
                iodepth=8
                verify=crc32c
                verify_fatal=1
                randseed=42
                numjobs=%d
                offset=%d
                size=%d
                offset_increment=%d
                group_reporting
                %s
                """.formatted(
                JOBS, FIRST, REGION, DISTANCE, java.util.Arrays.stream(how).collect(Collectors.joining("\n"))));
        return java.util.List.of("fio", job.toString());
    }
}
