package io.rawcow.catalog;

import io.rawcow.stream.ErrorPolicy;
import io.rawcow.stream.IoStatus;
import io.rawcow.stream.JobError;
import io.rawcow.stream.JobSnapshot;
import io.rawcow.stream.JobStatus;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A job as the REST interface shows it; {@code openapi.yaml} has the meanings. */
public record JobView(
        String id,
        String type,
        String image,
        JobStatus status,
        @Nullable String statusDetail,
        long speed,
        ErrorPolicy onError,
        boolean autoFinalize,
        boolean autoDismiss,
        boolean keepSidecar,
        long currentProgress,
        long totalProgress,
        double progress,
        long rate,
        @Nullable Long etaSeconds,
        long bytesCopied,
        long bytesSkippedZero,
        long bytesWrittenByGuest,
        IoStatus ioStatus,
        @Nullable JobError error,
        List<Warning> warnings,
        Instant createdAt,
        @Nullable Instant startedAt,
        @Nullable Instant lastProgressAt,
        @Nullable Instant finishedAt) {

    static JobView of(JobRecord record, JobSnapshot now) {
        JobRequest request = record.request();
        return new JobView(
                record.id(),
                request.type(),
                request.image(),
                now.status(),
                now.statusDetail(),
                now.speed(),
                request.onError(),
                request.autoFinalize(),
                request.autoDismiss(),
                request.keepSidecar(),
                now.currentProgress(),
                now.totalProgress(),
                now.progress(),
                now.rate(),
                now.etaSeconds(),
                now.bytesCopied(),
                now.bytesSkippedZero(),
                now.bytesWrittenByGuest(),
                now.ioStatus(),
                now.error(),
                record.warnings(),
                record.createdAt(),
                now.startedAt(),
                now.lastProgressAt(),
                now.finishedAt());
    }
}
