package io.rawcow.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.SummarySnapshot;
import io.rawcow.block.RequestCounts;
import io.rawcow.catalog.ImageState;
import io.rawcow.catalog.JobNow;
import io.rawcow.catalog.JobView;
import io.rawcow.stream.ErrorPolicy;
import io.rawcow.stream.IoStatus;
import io.rawcow.stream.JobStatus;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class SamplesTest {
    private final Samples samples = new Samples();

    @Test
    void everyRequestIsInTheClassOfItsTime() {
        var counts = new RequestCounts();
        counts.add(10, 25_000, false);
        counts.add(10, 25_001, true);
        counts.add(10, 31_000_000_000L, false);

        samples.histogram(Metric.BACKING_DURATION, counts.snapshot(), "vm");

        var point =
                ((HistogramSnapshot) samples.snapshots().get(0)).getDataPoints().getFirst();
        var buckets = point.getClassicBuckets();
        assertThat(buckets.getUpperBound(0)).isEqualTo(0.000025);
        assertThat(buckets.getCount(0)).isEqualTo(1);
        assertThat(buckets.getUpperBound(1)).isEqualTo(0.00005);
        assertThat(buckets.getCount(1)).isEqualTo(1);
        assertThat(buckets.getUpperBound(buckets.size() - 1)).isInfinite();
        assertThat(buckets.getCount(buckets.size() - 1)).isEqualTo(1);
        assertThat(point.getCount()).isEqualTo(3);
        assertThat(point.getSum()).isEqualTo(31.000050001);
        assertThat(point.getLabels().get("image")).isEqualTo("vm");
    }

    @Test
    void oneStateIsOneAndAllOthersAreZero() {
        samples.states(Metric.IMAGE_STATE, ImageState.COW, "vm");

        var points = ((GaugeSnapshot) samples.snapshots().get(0)).getDataPoints();
        assertThat(points).hasSize(ImageState.values().length);
        assertThat(points)
                .filteredOn(point -> point.getValue() == 1)
                .singleElement()
                .satisfies(point -> assertThat(point.getLabels().get("state")).isEqualTo("cow"));
        assertThat(points).filteredOn(point -> point.getValue() == 0).hasSize(ImageState.values().length - 1);
    }

    @Test
    void timesAreInSeconds() {
        samples.summary(Metric.DETACH_DURATION, 2, 1_500_000_000);

        var point =
                ((SummarySnapshot) samples.snapshots().get(0)).getDataPoints().getFirst();
        assertThat(point.getCount()).isEqualTo(2);
        assertThat(point.getSum()).isEqualTo(1.5);
        assertThat(point.getQuantiles()).isEmpty();
    }

    @Test
    void ofTwoWithTheSameLabelsTheFirstStays() {
        samples.gauge(Metric.STREAM_RATE, 1, "vm");
        samples.gauge(Metric.STREAM_RATE, 2, "vm");
        samples.gauge(Metric.STREAM_RATE, 3, "other");
        samples.gauge(Metric.STREAM_ETA, 4, "vm");
        samples.counter(Metric.STREAM_COPIED, 5, "vm", "background");
        samples.counter(Metric.STREAM_COPIED, 6, "vm", "background");

        assertThat(valuesOf(Metric.STREAM_RATE)).containsExactly(Map.entry("other", 3.0), Map.entry("vm", 1.0));
        assertThat(valuesOf(Metric.STREAM_ETA)).containsExactly(Map.entry("vm", 4.0));
        assertThat(samples.snapshots().stream()
                        .filter(CounterSnapshot.class::isInstance)
                        .flatMap(snapshot -> ((CounterSnapshot) snapshot).getDataPoints().stream()))
                .singleElement()
                .satisfies(point -> assertThat(point.getValue()).isEqualTo(5));
    }

    /** Of a gauge, by image. */
    private Map<String, Double> valuesOf(Metric metric) {
        var values = new TreeMap<String, Double>();
        samples.snapshots().stream()
                .filter(snapshot -> snapshot.getMetadata().getName().equals(metric.exposed()))
                .flatMap(snapshot -> ((GaugeSnapshot) snapshot).getDataPoints().stream())
                .forEach(point -> values.put(point.getLabels().get("image"), point.getValue()));
        return values;
    }

    @Test
    void imageHasOneStreamThoughTwoOfItsJobsWereSeenAtWork() {
        // Looked at one after the other: "a" was running, concluded, and "b" came.
        JobNow first = new JobNow(running("a", Instant.EPOCH), 1);
        JobNow second = new JobNow(running("b", Instant.EPOCH.plusSeconds(1)), 2);

        for (List<JobNow> seen : List.of(List.of(first, second), List.of(second, first))) {
            var each = new Samples();
            JobMetrics.add(each, seen);

            Scrape scrape = Scrape.of(text(each));
            assertThat(scrape.value("rawcow_stream_inflight_requests", "image=vm"))
                    .isEqualTo(2);
            assertThat(scrape.all("rawcow_stream_started_timestamp_seconds")).hasSize(1);
            assertThat(scrape.value("rawcow_job_status", "id=a", "status=running"))
                    .isEqualTo(1);
            assertThat(scrape.value("rawcow_job_status", "id=b", "status=running"))
                    .isEqualTo(1);
        }
    }

    private static JobView running(String id, Instant created) {
        return new JobView(
                id,
                "stream",
                "vm",
                JobStatus.RUNNING,
                null,
                0,
                ErrorPolicy.REPORT,
                true,
                false,
                false,
                1,
                2,
                0.5,
                3,
                null,
                1,
                0,
                0,
                IoStatus.OK,
                null,
                List.of(),
                created,
                created,
                created,
                null);
    }

    private static String text(Samples samples) {
        var out = new ByteArrayOutputStream();
        try {
            PrometheusTextFormatWriter.create().write(out, samples.snapshots());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void whatAMetricIsNotIsRefused() {
        assertThatThrownBy(() -> samples.gauge(Metric.STREAM_COPIED, 1, "vm", "background"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> samples.counter(Metric.STREAM_COPIED, 1, "vm"))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
