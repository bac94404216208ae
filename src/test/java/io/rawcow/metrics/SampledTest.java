package io.rawcow.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.OptionalDouble;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class SampledTest {

    @Test
    void nobodyWaitsForALookupThatHangs() {
        var hangs = new CountDownLatch(1);
        try (var sampled = new Sampled(Duration.ofSeconds(10), () -> {
            awaitQuietly(hangs);
            return OptionalDouble.of(7);
        })) {
            assertThat(sampled.latest()).isEmpty();

            hangs.countDown();
            await().until(() -> sampled.latest().isPresent());
            assertThat(sampled.latest()).hasValue(7);
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
