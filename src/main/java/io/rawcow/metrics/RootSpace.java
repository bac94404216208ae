package io.rawcow.metrics;

import io.rawcow.catalog.ImageNow;
import io.rawcow.posix.DataRoots;
import io.rawcow.posix.Folder;
import io.rawcow.posix.PosixException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;

/** How much room there is in each data root, and how much its images may still take. */
final class RootSpace implements AutoCloseable {
    private static final Duration PERIOD = Duration.ofSeconds(10);

    /** By path: two roots may be one folder. */
    private final Map<String, Sampled> available = new TreeMap<>();

    RootSpace(List<DataRoots.Root> roots) {
        for (DataRoots.Root root : roots) {
            Folder folder = root.folder();
            available.computeIfAbsent(folder.path(), _ -> new Sampled(PERIOD, () -> availableBytes(folder)));
        }
    }

    private static OptionalDouble availableBytes(Folder folder) {
        try {
            return OptionalDouble.of((double) folder.availableBytes());
        } catch (PosixException e) {
            // It is seen by its series being absent.
            return OptionalDouble.empty();
        }
    }

    void add(Samples samples, List<ImageNow> images) {
        Map<String, Long> remaining = new TreeMap<>();
        for (ImageNow image : images) {
            String root = image.rawFileRoot();
            if (root != null) {
                remaining.merge(root, image.remaining(), Long::sum);
            }
        }
        available.forEach((root, bytes) -> {
            bytes.latest().ifPresent(value -> samples.gauge(Metric.ROOT_AVAILABLE, value, root));
            samples.gauge(Metric.ROOT_REMAINING, remaining.getOrDefault(root, 0L), root);
        });
    }

    @Override
    public void close() {
        available.values().forEach(Sampled::close);
    }
}
