package io.rawcow.image;

import io.rawcow.block.EnumTable;
import io.rawcow.block.FaultKind;
import io.rawcow.block.RequestCounts;
import io.rawcow.format.AllocationBitmap;
import io.rawcow.format.Geometry;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;

/**
 * What an image has done since it was opened, counted where it happens, for whoever wants to look. Counts only rise.
 * Safe from many threads.
 */
public final class ImageActivity {

    /** Who answered a guest's read. */
    public enum Source {
        RAW,
        BACKING,
        /** Nobody was asked: a hole, or beyond the end of the backing. */
        ZERO
    }

    /** Why bytes were brought up from the backing. */
    public enum Copy {
        /** By a stream. */
        BACKGROUND,
        /** For the rest of a sector of which a guest wrote a part. */
        GUEST_COPYUP,
        /** Because a guest said that it is about to read them. */
        PREFETCH
    }

    /** Why bytes of the backing need not be copied any more. */
    public enum Skip {
        /** They are zeros. */
        ZERO,
        /** A guest wrote over them first. */
        GUEST_OVERWRITE,
        /** A guest trimmed or zeroed them first. */
        DISCARD
    }

    /** What a stream was about when it met an error. */
    public enum Side {
        SOURCE,
        TARGET,
        METADATA
    }

    private final Instant since = Instant.now();
    private final int sectorSize;
    private final EnumTable<Source, LongAdder> served = EnumTable.counts(Source.class);
    private final EnumTable<Copy, LongAdder> copied = EnumTable.counts(Copy.class);
    private final EnumTable<Skip, LongAdder> skipped = EnumTable.counts(Skip.class);
    private final EnumTable<Side, EnumTable<FaultKind, LongAdder>> streamErrors =
            new EnumTable<>(Side.class, () -> EnumTable.counts(FaultKind.class));

    private final LongAdder throttledNanos = new LongAdder();
    private final Origins written;
    private final Origins zeroed;

    private final RequestCounts backingReads = new RequestCounts();
    private final AtomicInteger backingInFlight = new AtomicInteger();
    private volatile boolean backingFailed;
    /** When a read of the backing came back last, or was begun when none was under way. */
    private volatile long backingMovedNanos;

    private final LongAdder commits = new LongAdder();
    private final LongAdder commitErrors = new LongAdder();
    private final LongAdder commitNanos = new LongAdder();
    /** When the oldest bit rose that no round has taken; 0 for none, which a clock never says for long. */
    private final AtomicLong dirtyNanos = new AtomicLong();

    private volatile long committingNanos;
    private final BooleanSupplier hasUnsaved;

    /** @param hasUnsaved whether there are bits that are not saved */
    ImageActivity(Geometry geometry, BooleanSupplier hasUnsaved) {
        this.hasUnsaved = hasUnsaved;
        this.sectorSize = geometry.sectorSize();
        this.written = new Origins(geometry);
        this.zeroed = new Origins(geometry);
    }

    // ---- told by the others

    /** A guest was given that many bytes. Of holes that are answered without a read, whoever does that tells. */
    public void served(Source source, long bytes) {
        served.get(source).add(bytes);
    }

    public void copied(Copy why, long bytes) {
        copied.get(why).add(bytes);
    }

    /** Told by a stream of zeros; the image itself tells of what guests do. */
    public void skipped(Skip why, long bytes) {
        skipped.get(why).add(bytes);
    }

    public void streamFailed(Side side, FaultKind kind) {
        streamErrors.get(side).get(kind).increment();
    }

    /** A stream waited for its speed limit. */
    public void throttled(long nanos) {
        throttledNanos.add(nanos);
    }

