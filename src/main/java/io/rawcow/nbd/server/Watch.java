package io.rawcow.nbd.server;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/**
 * Looks after all connections from one thread: ends those that keep the server waiting for too long, and passes the
 * lead on where a worker keeps it although its device turned out to be slow.
 */
final class Watch implements AutoCloseable {
    /** How long a worker may keep the lead in a request: two looks apart at most. */
    private static final long TICK_NANOS = 1_000_000;

    /** Looks without work before the watch dozes off. */
    private static final int IDLE_TICKS = 100;

    private static final Duration TRIM_EVERY = Duration.ofSeconds(10);

    private final Set<Client> clients = ConcurrentHashMap.newKeySet();
    private final LargeBuffers buffers;
    private final TroubleLog troubles;
    private final long timersEveryNanos;
    private final Thread thread;
    private volatile boolean dozing;
    private volatile boolean closed;

    Watch(NbdSettings settings, LargeBuffers buffers, TroubleLog troubles) {
        this.buffers = buffers;
        this.troubles = troubles;
        Duration shortest = settings.handshakeTimeout().compareTo(settings.stallTimeout()) < 0
                ? settings.handshakeTimeout()
                : settings.stallTimeout();
        this.timersEveryNanos = Math.clamp(
                shortest.toNanos() / 10, TICK_NANOS, Duration.ofMillis(250).toNanos());
        this.thread = Thread.ofPlatform().name("nbd-watch").daemon().unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    void add(Client client) {
        clients.add(client);
    }

    void remove(Client client) {
        clients.remove(client);
    }

    /** Called by a worker that keeps the lead while it is in the device. */
    void attend() {
        if (dozing) {
            dozing = false;
            LockSupport.unpark(thread);
        }
    }

    private void run() {
        long timersDue = System.nanoTime();
        long trimDue = timersDue;
        int idleTicks = 0;
        while (!closed) {
            idleTicks = passLeads() ? 0 : idleTicks + 1;
            long now = System.nanoTime();
            if (now - timersDue >= 0) {
                clients.forEach(client -> carefully(client::endIfOverdue));
                timersDue = now + timersEveryNanos;
            }
            if (now - trimDue >= 0) {
                carefully(buffers::trim);
                trimDue = now + TRIM_EVERY.toNanos();
            }
            if (idleTicks < IDLE_TICKS) {
                LockSupport.parkNanos(this, TICK_NANOS);
            } else {
                doze();
            }
        }
    }

    /** One client's trouble must not leave all others unwatched. */
    private void carefully(Runnable look) {
        try {
            look.run();
        } catch (RuntimeException | Error e) {
            troubles.warn("cannot look after a connection", e);
        }
    }

    private void doze() {
        dozing = true;
        // Once more, for a worker that looked at the flag just before.
        if (!passLeads()) {
            LockSupport.parkNanos(this, timersEveryNanos);
        }
        dozing = false;
    }

    /** @return whether somebody kept the lead in the device */
    private boolean passLeads() {
        long now = System.nanoTime();
        var busy = new boolean[1];
        for (Client client : clients) {
            carefully(() -> busy[0] |= client.passLeadIfSlow(now, TICK_NANOS));
        }
        return busy[0];
    }

    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
    }
}
