package io.rawcow.metrics;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.rawcow.catalog.Catalog;
import io.rawcow.catalog.WebhookStatus;
import io.rawcow.image.LiveFolder;
import java.util.List;
import java.util.function.Supplier;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Metrics as beans. Needs a {@link Catalog}, a {@link LiveFolder} and how webhooks stand; whoever has more to tell is a
 * {@link MetricSource}.
 */
@Configuration(proxyBeanMethods = false)
public class MetricsConfiguration {

    @Bean
    ServiceMetrics serviceMetrics(PrometheusRegistry registry, List<MetricSource> sources) {
        var all = new ServiceMetrics(sources);
        registry.register(all);
        return all;
    }

    /** Closed before the catalog and the roots are. */
    @Bean
    RootSpace rootSpace(Catalog catalog) {
        return new RootSpace(catalog.activity().roots());
    }

    @Bean
    MetricSource catalogMetrics(Catalog catalog, RootSpace space) {
        return new CatalogMetrics(catalog.activity(), space);
    }

    @Bean
    MetricSource liveMemoryMetrics(LiveFolder live) {
        return samples -> {
            samples.gauge(Metric.LIVE_MEMORY_USED, live.takenBytes());
            samples.gauge(Metric.LIVE_MEMORY_LIMIT, live.budgetBytes());
        };
    }

    @Bean
    MetricSource webhookMetrics(Supplier<List<WebhookStatus>> webhooks) {
        return new WebhookMetrics(webhooks);
    }

    /** The version is the one in the jar's manifest. */
    @Bean
    MetricSource buildMetrics() {
        String version = MetricsConfiguration.class.getPackage().getImplementationVersion();
        return samples -> samples.info(Metric.BUILD_INFO, version == null ? "unpackaged" : version);
    }

    @Bean
    TlsCertificates tlsCertificates() {
        return new TlsCertificates();
    }
}
