package io.rawcow.image;

import io.rawcow.block.BlockException;
import io.rawcow.block.ByteRange;
import io.rawcow.block.Extent;
import io.rawcow.image.ImageActivity.Copy;
import io.rawcow.image.ImageActivity.Skip;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Hydrates a range because somebody is about to read it. */
final class Prefetch {
    /** The most that is read from the backing at once. */
    private static final int STEP_BYTES = 1 << 20;

    private Prefetch() {}

    /** @param sectors whole sectors; those whose bit is set are passed over */
    static void of(LiveImage image, ByteRange sectors) throws BlockException {
        Optional<ByteRange> clear = image.nextClear(sectors.offset(), STEP_BYTES);
        if (clear.isEmpty() || clear.get().offset() >= sectors.end()) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer =
                    arena.allocate(Math.max(STEP_BYTES, image.geometry().sectorSize()), 8);
            while (clear.isPresent() && clear.get().offset() < sectors.end()) {
                ByteRange step = ByteRange.between(
                        clear.get().offset(), Math.min(clear.get().end(), sectors.end()));
                hydrate(image, step, buffer.asSlice(0, step.length()));
                clear = image.nextClear(step.end(), STEP_BYTES);
            }
        }
    }

    private static void hydrate(LiveImage image, ByteRange step, MemorySegment content) throws BlockException {
        Extent extent = image.backingExtentAt(step.offset(), step.end());
        if (extent.zero() && extent.range().equals(step)) {
            image.activity().skipped(Skip.ZERO, image.hydrate(step, null));
        } else {
            image.readBacking(step.offset(), content);
            image.activity().copied(Copy.PREFETCH, image.hydrate(step, content));
        }
    }
}
