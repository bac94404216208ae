package io.rawcow.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class BucketsTest {
    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 1_000);
    private final Buckets buckets = new Buckets(10, 3, now::get);

    private void passes(Duration time) {
        now.addAndGet(time.toNanos());
    }

    @Test
    void fullBucketIsTakenAtOnceAndFillsAgainWithTime() {
        takesThreeAtOnce();
    }

    private void takesThreeAtOnce() {
        for (int i = 0; i < 3; i++) {
            assertThat(buckets.take("a")).isZero();
        }
        assertThat(buckets.take("a")).isEqualTo(Duration.ofMillis(100));

        passes(Duration.ofMillis(99));
        assertThat(buckets.take("a")).isEqualTo(Duration.ofMillis(1));
        passes(Duration.ofMillis(1));
        assertThat(buckets.take("a")).isZero();
        assertThat(buckets.take("a")).isEqualTo(Duration.ofMillis(100));
    }

    @Test
    void bucketHoldsNoMoreThanItsBurst() {
        passes(Duration.ofDays(1));

        takesThreeAtOnce();
    }

    @Test
    void oneCallerDoesNotTakeFromAnother() {
        while (buckets.take("a").isZero()) {
            now.addAndGet(1);
        }

        assertThat(buckets.take("b")).isZero();
    }

    @Test
    void memoryIsBoundedWhoeverCalls() {
        for (int i = 0; i < 100_000; i++) {
            assertThat(buckets.take("caller" + i)).isZero();
        }

        assertThat(buckets.keys()).isEqualTo(4096);
    }
}
