package io.rawcow.metrics;

import io.rawcow.catalog.JobNow;
import io.rawcow.catalog.JobView;
import io.rawcow.stream.JobError;
import io.rawcow.stream.JobStatus;

/** How jobs stand. */
final class JobMetrics {
    private JobMetrics() {}

    static void add(Samples samples, JobNow now) {
        JobView job = now.job();
        samples.states(Metric.JOB_STATUS, job.status(), job.id(), job.image());
        samples.gauge(Metric.JOB_FAILED, isFailed(job) ? 1 : 0, job.id(), job.image());
        if (job.status() != JobStatus.CONCLUDED) {
            // An image has one such job at the most.
            addStream(samples, job, now.inFlight());
        }
    }

    private static boolean isFailed(JobView job) {
        JobError error = job.error();
        boolean rests = job.status() == JobStatus.CONCLUDED || job.status() == JobStatus.PAUSED;
        return rests && error != null && !error.wasCancelled();
    }

    private static void addStream(Samples samples, JobView job, int inFlight) {
        String image = job.image();
        samples.gauge(Metric.STREAM_RATE, job.rate(), image);
        samples.gauge(Metric.STREAM_RATE_LIMIT, job.speed(), image);
        samples.gauge(Metric.STREAM_INFLIGHT, inFlight, image);
        if (job.etaSeconds() != null) {
            samples.gauge(Metric.STREAM_ETA, job.etaSeconds(), image);
        }
        samples.moment(Metric.STREAM_LAST_PROGRESS, job.lastProgressAt(), image);
        samples.moment(Metric.STREAM_STARTED, job.startedAt(), image);
    }
}
