package io.rawcow.catalog;

import io.rawcow.stream.JobSnapshot;
import io.rawcow.stream.JobStatus;
import io.rawcow.stream.StreamJob;
import io.rawcow.stream.StreamRunner;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A job of the catalog: what is recorded of it, and the stream itself unless it is concluded or its image is not open.
 */
final class ManagedJob {
    /** Guards nothing but the wait for what comes next to a job whose image is not open. */
    private final Object change = new Object();

    private volatile JobRecord record;
    private volatile @Nullable StreamJob stream;
    private volatile @Nullable StreamRunner runner;

    ManagedJob(JobRecord record) {
        this.record = record;
    }

    String id() {
        return record.id();
    }

    String image() {
        return record.request().image();
    }

    boolean isNewerThan(ManagedJob other) {
        return record.createdAt().isAfter(other.record.createdAt());
    }

    JobRecord record() {
        return record;
    }

    void record(JobRecord next) {
        record = next;
        changed();
    }

    @Nullable
    StreamJob stream() {
        return stream;
    }

    @Nullable
    StreamRunner runner() {
        return runner;
    }

    void attach(StreamJob job, StreamRunner threads) {
        runner = threads;
        stream = job;
        changed();
    }

    private void changed() {
        synchronized (change) {
            change.notifyAll();
        }
    }

    /** Waits until it is concluded, pending or paused by an error; while its image is not open, for that too. */
    void awaitRest(Duration patience) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        StreamJob found = awaitStream(deadline);
        long left = deadline - System.nanoTime();
        if (found != null && left > 0) {
            found.awaitRest(Duration.ofNanos(left));
        }
    }

    private @Nullable StreamJob awaitStream(long deadline) throws InterruptedException {
        synchronized (change) {
            long left = deadline - System.nanoTime();
            while (stream == null && !isConcluded() && left > 0) {
                // Rounded up: a wait of 0 would be for ever.
                change.wait(left / 1_000_000 + 1);
                left = deadline - System.nanoTime();
            }
            return stream;
        }
    }

    JobSnapshot snapshot() {
        StreamJob job = stream;
        return job == null ? record.last() : job.snapshot();
    }

    boolean isConcluded() {
        return snapshot().status() == JobStatus.CONCLUDED;
    }

    JobView view() {
        return JobView.of(record, snapshot());
    }

    JobNow now() {
        StreamJob job = stream;
        return new JobNow(view(), job == null ? 0 : job.inFlight().size());
    }
}
