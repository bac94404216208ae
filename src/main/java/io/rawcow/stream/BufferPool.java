package io.rawcow.stream;

import io.rawcow.posix.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The memory that all streams share, in buffers of one size, made when first used. Safe from many threads. */
public final class BufferPool {
    private final int bufferBytes;
    private final Semaphore free;
    private final ConcurrentLinkedDeque<MemorySegment> idle = new ConcurrentLinkedDeque<>();

    /**
     * @param budgetBytes all buffers together
     * @param bufferBytes one of them; the largest step there can be
     */
    public BufferPool(long budgetBytes, int bufferBytes) {
        this.bufferBytes = bufferBytes;
        this.free = new Semaphore(Math.max(1, Math.toIntExact(budgetBytes / bufferBytes)));
    }

    int bufferBytes() {
        return bufferBytes;
    }

    /** A buffer, to be given back; null if none came free in time, or the thread was interrupted. */
    @Nullable
    MemorySegment tryAcquire(Duration patience) {
        try {
            if (!free.tryAcquire(patience.toNanos(), TimeUnit.NANOSECONDS)) {
                return null;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        }
        MemorySegment buffer = idle.pollLast();
        return buffer != null ? buffer : make();
    }

    private MemorySegment make() {
        boolean made = false;
        try {
            MemorySegment buffer = Memory.anonymous(bufferBytes, Arena.ofAuto());
            made = true;
            return buffer;
        } finally {
            if (!made) {
                free.release();
            }
        }
    }

    void release(MemorySegment buffer) {
        idle.addLast(buffer);
        free.release();
    }
}
