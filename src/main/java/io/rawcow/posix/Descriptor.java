package io.rawcow.posix;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import java.util.function.IntToLongFunction;

/**
 * A descriptor number that goes back to the kernel when the last call that uses it has returned, so that no call can
 * hit another file which got the same number.
 *
 * <p>Safe from many threads.
 */
final class Descriptor {
    /** Set when the owner has closed; no use begins any more. */
    private static final int CLOSED = Integer.MIN_VALUE;

    private final int number;
    private final String path;

    /** How many uses are under way, the owner's until it closes being one of them, and {@link #CLOSED}. */
    private final AtomicInteger uses = new AtomicInteger(1);

    Descriptor(int number, String path) {
        this.number = number;
        this.path = path;
    }

    String path() {
        return path;
    }

    boolean isClosed() {
        return uses.get() < 0;
    }

    /**
     * Begins a use of the number. {@link #leave} must follow.
     *
     * @throws PosixException EBADF if it has been closed
     */
    int enter(String operation) throws PosixException {
        int before = uses.get();
        while (before >= 0 && !uses.compareAndSet(before, before + 1)) {
            before = uses.get();
        }
        if (before < 0) {
            throw new PosixException(operation, path, Errno.EBADF);
        }
        return number;
    }

    void leave() {
        if (uses.decrementAndGet() == CLOSED) {
            // What close(2) says is of no use to anyone: the number is free either way, and what must last was synced.
            LibC.close(number);
        }
    }

    /** Makes one call, again if a signal interrupts it; answers its result or the negated errno. */
    long attempt(String operation, IntToLongFunction call) throws PosixException {
        int fd = enter(operation);
        try {
            return LibC.restarting(() -> call.applyAsLong(fd));
        } finally {
            leave();
        }
    }

    /** As {@link #attempt}; what the kernel refuses is thrown. */
    long call(String operation, IntToLongFunction call) throws PosixException {
        return require(attempt(operation, call), operation);
    }

    long require(long result, String operation) throws PosixException {
        if (result < 0) {
            throw new PosixException(operation, path, (int) -result);
        }
        return result;
    }

    /**
     * Ends the owner's use; a second time does nothing.
     *
     * @param farewell is called with the number, which is still valid, once no new use can begin
     */
    void close(IntConsumer farewell) {
        int before = uses.get();
        while (before >= 0 && !uses.compareAndSet(before, before | CLOSED)) {
            before = uses.get();
        }
        if (before >= 0) {
            try {
                farewell.accept(number);
            } finally {
                leave();
            }
        }
    }
}
