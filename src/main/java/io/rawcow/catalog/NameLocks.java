package io.rawcow.catalog;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/** One lock a name, more or less: names that share one wait for each other now and then. Reentrant. */
final class NameLocks {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final String what;
    private final ReentrantLock[] stripes = new ReentrantLock[256];

    /** A name that is held until this is closed. */
    interface Held extends AutoCloseable {
        @Override
        void close();
    }

    /** @param what the names are of, in words for people */
    NameLocks(String what) {
        this.what = what;
        for (int i = 0; i < stripes.length; i++) {
            stripes[i] = new ReentrantLock();
        }
    }

    Held hold(String name) {
        ReentrantLock lock = stripe(name);
        lock.lock();
        return lock::unlock;
    }

    /**
     * Holds a name for a request, which must not wait for ever behind one that hangs in the kernel.
     *
     * @throws ProblemException BUSY
     */
    Held holdForRequest(String name) {
        ReentrantLock lock = stripe(name);
        try {
            if (lock.tryLock(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                return lock::unlock;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw new ProblemException(
                        ProblemCode.BUSY, "another request works on the %s: %s=%s".formatted(what, what, name))
                .withAction("repeat the request after the time of the Retry-After header");
    }

    private ReentrantLock stripe(String name) {
        return stripes[Math.floorMod(name.hashCode(), stripes.length)];
    }
}
