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
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The queue of one webhook: a {@link Backlog} that is kept in a {@link Journal}. Events come in from whoever makes
 * them, and find themselves in the file when {@link #put} returns; one thread delivers, and it alone calls
 * {@link #take}, {@link #done} and {@link #settle}. Only that thread waits for a disk to sync.
 *
 * <p>If the file cannot be written, at the start too, the queue goes on in memory, says so, and writes the file anew
 * before the next delivery.
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
    private final Backlog.NoticeMaker notice;
    /** The file; null if none could be written yet. */
    private @Nullable Journal journal;
    /** The one that takes its place in a moment, and has all from here on too. */
    private @Nullable Journal coming;
    /** What has happened since a new file was begun; null while none is being written. */
    private @Nullable List<String> meanwhile;

    private long meanwhileLength;
    private boolean unsynced;
    /** Whether the file lacks something. */
    private boolean broken;

    private boolean closed;
    private long lost;
    private long puts;

    private EventQueue(String webhook, Folder folder, Backlog backlog, Backlog.NoticeMaker notice) {
        this.webhook = webhook;
        this.folder = folder;
        this.backlog = backlog;
        this.notice = notice;
    }

    /**
     * Opens the queue in a folder of its own, which it closes at its end, and makes it if it is not there.
     *
     * @param maxEvents that may wait
     * @param notice what is delivered in the place of events that were lost
     * @throws BlockException if what is there cannot be read, or is of another version
     */
    static EventQueue open(String webhook, Folder folder, int maxEvents, Backlog.NoticeMaker notice)
            throws BlockException {
        var queue = new EventQueue(webhook, folder, new Backlog(maxEvents, MAX_LENGTH), notice);
        boolean opened = false;
        try {
            queue.restore(Journal.read(folder));
            queue.lost = queue.backlog.shrink().size();
            // Whatever the disk says to that: what waits is there, and is delivered.
            queue.unsynced = true;
            queue.settle();
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
            // No record is shorter than a byte.
            long most = found.damaged() + records.size() - applied;
            backlog.missing(most, "damage-" + UUID.randomUUID(), notice);
            LOG.log(
                    Level.ERROR,
                    "{0}, what stood there is lost: webhook={1} records={2} unread={3} bytes={4} path={5}/queue",
                    found.isTooLarge()
                            ? "webhook queue is too large to be read"
                            : "webhook queue is damaged at its end",
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
    synchronized @Nullable Message take() {
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

    /** Whether the death of the process would lose nothing. */
    synchronized boolean isKept() {
        return !broken;
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
        if (records.isEmpty() || closed) {
            return;
        }
        unsynced = true;
        remember(records);
        try {
            if (!broken && journal != null) {
                journal.append(records);
            }
            if (coming != null) {
                coming.append(records);
            }
        } catch (PosixException e) {
            coming = null;
            fails(e);
        }
    }

    private void remember(List<String> records) {
        if (meanwhile != null) {
            meanwhile.addAll(records);
            meanwhileLength += records.stream().mapToLong(String::length).sum();
            if (meanwhileLength > MAX_LENGTH) {
                // A disk that takes so long: the new file is given up, see complete.
                meanwhile = null;
            }
        }
    }

    /** What is lost by that is what a crash would find: a file that ends before. */
    private void fails(PosixException e) {
        if (!broken && !closed) {
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
        synchronized (this) {
            if (closed || !(unsynced || broken)) {
                return;
            }
            unsynced = false;
            boolean anew =
                    broken || journal == null || journal.size() > Math.max(WORTH_WRITING_ANEW, 3 * backlog.length());
            current = anew ? null : journal;
        }
        boolean settled = false;
        try {
            if (current == null) {
                writeAnew();
            } else {
                current.sync();
            }
            settled = true;
        } catch (PosixException e) {
            synchronized (this) {
                fails(e);
            }
        } finally {
            synchronized (this) {
                unsynced |= !settled;
            }
        }
    }

    /**
     * Writes all that there is to a new file. Events go into the old one too, until the new one has its name: whenever
     * the process dies, the one that has the name is complete. Whoever puts an event does not wait for any of this.
     */
    private void writeAnew() throws PosixException {
        List<String> records = new ArrayList<>(List.of(FORMAT));
        records.addAll(begin().records());
        try {
            replaceWith(Journal.create(folder, records));
        } finally {
            giveUp();
        }
    }

    private void replaceWith(Journal made) throws PosixException {
        Journal past = made;
        try {
            made.append(missed());
            if (complete(made)) {
                made.publish();
                past = replaced(made);
                made.sync();
            }
        } finally {
            if (past != null) {
                past.close();
            }
        }
    }

    private synchronized Backlog.Copy begin() {
        meanwhile = new ArrayList<>();
        meanwhileLength = 0;
        return backlog.copy();
    }

    /** Most of what came while a large file was written, so that little is left to be written with all waiting. */
    private synchronized List<String> missed() {
        List<String> missed = meanwhile == null ? List.of() : meanwhile;
        if (meanwhile != null) {
            meanwhile = new ArrayList<>();
            meanwhileLength = 0;
        }
        return missed;
    }

    /** From here on the new file has all, and gets all. Answers false if it is not wanted any more. */
    private synchronized boolean complete(Journal made) throws PosixException {
        if (meanwhile == null || closed) {
            return false;
        }
        made.append(meanwhile);
        meanwhile = null;
        coming = made;
        return true;
    }

    /** Answers the file that nobody needs any more. */
    private synchronized @Nullable Journal replaced(Journal made) {
        if (closed) {
            return made;
        }
        Journal old = journal;
        journal = made;
        boolean whole = coming == made;
        coming = null;
        if (whole && broken) {
            LOG.log(Level.INFO, "webhook queue is kept again: webhook={0}", webhook);
        }
        broken = !whole;
        return old;
    }

    private synchronized void giveUp() {
        meanwhile = null;
        coming = null;
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
