package io.rawcow.nbd.server;

import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Who of a connection's workers reads the next request. The others are in the device, or idle.
 *
 * <p>The leader passes the lead on before it goes into the device, so that the next request is read meanwhile. For
 * small requests to a fast device it keeps it: handing over takes longer than they do. If such a request turns out to
 * be slow after all, the watch passes the lead on.
 */
final class Lead {
    private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final Session session;
    private final Watch watch;
    private final int most;
    private final ReentrantLock lock = new ReentrantLock();
    private final ArrayDeque<Worker> idle = new ArrayDeque<>();
    /** What leaders have answered and not sent, who are stuck in the device. */
    private final ArrayDeque<Outgoing> unsent = new ArrayDeque<>();
    /** When the leader went into the device without passing the lead on; 0 if it did not. */
    private final AtomicLong keptSince = new AtomicLong();

    private int workers;
    private boolean free = true;
    private boolean over;
    private volatile @Nullable Worker leader;
    /** Whether there is a worker to take the lead over. */
    private volatile boolean spare;

    Lead(Session session, Watch watch, int most) {
        this.session = session;
        this.watch = watch;
        this.most = most;
    }

    /** A worker comes. */
    void join() {
        lock.lock();
        try {
            workers++;
            countSpare();
        } finally {
            lock.unlock();
        }
    }

    /**
     * A worker goes.
     *
     * @return whether it was the last
     */
    boolean leave() {
        lock.lock();
        try {
            workers--;
            countSpare();
            return workers == 0;
        } finally {
            lock.unlock();
        }
    }

    /** Waits for the lead. False if the worker is not needed any more. */
    boolean await(Worker worker) {
        long deadline = System.nanoTime() + IDLE_NANOS;
        boolean waiting = false;
        while (true) {
            lock.lock();
            try {
                long left = deadline - System.nanoTime();
                if (over || free || left <= 0) {
                    idle.remove(worker);
                    boolean leads = free && !over;
                    if (leads) {
                        free = false;
                        leader = worker;
                    }
                    return leads;
                }
                if (!waiting || !idle.contains(worker)) {
                    idle.addLast(worker);
                    waiting = true;
                }
            } finally {
                countSpare();
                lock.unlock();
            }
            LockSupport.parkNanos(this, Math.max(1, deadline - System.nanoTime()));
        }
    }

    /** Lets another worker lead. Called by the leader. */
    void pass() {
        pass(null);
    }

    private void pass(@Nullable Outgoing left) {
        boolean another = false;
        lock.lock();
        try {
            leader = null;
            if (over) {
                return;
            }
            free = true;
            if (left != null) {
                unsent.add(left);
            }
            Worker next = idle.pollLast();
            if (next != null) {
                LockSupport.unpark(next.thread());
            } else if (workers < most) {
                workers++;
                another = true;
            }
            countSpare();
        } finally {
            lock.unlock();
        }
        if (another) {
            session.startWorker();
        }
    }

    /** Nobody leads any more: the last request was read, or the connection is broken. */
    void end() {
        lock.lock();
        try {
            over = true;
            leader = null;
            keptSince.set(0);
            idle.forEach(worker -> LockSupport.unpark(worker.thread()));
        } finally {
            lock.unlock();
        }
    }

    /** What stuck leaders have left to be sent. Called by the leader. */
    @Nullable
    Outgoing takeUnsent() {
        lock.lock();
        try {
            return unsent.poll();
        } finally {
            lock.unlock();
        }
    }

    boolean isLedBy(Worker worker) {
        return worker.equals(leader);
    }

    /** Whether the leader may keep the lead: another can take it. */
    boolean hasSpare() {
        return spare;
    }

    /** The leader goes into the device as the leader. */
    void keep(long now) {
        keptSince.set(now | 1);
        watch.attend();
    }

    /**
     * The leader comes back.
     *
     * @param since as given to {@link #keep}
     * @return whether it leads still
     */
    boolean isKept(long since) {
        return keptSince.compareAndSet(since | 1, 0);
    }

    /** @return whether the leader is in the device as the leader */
    boolean passIfSlow(long now, long patienceNanos) {
        long since = keptSince.get();
        if (since == 0) {
            return false;
        }
        Worker stuck = leader;
        if (now - since >= patienceNanos && stuck != null && keptSince.compareAndSet(since, 0)) {
            session.noteSlow();
            pass(stuck.outgoing());
        }
        return true;
    }

    private void countSpare() {
        spare = !idle.isEmpty() || workers < most;
    }
}
