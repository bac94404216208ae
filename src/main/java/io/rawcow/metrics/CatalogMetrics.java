package io.rawcow.metrics;

import io.rawcow.catalog.Activity;
import io.rawcow.catalog.ExportNow;
import io.rawcow.catalog.ImageNow;
import io.rawcow.catalog.JobNow;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Images, exports and jobs. */
final class CatalogMetrics implements MetricSource {
    private final Activity activity;
    private final RootSpace space;

    CatalogMetrics(Activity activity, RootSpace space) {
        this.activity = activity;
        this.space = space;
    }

    @Override
    public void addTo(Samples samples) {
        List<ImageNow> images = activity.images();
        images.forEach(image -> ImageMetrics.add(samples, image));
        space.add(samples, images);
        // What belongs to an image goes with it.
        Set<String> names = images.stream().map(ImageNow::name).collect(Collectors.toSet());
        List<JobNow> jobs = activity.jobs().stream()
                .filter(job -> names.contains(job.job().image()))
                .toList();
        JobMetrics.add(samples, jobs);
        for (ExportNow export : activity.exports()) {
            if (names.contains(export.image())) {
                NbdMetrics.add(samples, export);
            }
        }
        activity.traffic()
                .refusals()
                .forEach((kind, count) -> samples.counter(Metric.NBD_PROTOCOL_ERRORS, count, kind));
        var detaches = activity.detaches();
        samples.summary(Metric.DETACH_DURATION, detaches.requests(), detaches.nanos());
    }
}
