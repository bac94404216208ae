package io.rawcow.stream;

import io.rawcow.block.BlockException;
import io.rawcow.block.ByteRange;
import io.rawcow.image.LiveImage;
import io.rawcow.stream.StepResult.Drained;
import io.rawcow.stream.StepResult.Hydrated;
import io.rawcow.stream.StepResult.Stopped;
import io.rawcow.stream.StepResult.Throttled;
import io.rawcow.stream.StreamPass.Chunk;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What a job's threads do: steps, and saving the bits that they set. Steps are safe from many threads; one thread
 * saves.
 */
final class StreamWork {
    private static final Duration BUFFER_PATIENCE = Duration.ofMillis(100);

    private final StreamJob job;
    private final LiveImage image;
    private final StreamContext context;
    private final Progress progress;
    private final AtomicLong unsavedBytes = new AtomicLong();
    private volatile long savedAtNanos;

    StreamWork(StreamJob job, LiveImage image, StreamContext context, Progress progress) {
        this.job = job;
        this.image = image;
        this.context = context;
        this.progress = progress;
    }

    /** Forgets what was measured before a pause. */
    void restart() {
        savedAtNanos = context.nanoClock().getAsLong();
        progress.resetRates();
    }

    /** One bounded piece of work of a pass: reads a window from the backing, holding nothing, and hydrates it. */
    StepResult step(StreamPass current) {
        if (job.currentPass() != current) {
            return new Stopped();
        }
        if (unsavedBytes.get() >= context.settings().saveBytes() && !image.isComplete()) {
            // A crash may cost no more than this much again: first the save, then more.
            return new Throttled(Duration.ofMillis(5).toNanos());
        }
        long wait = current.nanosUntilReady();
        if (wait > 0) {
            return new Throttled(wait);
        }
        MemorySegment buffer = context.buffers().tryAcquire(BUFFER_PATIENCE);
        if (buffer == null) {
            return new Throttled(Duration.ofMillis(1).toNanos());
        }
        try {
            return stepWith(current, buffer);
        } finally {
            context.buffers().release(buffer);
        }
    }

    private StepResult stepWith(StreamPass current, MemorySegment buffer) {
        Chunk chunk;
        try {
            chunk = current.claim();
        } catch (BlockException e) {
            return job.fault(current, e, "read", current.position());
        }
        if (chunk == null) {
            long wait = current.nanosUntilReady();
            return wait > 0 && !current.hasEnded() ? new Throttled(wait) : new Drained();
        }
        try {
            return hydrate(
                    current,
                    chunk,
                    buffer.asSlice(0, chunk.isZero() ? 0 : chunk.range().length()));
        } finally {
            current.done();
        }
    }

    private StepResult hydrate(StreamPass current, Chunk chunk, MemorySegment content) {
        ByteRange range = chunk.range();
        try {
            content.fill((byte) 0);
            for (ByteRange data : chunk.data()) {
                image.readBacking(data.offset(), content.asSlice(data.offset() - range.offset(), data.length()));
            }
        } catch (BlockException e) {
            return job.fault(current, e, "read", range.offset());
        }
        if (job.currentPass() != current) {
            return new Stopped();
        }
        try {
            long filled = image.hydrate(range, chunk.isZero() ? null : content);
            progress.hydrated(filled, chunk.isZero());
            unsavedBytes.addAndGet(chunk.isZero() ? 0 : filled);
        } catch (BlockException e) {
            return job.fault(current, e, "write", range.offset());
        }
        if (!chunk.isZero()) {
            image.rawFile().startWriteback(range);
        }
        return new Hydrated();
    }

    /** Saves the bits if that is due, or if {@code now}. */
    void save(boolean now) {
        progress.sample(context.nanoClock().getAsLong());
        long nanos = context.nanoClock().getAsLong();
        boolean due = unsavedBytes.get() >= context.settings().saveBytes()
                || nanos - savedAtNanos >= context.settings().saveInterval().toNanos();
        if ((due || now) && image.hasUnsavedBits()) {
            unsavedBytes.set(0);
            StreamPass current = job.currentPass();
            try {
                image.flush();
            } catch (BlockException e) {
                if (current != null) {
                    var _ = job.fault(current, e, "sync", null);
                }
            }
            savedAtNanos = nanos;
        } else if (due) {
            savedAtNanos = nanos;
        }
    }
}
