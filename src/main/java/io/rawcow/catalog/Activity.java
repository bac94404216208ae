package io.rawcow.catalog;

import io.rawcow.image.BlockMap;
import io.rawcow.image.LiveImage;
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

    /** What clients ask of exports. */
    public Traffic traffic() {
        return traffic;
    }
}
