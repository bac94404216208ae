package io.rawcow.metrics;

/** Somebody who has something to tell at every scrape. Every bean of this type is asked. */
public interface MetricSource {

    /** Called at each scrape, by several threads at once if need be. Must not wait for anything. */
    void addTo(Samples samples);
}
