package io.rawcow.nbd.server;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The buffers of large requests, all connections together: made when needed, within a budget, and freed when they have
 * been idle for a while. Safe from many threads.
 */
final class LargeBuffers implements AutoCloseable {
    /** What a large request moves in one piece. */
    static final int BUFFER_BYTES = 1 << 20;

    private final long most;
    private final ArrayDeque<NativeBuffer> idle = new ArrayDeque<>();
    private long made;
    private int idleAllAlong;
    private boolean closed;

    LargeBuffers(long budgetBytes) {
        this.most = budgetBytes / BUFFER_BYTES;
    }

    /** Null where the budget is used up: the caller has a small one of its own. */
    synchronized @Nullable NativeBuffer tryBorrow() {
        NativeBuffer buffer = idle.pollLast();
        if (buffer == null && made < most && !closed) {
            buffer = make();
        }
        idleAllAlong = Math.min(idleAllAlong, idle.size());
        return buffer;
    }

    private @Nullable NativeBuffer make() {
        try {
            var buffer = new NativeBuffer(BUFFER_BYTES);
            made++;
            return buffer;
        } catch (OutOfMemoryError e) {
            // The kernel has less than the budget: as if the budget were used up.
            return null;
        }
    }

    synchronized void giveBack(NativeBuffer buffer) {
        if (closed) {
            free(buffer);
        } else {
            idle.addLast(buffer);
        }
    }

    /** Frees what nobody has needed since the last call. */
    synchronized void trim() {
        for (int i = 0; i < idleAllAlong; i++) {
            free(idle.removeFirst());
        }
        idleAllAlong = idle.size();
    }

    private void free(NativeBuffer buffer) {
        buffer.close();
        made--;
    }

    /** Frees what is idle now, and the rest as it comes back. */
    @Override
    public synchronized void close() {
        closed = true;
        while (!idle.isEmpty()) {
            free(idle.removeLast());
        }
    }
}
