package io.rawcow.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.rawcow.testing.LiveService;
import io.rawcow.testing.Tool;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Guests at work, images that come, are streamed and go, clients that connect and leave, politely or not: a minute of
 * it leaves the service with what it held on to when it had warmed up.
 */
class MixedLoadIT {
    private static final Duration WARM_UP = Duration.ofSeconds(20);
    private static final Duration LOAD =
            Boolean.getBoolean("rawcow.soak") ? Duration.ofHours(1) : Duration.ofSeconds(25);
    private static final int SIZE = 32 << 20;

    @TempDir
    Path folder;

    private LiveService service;
    private List<String> guests;
    private int turns;

    private interface Turn {
        void take(int number) throws Exception;
    }

    @Test
    void nothingPilesUp() throws Exception {
        byte[] golden = new byte[SIZE];
        new SplittableRandom(1).nextBytes(golden);
        Files.write(folder.resolve("golden.img"), golden);
        try (var started = LiveService.start(folder, "127.0.0.1:0", List.of("-XX:NativeMemoryTracking=summary"))) {
            service = started;
            service.create("guests", 4096, 0);
            guests = service.export("guests");
            load(WARM_UP);
            Footprint before = settled();
            turns = 0;
            load(LOAD);
            Footprint after = settled();
            System.out.printf("%d turns%nbefore %s%nafter  %s%n", turns, before, after);

            assertThat(turns).as("turns, so that what leaks would show").isGreaterThan(60);
            assertThat(after.descriptors()).isLessThanOrEqualTo(before.descriptors() + 4);
            assertThat(after.threads()).isLessThanOrEqualTo(before.threads() + 8);
            assertThat(after.heap()).isLessThan(before.heap() + (4 << 20));
            assertThat(after.direct()).isLessThan(before.direct() + (1 << 20));
            assertThat(after.metadata()).isLessThan(before.metadata() + (4 << 20));
        }
    }

    /** When the clients are gone and their threads with them. */
    private Footprint settled() throws Exception {
        await().atMost(Duration.ofMinutes(1))
                .until(() -> service.expect(200, "GET", "/v1/exports/guests", "")
                        .get("clients")
                        .isEmpty());
        Footprint[] last = {Footprint.of(service.pid())};
        await().atMost(Duration.ofMinutes(2))
                .pollInterval(Duration.ofSeconds(1))
                .until(() -> {
                    Footprint now = Footprint.of(service.pid());
                    boolean same = now.descriptors() == last[0].descriptors() && now.threads() == last[0].threads();
                    last[0] = now;
                    return same;
                });
        return last[0];
    }

    private void load(Duration time) throws Exception {
        long end = System.nanoTime() + time.toNanos();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Integer>> all = new ArrayList<>();
            for (Turn turn : List.<Turn>of(
                    n -> guest(guests.getFirst()),
                    n -> guest(guests.getLast()),
                    n -> life("short" + n % 4),
                    n -> visits(),
                    n -> rudeVisits(n))) {
                all.add(threads.submit(untilThen(end, turn)));
            }
            for (Future<Integer> each : all) {
                turns += each.get();
            }
        }
    }

    private static Callable<Integer> untilThen(long end, Turn turn) {
        return () -> {
            int taken = 0;
            for (; System.nanoTime() < end; taken++) {
                turn.take(taken);
            }
            return taken;
        };
    }

    /** Some seconds of reads and writes, small and large, aligned or not. */
    private void guest(String uri) throws Exception {
        String[] command = {
            "fio",
            "--name=guest",
            "--ioengine=nbd",
            "--uri=" + uri,
            "--thread",
            "--rw=randrw",
            "--iodepth=16",
            "--bssplit=512/10:4k/60:13k/10:64k/15:1m/5",
            "--bs_unaligned",
            "--norandommap",
            "--size=" + SIZE,
            "--time_based",
            "--runtime=4",
            "--rate_iops=500",
            "--fsync=100",
            "--numjobs=2"
        };
        assertThat(Tool.run(folder, command)).contains("err= 0");
    }

    /** An image from its creation to its end, streamed while it is copied. */
    private void life(String image) throws Exception {
        service.create(image, 65536, 0);
        String uri = service.export(image).getFirst();
        service.stream(image, 16 << 20);
        Tool.run(folder, "nbdcopy", "--connections=4", uri, "null:");
        service.detach(image);
        service.expect(204, "POST", "/v1/jobs/" + image + "/dismiss", "");
        service.expect(204, "DELETE", "/v1/exports/" + image + "?mode=hard", "");
        service.expect(204, "DELETE", "/v1/images/" + image + "?files=delete", "");
    }

    private void visits() throws Exception {
        Tool.run(folder, "nbdinfo", "--map=x-rawcow:hydration", guests.getFirst());
        Tool.run(folder, "nbdinfo", "--json", guests.getLast());
        Tool.run(folder, "qemu-img", "info", guests.getLast());
    }

    /** Clients that leave in the middle of a word, or never say one. */
    private void rudeVisits(int number) throws IOException, InterruptedException {
        URI uri = URI.create(guests.getFirst());
        for (int i = 0; i < 16; i++) {
            try (var socket = new Socket(InetAddress.getByName(uri.getHost()), uri.getPort())) {
                socket.getInputStream().readNBytes(i);
                byte[] nonsense = new byte[i];
                new SplittableRandom(number).nextBytes(nonsense);
                socket.getOutputStream().write(nonsense);
                socket.setSoLinger(i % 2 == 0, 0);
            }
        }
        Thread.sleep(50);
    }
}
