package io.rawcow.stream;

import java.util.function.LongSupplier;

/**
 * A token bucket. Whoever finds it ready may go, and is charged; the next one waits until that is paid back at the set
 * speed. So the limit holds from the first byte: in any time t no more than speed × t and one charge and a tenth of a
 * second go through. Never sleeps. Safe from many threads.
 */
final class RateLimiter {
    private static final long NANOS = 1_000_000_000L;
    /** What may be saved up in idle times. */
    private static final long BURST_NANOS = NANOS / 10;

    private final LongSupplier nanoClock;
    private long speed;
    private long readyAt;

    /** @param speed bytes a second, 0 for no limit */
    RateLimiter(long speed, LongSupplier nanoClock) {
        this.nanoClock = nanoClock;
        this.speed = speed;
        this.readyAt = nanoClock.getAsLong();
    }

    /** Gives up what was saved up so far. A debt stays: a pause does not pay it. */
    synchronized void restart() {
        readyAt = Math.max(readyAt, nanoClock.getAsLong());
    }

    /** Nanoseconds until the next charge may be made; 0 for now. */
    synchronized long nanosUntilReady() {
        return speed == 0 ? 0 : Math.max(0, readyAt - nanoClock.getAsLong());
    }

    synchronized void charge(long bytes) {
        if (speed > 0) {
            long from = Math.max(readyAt, nanoClock.getAsLong() - BURST_NANOS);
            readyAt = from + nanosFor(bytes);
        }
    }

    private long nanosFor(long bytes) {
        return (long) Math.min((double) bytes * NANOS / speed, Long.MAX_VALUE / 4.0);
    }

    synchronized long speed() {
        return speed;
    }

    /** Changes the speed at once; what is still to be paid back is paid at the new one. */
    synchronized void setSpeed(long bytesPerSecond) {
        long now = nanoClock.getAsLong();
        double debt = speed == 0 ? 0 : Math.max(0, readyAt - now) * (double) speed / NANOS;
        speed = bytesPerSecond;
        readyAt = speed == 0 ? now : now + nanosFor((long) debt);
    }

    /** How much one step should take at the most: a tenth of a second's worth. */
    synchronized long stepBytes(long most) {
        return speed == 0 ? most : Math.clamp(speed / 10, 1, most);
    }
}
