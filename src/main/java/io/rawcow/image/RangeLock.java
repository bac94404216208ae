package io.rawcow.image;

import io.rawcow.block.ByteRange;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Exclusive locks on ranges of bytes: those that overlap wait for each other, others do not. Not reentrant, in no order
 * of fairness. The last lock taken: whoever holds a range takes no other lock but the bitmap's own.
 */
final class RangeLock {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition released = lock.newCondition();
    private final List<ByteRange> held = new ArrayList<>();

    /** A range that is held until this is closed. */
    interface Held extends AutoCloseable {
        @Override
        void close();
    }

    /** Waits until nobody holds a part of the range, then holds it. */
    Held hold(ByteRange range) {
        lock.lock();
        try {
            while (held.stream().anyMatch(range::overlaps)) {
                released.awaitUninterruptibly();
            }
            held.add(range);
        } finally {
            lock.unlock();
        }
        return () -> release(range);
    }

    private void release(ByteRange range) {
        lock.lock();
        try {
            held.remove(range);
            released.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