    /**
     * A guest has changed sectors between two, and is about to set the bits of those that are clear.
     *
     * @param zero whether it made zeros
     */
    void taken(AllocationBitmap bitmap, long firstSector, long endSector, boolean zero) {
        long taken = 0;
        for (long sector = bitmap.nextUnallocated(firstSector, endSector);
                sector < endSector;
                sector = bitmap.nextUnallocated(sector, endSector)) {
            long runEnd = bitmap.nextAllocated(sector, endSector);
            (zero ? zeroed : written).add(sector, runEnd);
            taken += runEnd - sector;
            sector = runEnd;
        }
        skipped(zero ? Skip.DISCARD : Skip.GUEST_OVERWRITE, taken * sectorSize);
    }

    /** Sectors that were clear have been filled; why, whoever hydrates them tells. */
    void hydrated(long firstSector, long endSector, boolean zero) {
        if (zero) {
            zeroed.add(firstSector, endSector);
        }
        bitsRaised();
    }

    /** @return when it began, for {@link #backingAnswered} */
    long backingAsked() {
        long now = System.nanoTime();
        if (backingInFlight.getAndIncrement() == 0) {
            backingMovedNanos = now;
        }
        return now;
    }

    void backingAnswered(long beganNanos, long bytes, boolean failed) {
        long now = System.nanoTime();
        backingMovedNanos = now;
        backingInFlight.decrementAndGet();
        if (backingFailed != failed) {
            backingFailed = failed;
        }
        backingReads.add(bytes, now - beganNanos, failed);
    }

    /** Bits have risen that are not saved. */
    void bitsRaised() {
        if (dirtyNanos.get() == 0) {
            dirtyNanos.compareAndSet(0, System.nanoTime() | 1);
        }
    }

    /** @return when it began, for {@link #committed} */
    long commitBegins() {
        committingNanos = dirtyNanos.getAndSet(0);
        return System.nanoTime();
    }

    void committed(long beganNanos, boolean done) {
        (done ? commits : commitErrors).increment();
        commitNanos.add(System.nanoTime() - beganNanos);
        long since = dirtyNanos.get();
        if (!done && committingNanos != 0) {
            dirtyNanos.set(committingNanos);
        } else if (since != 0 && !hasUnsaved.getAsBoolean()) {
            // Of a bit that this round has saved just before it was told of here.
            dirtyNanos.compareAndSet(since, 0);
        }
        committingNanos = 0;
    }

    // ---- looking

    /** When it was opened. */
    public Instant since() {
        return since;
    }

    /** Bytes. */
    public long served(Source source) {
        return served.get(source).sum();
    }

    /** Bytes. */
    public long copied(Copy why) {
        return copied.get(why).sum();
    }

    /** Bytes. */
    public long skipped(Skip why) {
        return skipped.get(why).sum();
    }

    /** Errors that streams of this image have met, with what became of them left to their policy. */
    public long streamErrors(Side side, FaultKind kind) {
        return streamErrors.get(side).get(kind).sum();
    }

    /** How long streams of this image waited for their speed limit; a stream of several threads counts as one. */
    public long throttledNanos() {
        return throttledNanos.sum();
    }

    public RequestCounts.Snapshot backingReads() {
        return backingReads.snapshot();
    }

    /**
     * Whether the backing answers: the last read did not fail, and if reads are under way one has come back lately.
     *
     * @param patienceNanos how long all of them may take
     */
    public boolean isBackingUp(long patienceNanos) {
        boolean hangs = backingInFlight.get() > 0 && System.nanoTime() - backingMovedNanos > patienceNanos;
        return !backingFailed && !hangs;
    }

    /** Rounds that saved what there was to be saved. */
    public long commits() {
        return commits.sum();
    }

    public long commitErrors() {
        return commitErrors.sum();
    }

    /** How long all rounds took together. */
    public long commitNanos() {
        return commitNanos.sum();
    }

    /** How long the oldest bit has waited to be saved; 0 if all are. */
    public long unsavedNanos() {
        if (!hasUnsaved.getAsBoolean()) {
            return 0;
        }
        long since = committingNanos != 0 ? committingNanos : dirtyNanos.get();
        return since == 0 ? 0 : Math.max(0, System.nanoTime() - since);
    }

    Origins written() {
        return written;
    }

    Origins zeroed() {
        return zeroed;
    }
}
