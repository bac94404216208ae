package io.rawcow.catalog;

import io.rawcow.stream.JobSnapshot;
import io.rawcow.stream.JobStatus;
import io.rawcow.stream.StreamJob;
import io.rawcow.stream.StreamRunner;
import org.jspecify.annotations.Nullable;

/**
 * A job of the catalog: what is recorded of it, and the stream itself unless it is concluded or its image is not open.
 */
final class ManagedJob {
    private volatile JobRecord record;
    private volatile @Nullable StreamJob stream;
    private volatile @Nullable StreamRunner runner;

    ManagedJob(JobRecord record) {
        this.record = record;
    }

    String id() {
        return record.id();
    }

    JobRecord record() {
        return record;
    }

    void record(JobRecord next) {
        record = next;
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
}
