package io.rawcow.format;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.posix.Memory;
import java.lang.foreign.Arena;
import java.util.BitSet;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Searches in a bitmap end where they are told to, and look no further. */
class BitmapScanTest {

    @Test
    void aSearchEndsWhereItIsTold() {
        var random = new SplittableRandom(1);
        for (int round = 0; round < 200; round++) {
            int count = random.nextInt(1, 400);
            var bitmap =
                    new AllocationBitmap(Arena.ofAuto().allocate(AllocationBitmap.memoryBytes(count), 8), count, 0);
            var model = new BitSet();
            for (int runs = random.nextInt(6); runs > 0; runs--) {
                int from = random.nextInt(count);
                int end = random.nextInt(from + 1, count + 1);
                bitmap.markAllocated(from, end);
                model.set(from, end);
            }
            for (int i = 0; i < 50; i++) {
                int from = random.nextInt(count + 1);
                int end = random.nextInt(from, count + 1);
                int set = model.nextSetBit(from);
                int clear = model.nextClearBit(from);
                assertThat(bitmap.nextAllocated(from, end)).isEqualTo(set < 0 ? end : Math.min(set, end));
                assertThat(bitmap.nextUnallocated(from, end)).isEqualTo(Math.min(clear, end));
                assertThat(bitmap.areAllocated(from, end)).isEqualTo(clear >= end);
            }
        }
    }

    /** A guest's read of 4 KiB in a clear image of 8 TiB must not go through all of its 256 MiB of bits. */
    @Test
    void aShortSearchInAHugeBitmapIsShort() {
        long count = 1L << 31;
        var bitmap =
                new AllocationBitmap(Memory.anonymous(AllocationBitmap.memoryBytes(count), Arena.ofAuto()), count, 0);
        long start = System.nanoTime();
        long sum = 0;
        for (int i = 0; i < 10_000; i++) {
            sum += bitmap.nextAllocated(i, i + 1);
        }

        assertThat(sum).isEqualTo(10_000L * 10_001 / 2);
        // Each of them took tens of milliseconds when it went to the end.
        assertThat(System.nanoTime() - start).isLessThan(10_000_000_000L);
    }
}
