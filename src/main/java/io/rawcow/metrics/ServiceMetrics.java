package io.rawcow.metrics;

import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.MetricFamilyDescriptor;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.Arrays;
import java.util.List;

/** All metrics of our own, gathered anew at each scrape. */
final class ServiceMetrics implements MultiCollector {
    private final List<MetricSource> sources;

    ServiceMetrics(List<MetricSource> sources) {
        this.sources = List.copyOf(sources);
    }

    @Override
    public MetricSnapshots collect() {
        var samples = new Samples();
        sources.forEach(source -> source.addTo(samples));
        return samples.snapshots();
    }

    /** What there may be: a name that somebody else has too is refused at the start. */
    @Override
    public List<MetricFamilyDescriptor> getMetricFamilyDescriptors() {
        return Arrays.stream(Metric.values()).map(Metric::descriptor).toList();
    }
}
