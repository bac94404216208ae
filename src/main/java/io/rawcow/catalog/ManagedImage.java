package io.rawcow.catalog;

import io.rawcow.backing.BackingPin;
import io.rawcow.block.BlockException;
import io.rawcow.format.Extension;
import io.rawcow.image.LiveImage;
import io.rawcow.posix.FileStatus;
import java.time.Instant;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** An image of the catalog, open or not. Changed only by whoever holds its name; looked at by anybody. */
final class ManagedImage {
    private final String name;
    private volatile ImageRecord record;
    private volatile @Nullable LiveImage live;
    private volatile @Nullable ImageError error;
    private volatile List<Warning> warnings = List.of();
    private volatile boolean leftover;
    private volatile boolean onDevice;
    private volatile ImageState announced = ImageState.CREATING;

    ManagedImage(ImageRecord record) {
        this.name = record.name();
        this.record = record;
    }

    String name() {
        return name;
    }

    ImageRecord record() {
        return record;
    }

    void record(ImageRecord next) {
        record = next;
    }

    /** Whether its sidecar said standalone when it was named: the first job that does not keep it removes it. */
    boolean leftover() {
        return leftover;
    }

    void leftover(boolean is) {
        leftover = is;
    }

    @Nullable
    LiveImage live() {
        return live;
    }

    void opened(LiveImage image, List<Warning> found) {
        error = null;
        warnings = found;
        onDevice = isOnDevice(image);
        live = image;
    }

    void unavailable(ImageError why) {
        live = null;
        error = why;
    }

    @Nullable
    ImageError error() {
        return error;
    }

    /** The state that was told last. */
    ImageState announced() {
        return announced;
    }

    void announced(ImageState state) {
        announced = state;
    }

    ImageState state() {
        LiveImage image = live;
        if (image == null) {
            return error == null ? ImageState.CREATING : ImageState.UNAVAILABLE;
        }
        if (image.failure() != null) {
            return ImageState.FAILED;
        }
        return image.isStandalone() ? ImageState.STANDALONE : ImageState.COW;
    }

    ImageView view(List<String> exports, List<String> jobs) {
        ImageRecord known = record;
        LiveImage image = live;
        ImageRequest request = known.request();
        boolean standalone = image == null ? known.state() == ImageState.STANDALONE : image.isStandalone();
        boolean backed = !standalone && request.backingFile() != null;
        BackingPin pin = pin(image);
        Long size = image == null ? request.size() : Long.valueOf(image.sizeBytes());
        Long total = sectors(size, request.sectorSize());
        return new ImageView(
                name,
                known.uuid(),
                state(),
                standalone,
                standalone && !known.sidecarKept() ? null : known.sidecar(),
                backed ? request.backingFile() : null,
                backed ? request.backingFormat() : null,
                backed ? pin.size() : null,
                backed ? instant(pin.mtimeNanos()) : null,
                request.rawFile(),
                size,
                request.sectorSize(),
                total,
                image == null || total == null ? null : Long.valueOf(allocated(image, total)),
                image == null ? null : Long.valueOf(image.bytesAllocated()),
                bytesOnDisk(image),
                progress(image),
                exports,
                jobs,
                warnings,
                errorNow(image),
                known.createdAt(),
                known.detachedAt());
    }

    /**
     * As metrics want it: without a look at a file, which may hang.
     *
     * @param rootOf the data root of a raw file
     */
    ImageNow now(UnaryOperator<String> rootOf) {
        ImageRecord known = record;
        LiveImage image = live;
        ImageRequest request = known.request();
        boolean standalone = image == null ? known.state() == ImageState.STANDALONE : image.isStandalone();
        boolean backed = !standalone && request.backingFile() != null;
        String rawFile = request.rawFile();
        return new ImageNow(
                name,
                state(),
                backed,
                backed ? request.backingFormat() : null,
                request.sectorSize(),
                image == null ? request.size() : Long.valueOf(image.sizeBytes()),
                image == null ? null : Long.valueOf(image.bytesAllocated()),
                progress(image),
                image == null || rawFile == null || onDevice ? null : rootOf.apply(rawFile),
                image);
    }

    private static boolean isOnDevice(LiveImage image) {
        try {
            return image.rawFile().knownStatus().isDevice();
        } catch (BlockException e) {
            // What cannot be asked now is not one for the sums that this is for.
            return false;
        }
    }

    private static long allocated(LiveImage image, long total) {
        return image.isStandalone() ? total : Math.min(total, image.sectorsAllocated());
    }

    private static @Nullable Long sectors(@Nullable Long size, @Nullable Integer sectorSize) {
        return size == null || sectorSize == null ? null : Long.valueOf((size - 1) / sectorSize + 1);
    }

    private static BackingPin pin(@Nullable LiveImage image) {
        if (image == null) {
            return BackingPin.UNKNOWN;
        }
        return image.extension()
                .map((Extension extension) -> new BackingPin(extension.backingSize(), extension.backingMtimeNanos()))
                .orElse(BackingPin.UNKNOWN);
    }

    private static @Nullable Instant instant(@Nullable Long nanos) {
        return nanos == null
                ? null
                : Instant.ofEpochSecond(Math.floorDiv(nanos, 1_000_000_000L), Math.floorMod(nanos, 1_000_000_000L));
    }

    private static @Nullable Long bytesOnDisk(@Nullable LiveImage image) {
        if (image == null) {
            return null;
        }
        try {
            FileStatus status = image.rawFile().knownStatus();
            return status.isDevice() ? null : Long.valueOf(status.allocatedBytes());
        } catch (BlockException e) {
            // Closed meanwhile: what is shown is of a moment ago anyway.
            return null;
        }
    }

    /** Below 1 until standalone is durable, whatever the bits say. */
    private @Nullable Double progress(@Nullable LiveImage image) {
        if (image == null) {
            return null;
        }
        if (image.isStandalone()) {
            return 1.0;
        }
        double ratio = (double) image.bytesAllocated() / image.sizeBytes();
        return Math.min(Math.floor(ratio * 10_000) / 10_000, 0.9999);
    }

    private @Nullable ImageError errorNow(@Nullable LiveImage image) {
        BlockException failure = image == null ? null : image.failure();
        return failure == null
                ? error
                : new ImageError(ProblemCode.IMAGE_FAILED.word(), String.valueOf(failure.getMessage()));
    }
}
