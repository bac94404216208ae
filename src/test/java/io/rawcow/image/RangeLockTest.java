package io.rawcow.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.rawcow.block.ByteRange;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RangeLockTest {
    private final RangeLock ranges = new RangeLock();

    @Test
    void neighboursAreHeldAtOnce() {
        try (var _ = ranges.hold(new ByteRange(0, 10));
                var _ = ranges.hold(new ByteRange(20, 10));
                var _ = ranges.hold(new ByteRange(10, 10))) {
            assertThat(true).isTrue(); // all three came here
        }
    }

    @Test
    void whoeverOverlapsWaitsForAllOfThem() throws Exception {
        var first = ranges.hold(new ByteRange(0, 10));
        var second = ranges.hold(new ByteRange(20, 10));
        var got = new AtomicInteger();
        Thread waiter = Thread.ofPlatform().start(() -> {
            try (var _ = ranges.hold(new ByteRange(9, 12))) {
                got.set(1);
            }
        });
        awaitWaiting(waiter);
        first.close();
        awaitWaiting(waiter);
        assertThat(got).hasValue(0);

        second.close();

        waiter.join();
        assertThat(got).hasValue(1);
    }

    private static void awaitWaiting(Thread thread) {
        await().during(Duration.ofMillis(30)).until(() -> thread.getState() == Thread.State.WAITING);
    }

    @Test
    void anInterruptIsKeptForLater() throws Exception {
        var held = ranges.hold(new ByteRange(0, 10));
        var interrupted = new boolean[1];
        Thread waiter = Thread.ofPlatform().start(() -> {
            try (var _ = ranges.hold(new ByteRange(0, 1))) {
                interrupted[0] = Thread.currentThread().isInterrupted();
            }
        });
        awaitWaiting(waiter);
        waiter.interrupt();
        awaitWaiting(waiter);

        held.close();

        waiter.join();
        assertThat(interrupted[0]).isTrue();
    }

    @Test
    void noByteIsHeldTwice() throws Exception {
        var holders = new AtomicIntegerArray(64);
        var broken = new AtomicInteger();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            var random = new SplittableRandom(i);
            threads.add(Thread.ofPlatform().start(() -> {
                for (int round = 0; round < 3000; round++) {
                    int offset = random.nextInt(64);
                    int end = random.nextInt(offset + 1, 65);
                    try (var _ = ranges.hold(ByteRange.between(offset, end))) {
                        for (int at = offset; at < end; at++) {
                            broken.addAndGet(holders.getAndIncrement(at));
                        }
                        for (int at = offset; at < end; at++) {
                            holders.decrementAndGet(at);
                        }
                    }
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }

        assertThat(broken).hasValue(0);
    }
}
