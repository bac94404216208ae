package io.rawcow.catalog;

import io.rawcow.block.RequestCounts;
import io.rawcow.image.BlockMap;
import io.rawcow.image.LiveImage;
import io.rawcow.posix.DataRoots;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/** What is going on in images, for pictures, charts and metrics. Holds nothing and nobody. Safe from many threads. */
public final class Activity {
    private final Images images;
    private final Exports exports;
    private final Jobs jobs;
    private final Traffic traffic;
    private final InstantSource clock;

    Activity(Images images, Exports exports, Jobs jobs, Traffic traffic, InstantSource clock) {
        this.images = images;
        this.exports = exports;
        this.jobs = jobs;
        this.traffic = traffic;
        this.clock = clock;
    }

    /**
     * A picture of who answers for what.
     *
     * @param cells parts, at the most
     * @throws ProblemException IMAGE_NOT_FOUND, IMAGE_UNAVAILABLE
     */
    public BlockMapView blockMap(String image, int cells) {
        LiveImage live = images.requireOpen(image);
        return BlockMapView.of(image, live, BlockMap.of(live, cells, jobs.copying(image)));
    }

    /** @throws ProblemException IMAGE_NOT_FOUND, IMAGE_UNAVAILABLE */
    public CountersView counters(String image) {
        LiveImage live = images.requireOpen(image);
        List<ExportTraffic> all = exports.of(image).stream()
                .map(traffic::of)
                .flatMap(Optional::stream)
                .toList();
        return CountersView.of(image, clock.instant(), live.activity(), all);
    }

    /** All images, as they are now. */
    public List<ImageNow> images() {
        ImageFiles files = images.files();
        return images.all().stream().map(image -> image.now(files::rootOf)).toList();
    }

    /** All exports, as they are now. */
    public List<ExportNow> exports() {
        return exports.all();
    }

    /** The jobs that are not concluded, and the latest one of each image. */
    public List<JobNow> jobs() {
        return jobs.current();
    }

    /** How many images were detached since the start, and how long that took. */
    public RequestCounts.Snapshot detaches() {
        return jobs.detaches();
    }

    /** The folders that images are in. */
    public List<DataRoots.Root> roots() {
        return images.files().roots().all();
    }

    /** What clients ask of exports. */
    public Traffic traffic() {
        return traffic;
    }
}
