package io.rawcow.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.SummarySnapshot;
import io.rawcow.block.RequestCounts;
import io.rawcow.catalog.ImageState;
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
    void whatAMetricIsNotIsRefused() {
        assertThatThrownBy(() -> samples.gauge(Metric.STREAM_COPIED, 1, "vm", "background"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> samples.counter(Metric.STREAM_COPIED, 1, "vm"))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
