package io.rawcow.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BufferPoolTest {
    private static final Duration NONE = Duration.ZERO;

    @Test
    void givesOutNoMoreThanItsBudget() {
        var pool = new BufferPool(4 << 20, 1 << 20);
        List<MemorySegment> taken = new ArrayList<>();
        for (MemorySegment next = pool.tryAcquire(NONE); next != null; next = pool.tryAcquire(NONE)) {
            taken.add(next);
        }

        assertThat(taken).hasSize(4).doesNotHaveDuplicates();
        assertThat(taken).allMatch(buffer -> buffer.byteSize() == 1 << 20);
    }

    @Test
    void usesABufferAgain() {
        var pool = new BufferPool(1 << 20, 1 << 20);
        MemorySegment first = pool.tryAcquire(NONE);
        pool.release(first);

        assertThat(pool.tryAcquire(NONE)).isSameAs(first);
        assertThat(pool.tryAcquire(NONE)).isNull();
    }

    @Test
    void aBudgetSmallerThanABufferHoldsOne() {
        var pool = new BufferPool(1, 1 << 20);

        assertThat(pool.tryAcquire(NONE)).isNotNull();
        assertThat(pool.tryAcquire(NONE)).isNull();
    }

    @Test
    void anInterruptEndsTheWaitAndStays() {
        var pool = new BufferPool(1 << 20, 1 << 20);
        Thread.currentThread().interrupt();

        assertThat(pool.tryAcquire(Duration.ofMinutes(1))).isNull();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(pool.tryAcquire(NONE)).isNotNull();
    }
}
