package io.rawcow.format;

import java.util.concurrent.atomic.AtomicIntegerArray;

/** Which steps of a bitmap's place in its file are reserved. Safe from many threads. */
final class ReservedSteps {
    private final long stepBytes;
    private final AtomicIntegerArray steps;

    ReservedSteps(long bytes, long stepBytes) {
        this.stepBytes = stepBytes;
        this.steps = new AtomicIntegerArray(Math.toIntExact((bytes - 1) / stepBytes + 1));
    }

    long stepOf(long byteOffset) {
        return byteOffset / stepBytes;
    }

    boolean contains(long step) {
        return steps.get((int) step) != 0;
    }

    void add(long step) {
        steps.set((int) step, 1);
    }
}
