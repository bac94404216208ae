package io.rawcow.stream;

import io.rawcow.image.LiveImage;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** What a job has done so far. Safe from many threads. */
final class Progress {
    private final LiveImage image;
    private final InstantSource clock;
    private final long allocatedAtStart;
    private final AtomicLong copied;
    private final AtomicLong skippedZero;
    private final long guestBefore;
    private final AtomicLong hydrated = new AtomicLong();
    private final RateMeter copyRate = new RateMeter();
    private final RateMeter allocationRate = new RateMeter();
    private volatile @Nullable Instant lastProgressAt;

    Progress(LiveImage image, InstantSource clock, JobHistory history) {
        this.image = image;
        this.clock = clock;
        this.allocatedAtStart = image.bytesAllocated();
        this.copied = new AtomicLong(history.bytesCopied());
        this.skippedZero = new AtomicLong(history.bytesSkippedZero());
        this.guestBefore = history.bytesWrittenByGuest();
        this.lastProgressAt = history.lastProgressAt();
    }

    void hydrated(long bytes, boolean zero) {
        (zero ? skippedZero : copied).addAndGet(bytes);
        hydrated.addAndGet(bytes);
        lastProgressAt = clock.instant();
    }

    synchronized void sample(long nanos) {
        copyRate.sample(nanos, copied.get());
        allocationRate.sample(nanos, image.bytesAllocated());
    }

    synchronized void resetRates() {
        copyRate.reset();
        allocationRate.reset();
    }

    synchronized long rate() {
        return Math.max(0, Math.round(copyRate.perSecond()));
    }

    synchronized @Nullable Long etaSeconds() {
        double pace = allocationRate.perSecond();
        return pace < 1 ? null : (long) Math.ceil((total() - current()) / pace);
    }

    long current() {
        return image.bytesAllocated();
    }

    long total() {
        return image.sizeBytes();
    }

    double ratio() {
        if (image.isStandalone()) {
            return 1;
        }
        return Math.min(Math.floor((double) current() / total() * 10_000) / 10_000, 0.9999);
    }

    long copied() {
        return copied.get();
    }

    long skippedZero() {
        return skippedZero.get();
    }

    long writtenByGuest() {
        return guestBefore + Math.max(0, current() - allocatedAtStart - hydrated.get());
    }

    @Nullable
    Instant lastProgressAt() {
        return lastProgressAt;
    }
}
