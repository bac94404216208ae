package io.rawcow.metrics;

import io.prometheus.metrics.model.registry.MetricType;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot.InfoDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.SummarySnapshot;
import io.prometheus.metrics.model.snapshots.SummarySnapshot.SummaryDataPointSnapshot;
import io.rawcow.block.RequestCounts;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What one scrape finds. Values of labels come in the order of the metric's labels. No two samples of a metric may have
 * the same ones: the first stays, the others are left out and logged, since Prometheus would refuse the scrape as a
 * whole. For one thread.
 */
public final class Samples {
    private static final Logger LOG = System.getLogger(Samples.class.getName());
    private static final double[] BOUNDS_SECONDS = boundsSeconds();

    private final Map<Metric, Set<Labels>> taken = new EnumMap<>(Metric.class);
    private final Map<Metric, GaugeSnapshot.Builder> gauges = new EnumMap<>(Metric.class);
    private final Map<Metric, CounterSnapshot.Builder> counters = new EnumMap<>(Metric.class);
    private final Map<Metric, InfoSnapshot.Builder> infos = new EnumMap<>(Metric.class);
    private final Map<Metric, HistogramSnapshot.Builder> histograms = new EnumMap<>(Metric.class);
    private final Map<Metric, SummarySnapshot.Builder> summaries = new EnumMap<>(Metric.class);

    /** What is above the last bound is a class of its own. */
    private static double[] boundsSeconds() {
        long[] nanos = RequestCounts.boundsNanos();
        double[] seconds =
                Arrays.copyOf(Arrays.stream(nanos).mapToDouble(Samples::seconds).toArray(), nanos.length + 1);
        seconds[nanos.length] = Double.POSITIVE_INFINITY;
        return seconds;
    }

    static double seconds(long nanos) {
        return nanos / 1e9;
    }

    public void gauge(Metric metric, long value, String... labels) {
        gauge(metric, (double) value, labels);
    }

    public void gauge(Metric metric, double value, String... labels) {
        var family = gauges.computeIfAbsent(metric, each -> begin(each, MetricType.GAUGE, GaugeSnapshot.builder()));
        once(metric, labels, own -> family.dataPoint(new GaugeDataPointSnapshot(value, own, null)));
    }

    /** A moment, in seconds since 1970; nothing if there is none. */
    public void moment(Metric metric, @Nullable Instant moment, String... labels) {
        if (moment != null) {
            gauge(metric, moment.getEpochSecond() + moment.getNano() / 1e9, labels);
        }
    }

    public void counter(Metric metric, long value, String... labels) {
        counter(metric, (double) value, labels);
    }

    public void counter(Metric metric, double value, String... labels) {
        var family =
                counters.computeIfAbsent(metric, each -> begin(each, MetricType.COUNTER, CounterSnapshot.builder()));
        once(
                metric,
                labels,
                own -> family.dataPoint(CounterDataPointSnapshot.builder()
                        .value(value)
                        .labels(own)
                        .build()));
    }

    /** Labels that say something by themselves. */
    public void info(Metric metric, String... labels) {
        var family = infos.computeIfAbsent(metric, each -> begin(each, MetricType.INFO, InfoSnapshot.builder()));
        once(metric, labels, own -> family.dataPoint(new InfoDataPointSnapshot(own)));
    }

    /** One sample for every word of an enum, 1 for the one that holds; the word is the last label. */
    public <E extends Enum<E>> void states(Metric metric, E now, String... labels) {
        for (E state : now.getDeclaringClass().getEnumConstants()) {
            String[] values =
                    Stream.concat(Arrays.stream(labels), Stream.of(word(state))).toArray(String[]::new);
            gauge(metric, state == now ? 1 : 0, values);
        }
    }

    static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    /** How long requests took, by classes fine enough for quantiles. */
    public void histogram(Metric metric, RequestCounts.Snapshot requests, String... labels) {
        var family = histograms.computeIfAbsent(
                metric, each -> begin(each, MetricType.HISTOGRAM, HistogramSnapshot.builder()));
        once(
                metric,
                labels,
                own -> family.dataPoint(HistogramDataPointSnapshot.builder()
                        .classicHistogramBuckets(ClassicHistogramBuckets.of(BOUNDS_SECONDS, requests.latency()))
                        .sum(seconds(requests.nanos()))
                        .labels(own)
                        .build()));
    }

    /** How often something was done, and how long that took in all. */
    public void summary(Metric metric, long count, long nanos, String... labels) {
        var family =
                summaries.computeIfAbsent(metric, each -> begin(each, MetricType.SUMMARY, SummarySnapshot.builder()));
        once(
                metric,
                labels,
                own -> family.dataPoint(SummaryDataPointSnapshot.builder()
                        .count(count)
                        .sum(seconds(nanos))
                        .labels(own)
                        .build()));
    }

    private static <B extends MetricSnapshot.Builder<B>> B begin(Metric metric, MetricType type, B builder) {
        if (metric.type() != type) {
            throw new IllegalArgumentException("%s is no %s".formatted(metric.exposed(), type));
        }
        return builder.name(metric.exposed()).help(metric.help());
    }

    private void once(Metric metric, String[] values, Consumer<Labels> add) {
        Labels labels = Labels.of(metric.labels(), List.of(values));
        if (taken.computeIfAbsent(metric, _ -> new HashSet<>()).add(labels)) {
            add.accept(labels);
        } else {
            LOG.log(
                    Level.ERROR,
                    "two samples of a metric have the same labels: metric={0} labels={1}",
                    metric.exposed(),
                    labels);
        }
    }

    MetricSnapshots snapshots() {
        var all = Stream.of(gauges, counters, infos, histograms, summaries)
                .flatMap(families -> families.values().stream())
                .<MetricSnapshot>map(MetricSnapshot.Builder::build)
                .toList();
        return new MetricSnapshots(all);
    }
}
