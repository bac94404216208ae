package io.rawcow.metrics;

import io.rawcow.catalog.WebhookStatus;
import java.util.List;
import java.util.function.Supplier;

/** Receivers of events. */
record WebhookMetrics(Supplier<List<WebhookStatus>> webhooks) implements MetricSource {

    @Override
    public void addTo(Samples samples) {
        for (WebhookStatus webhook : webhooks.get()) {
            samples.counter(Metric.WEBHOOK_DELIVERIES, webhook.delivered(), webhook.name(), "delivered");
            samples.counter(Metric.WEBHOOK_DELIVERIES, webhook.failedAttempts(), webhook.name(), "failed");
            samples.counter(Metric.WEBHOOK_DELIVERIES, webhook.lost(), webhook.name(), "lost");
            samples.gauge(Metric.WEBHOOK_QUEUED, webhook.queued(), webhook.name());
        }
    }
}
