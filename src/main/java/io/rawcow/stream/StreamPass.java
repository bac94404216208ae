package io.rawcow.stream;

import io.rawcow.block.BlockException;
import io.rawcow.block.ByteRange;
import io.rawcow.block.Extent;
import io.rawcow.image.LiveImage;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One walk over the clear sectors of an image, from its start to its end, handed out in chunks. A job that is resumed
 * makes another one, so nothing that a stuck worker holds is lost. Safe from many threads.
 */
final class StreamPass {
    /** Zeros cost no transfer: they are taken in large strides. */
    private static final long ZERO_STRIDE = 1L << 30;

    /**
     * A range to be hydrated.
     *
     * @param range whole sectors that were all clear when it was handed out
     * @param data the parts that the backing has bytes for; the rest reads as zeros
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
    private long cursor;
    private int inFlight;
    private boolean ended;

    StreamPass(LiveImage image, RateLimiter limiter, int windowBytes) {
        this.image = image;
        this.limiter = limiter;
        this.windowBytes = windowBytes;
    }

    /** Nanoseconds that the limiter asks a caller of {@link #claim} to wait first. */
    long nanosUntilReady() {
        return limiter.nanosUntilReady();
    }

    /**
     * The next chunk, charged to the limiter; {@link #done} must follow. Null if the walk has come to its end, or the
     * limiter is not ready.
     *
     * @throws BlockException if the backing cannot tell its extents; the walk has gone on behind that window then
     */
    synchronized @Nullable Chunk claim() throws BlockException {
        if (limiter.nanosUntilReady() > 0) {
            return null;
        }
        ByteRange run = image.nextClear(cursor, ZERO_STRIDE).orElse(null);
        if (run == null) {
            ended = true;
            return null;
        }
        Chunk chunk = next(run);
        limiter.charge(chunk.dataBytes());
        inFlight++;
        return chunk;
    }

    private Chunk next(ByteRange run) throws BlockException {
        long start = run.offset();
        int sector = image.geometry().sectorSize();
        long window = Math.max(sector, limiter.stepBytes(windowBytes) / sector * sector);
        // Before anything can fail: whoever ignores errors must get on.
        long windowEnd = Math.min(run.end(), start + window);
        cursor = windowEnd;
        Extent extent = image.backingExtentAt(start, run.end());
        if (extent.zero()) {
            long zeroEnd = extent.range().end();
            long end = zeroEnd == run.end() ? zeroEnd : zeroEnd / sector * sector;
            if (end > start) {
                cursor = end;
                return new Chunk(ByteRange.between(start, end), List.of());
            }
        }
        return new Chunk(ByteRange.between(start, windowEnd), dataIn(start, windowEnd));
    }

    private List<ByteRange> dataIn(long start, long end) throws BlockException {
        var data = new ArrayList<ByteRange>();
        for (long at = start; at < end; ) {
            Extent extent = image.backingExtentAt(at, end);
            if (!extent.zero()) {
                data.add(extent.range());
            }
            at = extent.range().end();
        }
        return data;
    }

    /** A chunk that was claimed is dealt with, one way or the other. */
    synchronized void done() {
        inFlight--;
    }

    /** The start of the window that was looked at last. */
    synchronized long position() {
        return cursor;
    }

    /** Whether everything was handed out and nobody is at work any more. */
    synchronized boolean isDrained() {
        return ended && inFlight == 0;
    }

    synchronized boolean hasEnded() {
        return ended;
    }
}
