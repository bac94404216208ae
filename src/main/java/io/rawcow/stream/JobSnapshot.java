package io.rawcow.stream;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A job at one moment.
 *
 * @param statusDetail why it is where it is, for people; null where the status says all
 * @param speed bytes a second, 0 for no limit
 * @param currentProgress bytes that the raw file answers for
 * @param totalProgress the image's size
 * @param progress between 0 and 1; 1 only once the image is standalone and that is durable
 * @param rate bytes copied a second, lately
 * @param etaSeconds until all is hydrated at the pace of late; null if that cannot be told
 * @param bytesCopied from the backing
 * @param bytesSkippedZero of sectors that were zeros
 * @param bytesWrittenByGuest of sectors that a guest took over while the job was there
 */
public record JobSnapshot(
        JobStatus status,
        @Nullable String statusDetail,
        IoStatus ioStatus,
        @Nullable JobError error,
        long speed,
        long currentProgress,
        long totalProgress,
        double progress,
        long rate,
        @Nullable Long etaSeconds,
        long bytesCopied,
        long bytesSkippedZero,
        long bytesWrittenByGuest,
        @Nullable Instant startedAt,
        @Nullable Instant lastProgressAt,
        @Nullable Instant finishedAt) {

    /** The same job, cancelled while it was not at work. */
    public JobSnapshot cancelled(Instant when) {
        return with(JobStatus.CONCLUDED, null, JobError.CANCELLED, when);
    }

    /** The same job after its process ended, before its image is open again. */
    public JobSnapshot interrupted() {
        return switch (status) {
            case CONCLUDED, PAUSED -> this;
            case ABORTING -> cancelled(finishedAt != null ? finishedAt : Instant.EPOCH);
            case CREATED, RUNNING, PENDING ->
                with(JobStatus.CREATED, "waits for its image to be open", error, finishedAt);
        };
    }

    private JobSnapshot with(
            JobStatus next, @Nullable String detail, @Nullable JobError outcome, @Nullable Instant when) {
        return new JobSnapshot(
                next,
                detail,
                ioStatus,
                outcome,
                speed,
                currentProgress,
                totalProgress,
                progress,
                0,
                null,
                bytesCopied,
                bytesSkippedZero,
                bytesWrittenByGuest,
                startedAt,
                lastProgressAt,
                when);
    }

    /** Why a job is where it is, for people. */
    static @Nullable String detailOf(JobStatus status, @Nullable JobError error, boolean finishing) {
        return switch (status) {
            case CREATED -> "waits for its turn";
            case RUNNING -> finishing ? "detaching backing and sidecar" : null;
            case PAUSED -> error == null ? "paused on request" : "paused by an error: " + error.detail();
            case PENDING ->
                finishing
                        ? "detaching backing and sidecar"
                        : "everything is in the raw file; finalize the job to detach backing and sidecar";
            case ABORTING, CONCLUDED -> null;
        };
    }
}
