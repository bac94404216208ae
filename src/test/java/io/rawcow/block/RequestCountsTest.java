package io.rawcow.block;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class RequestCountsTest {
    private static final long[] BOUNDS = RequestCounts.boundsNanos();

    @Test
    void boundsRise() {
        assertThat(BOUNDS).isSorted().doesNotHaveDuplicates();
    }

    @Test
    void requestCountsInTheClassWhoseBoundItDoesNotExceed() {
        var counts = new RequestCounts();

        counts.add(0, 0, false);
        counts.add(0, BOUNDS[3], false);
        counts.add(0, BOUNDS[3] + 1, false);
        counts.add(0, BOUNDS[BOUNDS.length - 1] + 1, false);

        long[] latency = counts.snapshot().latency();
        assertThat(latency).hasSize(BOUNDS.length + 1);
        assertThat(latency[0]).isEqualTo(1);
        assertThat(latency[3]).isEqualTo(1);
        assertThat(latency[4]).isEqualTo(1);
        assertThat(latency[BOUNDS.length]).isEqualTo(1);
        assertThat(Arrays.stream(latency).sum()).isEqualTo(4);
    }

    @Test
    void failedRequestMovesNothing() {
        var counts = new RequestCounts();

        counts.add(4096, 10, false);
        counts.add(512, 20, true);

        RequestCounts.Snapshot now = counts.snapshot();
        assertThat(now.requests()).isEqualTo(2);
        assertThat(now.bytes()).isEqualTo(4096);
        assertThat(now.errors()).isEqualTo(1);
        assertThat(now.nanos()).isEqualTo(30);
        RequestCounts.Snapshot twice = now.plus(now);
        assertThat(List.of(twice.requests(), twice.bytes(), twice.errors(), twice.nanos(), twice.latency()[0]))
                .containsExactly(4L, 8192L, 2L, 60L, 4L);
    }

    @Test
    void nothingIsMissedWithManyThreads() throws Exception {
        var counts = new RequestCounts();
        var running = new ArrayList<Future<?>>();
        try (var threads = Executors.newFixedThreadPool(4)) {
            for (int thread = 0; thread < 4; thread++) {
                running.add(threads.submit(() -> {
                    for (int i = 0; i < 100_000; i++) {
                        counts.add(1, i, false);
                    }
                }));
            }
        }
        for (Future<?> each : running) {
            each.get();
        }

        assertThat(counts.snapshot().requests()).isEqualTo(400_000);
        assertThat(counts.snapshot().bytes()).isEqualTo(400_000);
    }
}
