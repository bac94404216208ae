package io.rawcow.metrics;

import io.rawcow.block.FaultKind;
import io.rawcow.block.RequestCounts;
import io.rawcow.catalog.ImageNow;
import io.rawcow.image.ImageActivity;
import io.rawcow.image.LiveImage;
import java.util.concurrent.TimeUnit;

/** What an image is, and what it has done since it was opened. */
final class ImageMetrics {
    /** How long reads of a backing may all take before it counts as down. */
    private static final long BACKING_PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private ImageMetrics() {}

    static void add(Samples samples, ImageNow image) {
        String name = image.name();
        samples.states(Metric.IMAGE_STATE, image.state(), name);
        addInfo(samples, image);
        if (image.size() != null) {
            samples.gauge(Metric.IMAGE_SIZE, image.size(), name);
        }
        if (image.progress() != null) {
            samples.gauge(Metric.IMAGE_RATIO, image.progress(), name);
        }
        if (image.allocated() != null) {
            samples.gauge(Metric.IMAGE_ALLOCATED, image.allocated(), name);
            samples.gauge(Metric.IMAGE_REMAINING, image.remaining(), name);
        }
        LiveImage live = image.live();
        if (live != null) {
            ImageActivity activity = live.activity();
            addMoved(samples, name, activity);
            addStreamErrors(samples, name, activity);
            addBacking(samples, name, live);
            addRounds(samples, name, live);
        }
    }

    /** Not before all of it is known: an info that changes is a new series. */
    private static void addInfo(Samples samples, ImageNow image) {
        String format = image.backed() ? image.backingFormat() : "none";
        if (image.sectorSize() != null && format != null) {
            samples.info(
                    Metric.IMAGE_INFO,
                    image.name(),
                    image.backed() ? "file" : "none",
                    format,
                    String.valueOf(image.sectorSize()));
        }
    }

    private static void addMoved(Samples samples, String name, ImageActivity activity) {
        for (var source : ImageActivity.Source.values()) {
            samples.counter(Metric.NBD_SERVED, activity.served(source), name, Samples.word(source));
        }
        for (var cause : ImageActivity.Copy.values()) {
            samples.counter(Metric.STREAM_COPIED, activity.copied(cause), name, Samples.word(cause));
        }
        for (var cause : ImageActivity.Skip.values()) {
            samples.counter(Metric.STREAM_SKIPPED, activity.skipped(cause), name, Samples.word(cause));
        }
        samples.counter(Metric.STREAM_THROTTLED, Samples.seconds(activity.throttledNanos()), name);
    }

    /** The first error of a kind is an increase only if there was a zero before: at least the usual kind has one. */
    private static void addStreamErrors(Samples samples, String name, ImageActivity activity) {
        for (var side : ImageActivity.Side.values()) {
            long other = 0;
            for (FaultKind kind : FaultKind.values()) {
                long count = activity.streamErrors(side, kind);
                if (!hasClass(kind)) {
                    other += count;
                } else if (count > 0 || kind == FaultKind.IO_ERROR) {
                    samples.counter(Metric.STREAM_ERRORS, count, name, Samples.word(side), kind.code());
                }
            }
            if (other > 0) {
                samples.counter(Metric.STREAM_ERRORS, other, name, Samples.word(side), "other");
            }
        }
    }

    private static boolean hasClass(FaultKind kind) {
        return switch (kind) {
            case IO_ERROR, NO_SPACE, BACKING_CHANGED, IMAGE_FAILED -> true;
            default -> false;
        };
    }

    private static void addBacking(Samples samples, String name, LiveImage live) {
        ImageActivity activity = live.activity();
        RequestCounts.Snapshot reads = activity.backingReads();
        boolean backed = live.backing().isPresent();
        if (backed || reads.requests() > 0) {
            samples.histogram(Metric.BACKING_DURATION, reads, name);
            samples.counter(Metric.BACKING_READ, reads.bytes(), name);
            samples.counter(Metric.BACKING_ERRORS, reads.errors(), name);
        }
        if (backed) {
            samples.gauge(Metric.BACKING_UP, activity.isBackingUp(BACKING_PATIENCE_NANOS) ? 1 : 0, name);
        }
    }

    private static void addRounds(Samples samples, String name, LiveImage live) {
        ImageActivity activity = live.activity();
        long done = activity.commits();
        long failed = activity.commitErrors();
        if (!live.isStandalone() || done + failed > 0) {
            samples.summary(Metric.BITMAP_COMMIT_DURATION, done + failed, activity.commitNanos(), name);
            samples.counter(Metric.BITMAP_COMMITS, done, name, "ok");
            samples.counter(Metric.BITMAP_COMMITS, failed, name, "error");
            samples.gauge(Metric.BITMAP_DIRTY, Samples.seconds(activity.unsavedNanos()), name);
        }
    }
}
