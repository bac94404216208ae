package io.rawcow.catalog;

import io.rawcow.stream.JobSnapshot;
import java.time.Instant;
import java.util.List;

/** A job as the catalog keeps it across restarts: what was asked for, and how it stood last. */
record JobRecord(String id, JobRequest request, Instant createdAt, List<Warning> warnings, JobSnapshot last) {
    JobRecord withLast(JobSnapshot now) {
        return new JobRecord(id, request, createdAt, warnings, now);
    }
}
