package io.rawcow.stream;

import io.rawcow.block.BlockException;
import io.rawcow.block.ByteRange;
import io.rawcow.image.ImageActivity.Copy;
import io.rawcow.image.ImageActivity.Side;
import io.rawcow.image.ImageActivity.Skip;
import io.rawcow.image.LiveImage;
import io.rawcow.stream.StepResult.Drained;
import io.rawcow.stream.StepResult.Hydrated;
import io.rawcow.stream.StepResult.Stopped;
import io.rawcow.stream.StepResult.Throttled;
import io.rawcow.stream.StreamPass.Chunk;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What a job's threads do: steps, and saving the bits that they set. Steps are safe from many threads; one thread
 * saves.
 */
final class StreamWork {
    private static final Duration BUFFER_PATIENCE = Duration.ofMillis(100);
    /** A multiple of every sector size. */
    private static final long ZERO_PIECE = 16L << 20;

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
            return new Throttled(Duration.ofMillis(5).toNanos(), false);
        }
        long wait = current.nanosUntilReady();
        if (wait > 0) {
            return new Throttled(wait, true);
        }
        MemorySegment buffer = context.buffers().tryAcquire(BUFFER_PATIENCE);
        if (buffer == null) {
            return new Throttled(Duration.ofMillis(1).toNanos(), false);
        }
        try {
            return stepWith(current, buffer);
        } finally {
            context.buffers().release(buffer);
        }
    }

    private StepResult stepWith(StreamPass current, MemorySegment buffer) {
        Chunk chunk = current.claim();
        if (chunk == null) {
            return current.hasEnded() ? new Drained() : new Throttled(Math.max(1, current.nanosUntilReady()), true);
        }
        try {
            return chunk.isZero() ? hydrateZeros(current, chunk.range()) : hydrateData(current, chunk, buffer);
        } finally {
            current.done(chunk);
        }
    }

    /** Piece by piece: a medium that cannot punch may be slow, and a guest's write waits for the piece it is in. */
    private StepResult hydrateZeros(StreamPass current, ByteRange range) {
        for (long at = range.offset(); at < range.end(); at += ZERO_PIECE) {
            ByteRange piece = ByteRange.between(at, Math.min(range.end(), at + ZERO_PIECE));
            if (!(hydrate(current, piece, null) instanceof Hydrated)) {
                return new Stopped();
            }
        }
        return new Hydrated();
    }

    private StepResult hydrateData(StreamPass current, Chunk chunk, MemorySegment buffer) {
        ByteRange range = chunk.range();
        MemorySegment content = buffer.asSlice(0, range.length());
        try {
            long end = range.offset();
            for (ByteRange data : chunk.data()) {
                clear(content, end - range.offset(), data.offset() - range.offset());
                image.readBacking(data.offset(), content.asSlice(data.offset() - range.offset(), data.length()));
                end = data.end();
            }
            clear(content, end - range.offset(), range.length());
        } catch (BlockException e) {
            image.activity().streamFailed(Side.SOURCE, e.kind());
            return job.fault(current, e, "read", range.offset());
        }
        StepResult result = hydrate(current, range, content);
        if (result instanceof Hydrated) {
            image.rawFile().startWriteback(range);
        }
        return result;
    }

    private static void clear(MemorySegment content, long from, long end) {
        content.asSlice(from, end - from).fill((byte) 0);
    }

    private StepResult hydrate(StreamPass current, ByteRange range, @Nullable MemorySegment content) {
        if (job.currentPass() != current) {
            return new Stopped();
        }
        try {
            long filled = image.hydrate(range, content);
            progress.hydrated(filled, content == null);
            count(filled, content == null);
            countUnsaved(content == null ? 0 : filled);
            return new Hydrated();
        } catch (BlockException e) {
            image.activity().streamFailed(Side.TARGET, e.kind());
            return job.fault(current, e, "write", range.offset());
        }
    }

    private void count(long filled, boolean zero) {
        if (zero) {
            image.activity().skipped(Skip.ZERO, filled);
        } else {
            image.activity().copied(Copy.BACKGROUND, filled);
        }
    }

    /** A thread has waited for the speed limit; they all do, side by side. */
    void waited(long nanos) {
        image.activity().throttled(nanos / context.settings().workers());
    }

    private void countUnsaved(long bytes) {
        long most = context.settings().saveBytes();
        long after = unsavedBytes.addAndGet(bytes);
        if (after >= most && after - bytes < most) {
            job.monitor().signal();
        }
    }

    /**
     * Saves the bits if that is due, or if {@code now}.
     *
     * @return false if that was tried and failed: the job's policy has answered it
     */
    boolean save(boolean now) {
        long nanos = context.nanoClock().getAsLong();
        progress.sample(nanos);
        boolean due = unsavedBytes.get() >= context.settings().saveBytes()
                || nanos - savedAtNanos >= context.settings().saveInterval().toNanos();
        if (!due && !now) {
            return true;
        }
        savedAtNanos = nanos;
        // Forgotten before the look at the bits, and even if a guest's flush was faster: later steps count anew.
        unsavedBytes.set(0);
        if (image.isStandalone() || !(now || image.hasUnsavedBits())) {
            return true;
        }
        StreamPass current = job.currentPass();
        try {
            image.flush();
            return true;
        } catch (BlockException e) {
            image.activity().streamFailed(Side.METADATA, e.kind());
            if (current != null) {
                var _ = job.fault(current, e, "sync", null);
            }
            return false;
        }
    }
}
