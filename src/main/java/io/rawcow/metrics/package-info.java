/**
 * Metrics for Prometheus. Nothing is registered when images come or removed when they go: each scrape walks the catalog
 * and reads the counters that the parts below keep, so that series last as long as what they are about. Only this
 * package knows Micrometer and the client of Prometheus; {@link io.rawcow.metrics.Metric} has all names.
 */
@NullMarked
package io.rawcow.metrics;

import org.jspecify.annotations.NullMarked;
