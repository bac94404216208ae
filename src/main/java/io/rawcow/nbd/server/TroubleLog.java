package io.rawcow.nbd.server;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Logs what clients can cause as often as they like: a line a second at most. Safe from many threads. */
final class TroubleLog {
    private static final Logger LOG = System.getLogger(TroubleLog.class.getName());
    private static final long INTERVAL_NANOS = 1_000_000_000;

    private final AtomicLong next = new AtomicLong(System.nanoTime());
    private final AtomicLong skipped = new AtomicLong();

    void warn(String message, @Nullable Throwable cause) {
        long now = System.nanoTime();
        long due = next.get();
        if (now - due < 0 || !next.compareAndSet(due, now + INTERVAL_NANOS)) {
            skipped.incrementAndGet();
            return;
        }
        long before = skipped.getAndSet(0);
        LOG.log(Level.WARNING, before == 0 ? message : message + " (more before: " + before + ")", cause);
    }
}
