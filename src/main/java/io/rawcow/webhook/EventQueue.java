package io.rawcow.webhook;

import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import io.rawcow.posix.Folder;
import io.rawcow.posix.PosixException;
import io.rawcow.webhook.Journal.Found;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The queue of one webhook: a {@link Backlog} that is kept in a {@link Journal}. Events come in from whoever makes
 * them, and find themselves in the file when {@link #put} returns; one thread delivers, and it alone calls
 * {@link #take}, {@link #done} and {@link #settle}. Only that thread waits for a disk to sync.
 *
 * <p>If the file cannot be written, the queue goes on in memory, says so, and writes the file anew before the next
 * delivery.
 */
final class EventQueue implements AutoCloseable {
    private static final Logger LOG = System.getLogger(EventQueue.class.getName());
    /** Characters that wait, so that a queue of large events does not take all memory. */
    static final long MAX_LENGTH = 16L << 20;
    /** From this size on a file is written anew once most of it is past. */
    private static final long WORTH_WRITING_ANEW = 1 << 20;

    private static final String FORMAT = "format 1";

    private final String webhook;
    private final Folder folder;
    private final Backlog backlog;
    private @Nullable Journal journal;
    /** What has happened since a new file was begun; null while none is being written. */
    private @Nullable List<String> meanwhile;

    private boolean unsynced;
    private boolean broken;
    private boolean closed;
    private long lost;
    private long puts;

    private EventQueue(String webhook, Folder folder, Backlog backlog) {
        this.webhook = webhook;
        this.folder = folder;
        this.backlog = backlog;
    }

    /**
     * Opens the queue in a folder of its own, which it closes at its end, and makes it if it is not there.
     *
     * @param maxEvents that may wait
     */
    static EventQueue open(String webhook, Folder folder, int maxEvents) throws BlockException {
        var queue = new EventQueue(webhook, folder, new Backlog(maxEvents, MAX_LENGTH));
        boolean opened = false;
        try {
            queue.restore(Journal.read(folder));
            queue.lost = queue.backlog.shrink().size();
            queue.writeAnew();
            opened = true;
            return queue;
        } catch (PosixException e) {
            throw BlockException.of(e, "webhook queue");
        } finally {
            if (!opened) {
                queue.close();
            }
        }
    }

    private void restore(Found found) throws BlockException {
        List<String> records = found.records();
        if (!records.isEmpty() && !records.getFirst().equals(FORMAT)) {
            throw new BlockException(
                            FaultKind.IO_ERROR,
                            "cannot read webhook queue: it is of another version: format=\"%s\" path=%s/queue"
                                    .formatted(records.getFirst(), folder.path()))
                    .withAction("start the version that wrote it, or remove the file and what it holds");
        }
        long damaged = found.damaged();
        int applied = Math.min(1, records.size());
        try {
            while (applied < records.size()) {
                backlog.apply(records.get(applied));
                applied++;
            }
        } catch (IllegalArgumentException e) {
            damaged = Math.max(1, damaged);
        }
        if (damaged > 0) {
            LOG.log(
                    Level.ERROR,
                    "webhook queue is damaged at its end, what stood there is lost: webhook={0} records={1} unread={2}"
                            + " bytes={3} path={4}/queue",
                    webhook,
                    applied,
                    records.size() - applied,
                    found.damaged(),
                    folder.path());
        }
    }

    /**
     * Lets an event wait.
     *
     * @param body of the event with a sequence number
     */
    synchronized void put(String id, LongFunction<String> body) {
        boolean whole = backlog.loss().count() == 0;
        List<String> records = backlog.put(id, body);
        lost += records.size() - 1;
        if (whole && records.size() > 1) {
            LOG.log(Level.WARNING, "webhook queue is full, the oldest events go: webhook={0}", webhook);
        }
        puts++;
        write(records);
        notifyAll();
    }

    /**
     * What is to be delivered now: the same until it is done.
     *
     * @return null if there is nothing
     */
    synchronized @Nullable Message take(Backlog.NoticeMaker notice) {
        write(backlog.take(notice));
        return backlog.head();
    }

    /** What was taken is delivered. */
    synchronized void done(Message delivered) {
        write(backlog.done(delivered));
    }

    /** How many messages are to be delivered. */
    synchronized int size() {
        return backlog.size();
    }

    /** Events that this queue had no room for since it was opened. */
    synchronized long lost() {
        return lost;
    }

    /** How many events were put, for {@link #await}. */
    synchronized long puts() {
        return puts;
    }

    /** Waits until more events were put than that, or the time is up. */
    synchronized void await(long seen, Duration patience) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        for (long left = patience.toNanos(); left > 0 && puts == seen; left = deadline - System.nanoTime()) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
    }

    private void write(List<String> records) {
        Journal target = journal;
        if (records.isEmpty() || target == null || closed) {
            return;
        }
        unsynced = true;
        if (meanwhile != null) {
            meanwhile.addAll(records);
        }
        if (!broken) {
            try {
                target.append(records);
            } catch (PosixException e) {
                fails(e);
            }
        }
    }

    /** What is lost by that is what a crash would find: a file that ends before. */
    private void fails(PosixException e) {
        if (!broken) {
            LOG.log(
                    Level.ERROR,
                    "cannot keep webhook queue, it goes on in memory until that works again: webhook={0} {1}",
                    webhook,
                    e.getMessage());
        }
        broken = true;
    }

    /** Makes what has happened durable, and the file small again. Waits for the disk. */
    void settle() {
        Journal current;
        boolean anew;
        synchronized (this) {
            current = journal;
            if (closed || current == null || !(unsynced || broken)) {
                return;
            }
            unsynced = false;
            anew = broken || current.size() > Math.max(WORTH_WRITING_ANEW, 3 * backlog.length());
        }
        try {
            if (anew) {
                writeAnew();
            } else {
                current.sync();
            }
        } catch (PosixException e) {
            synchronized (this) {
                fails(e);
            }
        }
    }

    /** Events go into the old file until the new one is complete and takes its place. */
    private void writeAnew() throws PosixException {
        List<String> records = new ArrayList<>(List.of(FORMAT));
        synchronized (this) {
            records.addAll(backlog.records());
            meanwhile = new ArrayList<>();
        }
        @Nullable Journal made = null;
        boolean published = false;
        try {
            made = Journal.create(folder, records);
            publish(made);
            published = true;
            made.sync();
        } finally {
            if (!published) {
                synchronized (this) {
                    meanwhile = null;
                }
                if (made != null) {
                    made.close();
                }
            }
        }
    }

    private synchronized void publish(Journal made) throws PosixException {
        if (meanwhile != null) {
            made.append(meanwhile);
        }
        made.publish();
        meanwhile = null;
        if (journal != null) {
            journal.close();
        }
        journal = made;
        if (broken) {
            broken = false;
            LOG.log(Level.INFO, "webhook queue is kept again: webhook={0}", webhook);
        }
    }

    /** What was put stays for the next start. */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            if (journal != null) {
                journal.close();
            }
            folder.close();
        }
    }
}
