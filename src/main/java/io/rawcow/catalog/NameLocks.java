package io.rawcow.catalog;

import java.util.concurrent.locks.ReentrantLock;

/** One lock a name, more or less: names that share one wait for each other now and then. Reentrant. */
final class NameLocks {
    private final ReentrantLock[] stripes = new ReentrantLock[256];

    /** A name that is held until this is closed. */
    interface Held extends AutoCloseable {
        @Override
        void close();
    }

    NameLocks() {
        for (int i = 0; i < stripes.length; i++) {
            stripes[i] = new ReentrantLock();
        }
    }

    Held hold(String name) {
        ReentrantLock lock = stripes[Math.floorMod(name.hashCode(), stripes.length)];
        lock.lock();
        return lock::unlock;
    }
}
