package io.rawcow.testing;

import io.rawcow.posix.Folder;
import io.rawcow.posix.PosixException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/** What goes wrong with the files of a {@link TamperedFolder}, and what was done to them. Safe from many threads. */
public final class Tampering {

    /** What can be made to fail or to hang. */
    public enum Call {
        READ,
        WRITE,
        PUNCH,
        ZERO_RANGE,
        ALLOCATE,
        SEEK,
        DATA_SYNC,
        SYNC,
        UNLINK
    }

    /** A call that is about to be made, on a file of that name. */
    public record Touch(Call call, String name, long offset, long length) {
        public long end() {
            return offset + length;
        }

        public boolean overlaps(long start, long end) {
            return offset < end && start < end();
        }
    }

    private interface Act {
        void on(Touch touch) throws PosixException;
    }

    /** What a test does in the midst of something. */
    public interface Action {
        void run() throws IOException;
    }

    /** Something that goes wrong until it is taken back. */
    public final class Trouble implements AutoCloseable {
        private final Predicate<Touch> victims;
        private final Act act;
        private final CountDownLatch over = new CountDownLatch(1);
        private final AtomicInteger hits = new AtomicInteger();

        private Trouble(Predicate<Touch> victims, Act act) {
            this.victims = victims;
            this.act = act;
        }

        /** How many calls it has met. */
        public int hits() {
            return hits.get();
        }

        /** Takes it back: calls that hang go on. */
        @Override
        public void close() {
            troubles.remove(this);
            over.countDown();
        }
    }

    private final List<Trouble> troubles = new CopyOnWriteArrayList<>();
    private final Queue<Touch> touches = new ConcurrentLinkedQueue<>();

    public TamperedFolder on(Folder folder) {
        return new TamperedFolder(folder, this);
    }

    /** Calls fail. */
    public Trouble fail(int errno, Predicate<Touch> victims) {
        return add(victims, touch -> {
            throw new PosixException(touch.call().name(), touch.name(), errno);
        });
    }

    /** The next call fails. */
    public Trouble failOnce(int errno, Predicate<Touch> victims) {
        var left = new AtomicInteger(1);
        return fail(errno, touch -> victims.test(touch) && left.getAndDecrement() > 0);
    }

    /** Calls hang until the trouble is taken back, then they are made. */
    public Trouble hang(Predicate<Touch> victims) {
        var hanging = new Trouble[1];
        hanging[0] = add(victims, _ -> awaitEnd(hanging[0]));
        return hanging[0];
    }

    /** Something happens before the next call, in its thread. */
    public Trouble once(Predicate<Touch> victims, Action action) {
        var left = new AtomicInteger(1);
        return add(touch -> victims.test(touch) && left.getAndDecrement() > 0, _ -> {
            try {
                action.run();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    /** As {@link #hang} for so many calls; further ones pass. */
    public Trouble hang(int most, Predicate<Touch> victims) {
        var left = new AtomicInteger(most);
        return hang(touch -> victims.test(touch) && left.getAndDecrement() > 0);
    }

    private static void awaitEnd(Trouble trouble) {
        boolean interrupted = false;
        while (true) {
            try {
                trouble.over.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private Trouble add(Predicate<Touch> victims, Act act) {
        var trouble = new Trouble(victims, act);
        troubles.add(trouble);
        return trouble;
    }

    void before(Touch touch) throws PosixException {
        touches.add(touch);
        for (Trouble trouble : troubles) {
            if (trouble.victims.test(touch)) {
                trouble.hits.incrementAndGet();
                trouble.act.on(touch);
            }
        }
    }

    /** What was done to a file of that name since the last {@link #forget}. */
    public List<Touch> touches(String name, Call call) {
        return touches.stream()
                .filter(touch -> touch.name().equals(name) && touch.call() == call)
                .toList();
    }

    /** All that was done to all files since then, in its order as far as there was one. */
    public List<Touch> touches() {
        return List.copyOf(touches);
    }

    public void forget() {
        touches.clear();
    }

    /** Calls of a kind on a file. */
    public static Predicate<Touch> calls(String name, Call call) {
        return touch -> touch.call() == call && touch.name().equals(name);
    }

    /** Calls of a kind on a range of a file. */
    public static Predicate<Touch> calls(String name, Call call, long start, long end) {
        return calls(name, call).and(touch -> touch.overlaps(start, end));
    }
}
