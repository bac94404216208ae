package io.rawcow.stream;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What an earlier life of a job has left behind.
 *
 * @param status CREATED, PAUSED or PENDING: what it starts with now
 * @param error what paused it, null if nothing did
 */
public record JobHistory(
        JobStatus status,
        IoStatus ioStatus,
        @Nullable JobError error,
        long bytesCopied,
        long bytesSkippedZero,
        long bytesWrittenByGuest,
        @Nullable Instant startedAt,
        @Nullable Instant lastProgressAt) {

    public static final JobHistory NONE = new JobHistory(JobStatus.CREATED, IoStatus.OK, null, 0, 0, 0, null, null);
}
