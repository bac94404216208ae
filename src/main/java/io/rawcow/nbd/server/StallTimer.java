package io.rawcow.nbd.server;

import java.time.Duration;

/** How long a client has kept us waiting. Started and stopped by one thread at a time, looked at by any. */
final class StallTimer {
    /** When the wait began, by {@link System#nanoTime}; 0 while nobody waits. */
    private volatile long since;

    void start() {
        since = System.nanoTime() | 1;
    }

    void stop() {
        since = 0;
    }

    boolean isOver(Duration patience) {
        long began = since;
        return began != 0 && System.nanoTime() - began > patience.toNanos();
    }
}
