package io.rawcow.catalog;

import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * The latest changes, in order, and those who listen. An event is never dropped silently: a listener that falls behind
 * is told so. Safe from many threads.
 */
public final class EventLog {
    private static final int KEPT = 4096;
    private static final int QUEUE = 1024;

    /** Why a listener cannot be given what it asked for, and has to list everything again. */
    public enum ResetReason {
        TOO_OLD,
        OTHER_START,
        UNKNOWN_ID,
        TOO_SLOW
    }

    /** A listener's side. Close it when done. */
    public final class Subscription implements AutoCloseable {
        private final BlockingQueue<Event> queue = new ArrayBlockingQueue<>(QUEUE);
        private final List<Event> replay;
        private final @Nullable ResetReason reset;
        private volatile boolean overrun;

        private Subscription(List<Event> replay, @Nullable ResetReason reset) {
            this.replay = replay;
            this.reset = reset;
        }

        /** What was missed, to be delivered first. */
        public List<Event> replay() {
            return replay;
        }

        /** Why what was missed cannot be told; null if it can. */
        public @Nullable ResetReason reset() {
            return reset;
        }

        /** What comes from now on. */
        public BlockingQueue<Event> queue() {
            return queue;
        }

        /** Whether events came faster than they were taken: what is in the queue is not all. */
        public boolean isOverrun() {
            return overrun;
        }

        @Override
        public void close() {
            subscriptions.remove(this);
        }
    }

    private final InstantSource clock;
    private final EventListener first;
    private final String start;
    private final Deque<Event> kept = new ArrayDeque<>();
    private final List<Subscription> subscriptions = new CopyOnWriteArrayList<>();
    private long count;

    public EventLog(InstantSource clock) {
        this(clock, EventListener.NONE);
    }

    /** @param first hears of each event that is kept, before all others do */
    EventLog(InstantSource clock, EventListener first) {
        this.clock = clock;
        this.first = first;
        // Random bits too: a clock that was set back must not make two runs alike.
        this.start = Long.toString(clock.millis(), 36) + Integer.toString(new SecureRandom().nextInt(1 << 30), 36);
    }

    void image(String name, String change, @Nullable ImageView image) {
        add(Event.Kind.IMAGE, name, change, image);
    }

    void job(String id, String change, @Nullable JobView job) {
        add(Event.Kind.JOB, id, change, job);
    }

    void export(String name, String change, @Nullable ExportView export) {
        add(Event.Kind.EXPORT, name, change, export);
    }

    /**
     * Tells those who listen now that clients of an export came or went. It is not kept and has no number of its own: a
     * client that connects over and over must not push all else out of the log, and the next such event makes up for
     * one that was missed.
     */
    synchronized void clients(String name, ExportView export) {
        tell(new Event(lastId(), clock.instant(), Event.Kind.EXPORT, name, Event.CLIENTS, export));
    }

    private synchronized void add(Event.Kind kind, String name, String change, @Nullable Record resource) {
        count++;
        add(new Event(start + "-" + count, clock.instant(), kind, name, change, resource));
    }

    private void add(Event event) {
        first.told(event);
        kept.addLast(event);
        if (kept.size() > KEPT) {
            kept.removeFirst();
        }
        tell(event);
    }

    private void tell(Event event) {
        for (Subscription subscription : subscriptions) {
            if (!subscription.queue.offer(event)) {
                subscription.overrun = true;
            }
        }
    }

    /** The id of the latest event, or of the state before the first. */
    public synchronized String lastId() {
        return start + "-" + count;
    }

    /**
     * Listens from now on, or from behind an event that was seen.
     *
     * @param lastSeen the id of the last event that the listener has; null for none
     */
    public synchronized Subscription subscribe(@Nullable String lastSeen) {
        ResetReason reset = null;
        List<Event> replay = List.of();
        if (lastSeen != null) {
            reset = reasonAgainst(lastSeen);
            if (reset == null) {
                long seen = Long.parseLong(lastSeen.substring(start.length() + 1));
                replay = new ArrayList<>(kept).subList(kept.size() - (int) (count - seen), kept.size());
            }
        }
        var subscription = new Subscription(List.copyOf(replay), reset);
        subscriptions.add(subscription);
        return subscription;
    }

    private @Nullable ResetReason reasonAgainst(String lastSeen) {
        if (!lastSeen.matches("[0-9a-z]{1,32}-[0-9]{1,18}")) {
            return ResetReason.UNKNOWN_ID;
        }
        int dash = lastSeen.indexOf('-');
        if (!lastSeen.substring(0, dash).equals(start)) {
            return ResetReason.OTHER_START;
        }
        long seen = Long.parseLong(lastSeen.substring(dash + 1));
        if (seen > count) {
            return ResetReason.UNKNOWN_ID;
        }
        return count - seen > kept.size() ? ResetReason.TOO_OLD : null;
    }
}
