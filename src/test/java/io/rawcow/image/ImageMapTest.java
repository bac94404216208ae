package io.rawcow.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.format.AllocationBitmap;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;

class ImageMapTest {
    private final AllocationBitmap bitmap =
            new AllocationBitmap(Arena.ofAuto().allocate(AllocationBitmap.memoryBytes(100), 8), 100, 0);

    @Test
    void aRunEndsBehindItsFirstSectorThoughAGuestHasWrittenThereSince() {
        boolean allocated = bitmap.isAllocated(5);
        bitmap.markAllocated(5, 6);
        bitmap.markAllocated(8, 9);
        assertThat(ImageMap.endOfRun(bitmap, 5, allocated, 100)).isEqualTo(8);
        assertThat(ImageMap.endOfRun(bitmap, 5, allocated, 6)).isEqualTo(6);
    }
}
