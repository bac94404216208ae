package io.rawcow.format;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Memory for the bits of a bitmap that outlives this process: step by step, each taken when the first of its bits is
 * set.
 */
public interface LastingMemory {
    /** Bytes of bits that are taken at once. */
    int STEP_BYTES = 64 << 10;

    /** None at all. */
    LastingMemory NONE = new LastingMemory() {
        @Override
        public @Nullable MemorySegment take(int step, long bytes) {
            return null;
        }

        @Override
        public void holds(int step) {
            throw new IllegalStateException("there is no such step: step=" + step);
        }
    };

    /**
     * Memory for a step, asked for once.
     *
     * @param bytes {@link #STEP_BYTES}, or fewer for the last step, a multiple of 8
     * @return all zeros, safe to be touched; null if there is none to be had
     */
    @Nullable
    MemorySegment take(int step, long bytes);

    /** From now on the step's memory counts: the bits of before are in it. */
    void holds(int step);
}
