package io.rawcow.stream;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/** The lock over a job's state, and the waiting for changes of it. Nothing that can block happens under it. */
final class JobMonitor {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private long changes;

    /** The lock, held until this is closed. */
    interface Entry extends AutoCloseable {
        @Override
        void close();
    }

    Entry enter() {
        lock.lock();
        return lock::unlock;
    }

    /** Wakes all who wait. */
    void signal() {
        lock.lock();
        try {
            changes++;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Waits for the next {@link #signal}, but not longer than that. */
    void awaitSignal(long nanos) throws InterruptedException {
        lock.lock();
        try {
            long seen = changes;
            for (long left = nanos; left > 0 && changes == seen; ) {
                left = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Waits until something holds, or the time is up. */
    void await(BooleanSupplier reached, Duration patience) throws InterruptedException {
        lock.lock();
        try {
            for (long left = patience.toNanos(); left > 0 && !reached.getAsBoolean(); ) {
                left = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }
}
