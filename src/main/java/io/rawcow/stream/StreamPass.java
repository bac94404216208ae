package io.rawcow.stream;

import io.rawcow.block.BlockException;
import io.rawcow.block.ByteRange;
import io.rawcow.block.Extent;
import io.rawcow.image.LiveImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * One walk over the clear sectors of an image, from its start to its end, handed out in chunks. A job that is resumed
 * makes another one, so nothing that a stuck worker holds is lost. Safe from many threads; only {@link #claim} can be
 * kept by a backing that hangs.
 */
final class StreamPass {
    /** Zeros cost no transfer: they are taken in large strides. */
    private static final long ZERO_STRIDE = 1L << 30;

    /**
     * A range to be hydrated.
     *
     * @param range whole sectors that were all clear when it was handed out
     * @param data the parts that the backing has bytes for, in order; the rest reads as zeros
     */
    record Chunk(ByteRange range, List<ByteRange> data) {
        boolean isZero() {
            return data.isEmpty();
        }

        long dataBytes() {
            return data.stream().mapToLong(ByteRange::length).sum();
        }
    }

    private final LiveImage image;
    private final RateLimiter limiter;
    private final int windowBytes;
    private final Runnable drained;
    private final Set<Chunk> inFlight = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean toldDrained = new AtomicBoolean();
    private volatile boolean ended;
    private long cursor;

    /** @param drained called once, when {@link #isDrained} has become true */
    StreamPass(LiveImage image, RateLimiter limiter, int windowBytes, Runnable drained) {
        this.image = image;
        this.limiter = limiter;
        this.windowBytes = windowBytes;
        this.drained = drained;
    }

    /** Nanoseconds that the limiter asks a caller of {@link #claim} to wait first. */
    long nanosUntilReady() {
        return limiter.nanosUntilReady();
    }

    /**
     * The next chunk, charged to the limiter; {@link #done} must follow. Null if the walk has come to its end, or the
     * limiter is not ready.
     */
    @Nullable
    Chunk claim() {
        Chunk chunk = next();
        tellIfDrained();
        return chunk;
    }

    private synchronized @Nullable Chunk next() {
        if (limiter.nanosUntilReady() > 0) {
            return null;
        }
        ByteRange run = image.nextClear(cursor, ZERO_STRIDE).orElse(null);
        if (run == null) {
            ended = true;
            return null;
        }
        Chunk chunk = chunkOf(run);
        cursor = chunk.range().end();
        limiter.charge(chunk.dataBytes());
        inFlight.add(chunk);
        return chunk;
    }

    private Chunk chunkOf(ByteRange run) {
        long start = run.offset();
        int sector = image.geometry().sectorSize();
        Extent extent = backingExtentAt(start, run.end());
        if (extent.zero()) {
            long zeroEnd = extent.range().end();
            long end = zeroEnd == run.end() ? zeroEnd : zeroEnd / sector * sector;
            if (end > start) {
                return new Chunk(ByteRange.between(start, end), List.of());
            }
        }
        long window = Math.max(sector, limiter.stepBytes(windowBytes) / sector * sector);
        long end = Math.min(run.end(), start + window);
        return new Chunk(ByteRange.between(start, end), dataIn(start, end));
    }

    private List<ByteRange> dataIn(long start, long end) {
        var data = new ArrayList<ByteRange>();
        for (long at = start; at < end; ) {
            Extent extent = backingExtentAt(at, end);
            if (!extent.zero()) {
                data.add(extent.range());
            }
            at = extent.range().end();
        }
        return data;
    }

    /** Where the backing cannot tell, it is read: that yields the bytes, or the error to be answered. */
    private Extent backingExtentAt(long offset, long limit) {
        try {
            return image.backingExtentAt(offset, limit);
        } catch (BlockException _) {
            return new Extent(ByteRange.between(offset, limit), false);
        }
    }

    /** A chunk that was claimed is dealt with, one way or the other. */
    void done(Chunk chunk) {
        inFlight.remove(chunk);
        tellIfDrained();
    }

    private void tellIfDrained() {
        if (isDrained() && toldDrained.compareAndSet(false, true)) {
            drained.run();
        }
    }

    /** Whether everything was handed out and nobody is at work any more. */
    boolean isDrained() {
        // In this order: what was claimed before the end was counted before the end.
        return ended && inFlight.isEmpty();
    }

    /** What is being worked on at this moment. */
    List<ByteRange> inFlight() {
        return inFlight.stream().map(Chunk::range).toList();
    }

    boolean hasEnded() {
        return ended;
    }
}
