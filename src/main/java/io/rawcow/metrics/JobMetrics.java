package io.rawcow.metrics;

import io.rawcow.catalog.JobNow;
import io.rawcow.catalog.JobView;
import io.rawcow.stream.JobError;
import io.rawcow.stream.JobStatus;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** How jobs stand. */
final class JobMetrics {
    private JobMetrics() {}

    /**
     * Jobs were not all looked at in the same moment: one that has concluded since can stand beside the one that came
     * after it. The image's stream is the later one.
     */
    static void add(Samples samples, List<JobNow> jobs) {
        Map<String, JobNow> streams = new TreeMap<>();
        for (JobNow now : jobs) {
            JobView job = now.job();
            samples.states(Metric.JOB_STATUS, job.status(), job.id(), job.image());
            samples.gauge(Metric.JOB_FAILED, isFailed(job) ? 1 : 0, job.id(), job.image());
            if (job.status() != JobStatus.CONCLUDED) {
                streams.merge(job.image(), now, JobMetrics::later);
            }
        }
        streams.values().forEach(now -> addStream(samples, now.job(), now.inFlight()));
    }

    private static JobNow later(JobNow one, JobNow other) {
        return other.job().createdAt().isAfter(one.job().createdAt()) ? other : one;
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
