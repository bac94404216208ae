package io.rawcow.cli;

import io.rawcow.cli.remote.Item;
import io.rawcow.cli.remote.ServiceException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What is shown of a service's job. Nothing in it is safe to print yet.
 *
 * @param rate bytes a second; null if not told
 * @param detail what it waits for; null if it waits for nothing
 * @param errorCode null if nothing went wrong
 * @param error the same for people
 */
record RemoteJob(
        String id,
        String image,
        String status,
        @Nullable Double progress,
        @Nullable Long rate,
        @Nullable Long etaSeconds,
        @Nullable String detail,
        @Nullable String errorCode,
        @Nullable String error,
        Instant createdAt) {

    private static final String CONCLUDED = "concluded";
    private static final String CANCELLED = "cancelled";

    static RemoteJob of(Item job) throws ServiceException {
        Item error = job.itemOrNull("error");
        return new RemoteJob(
                job.text("id"),
                job.text("image"),
                job.text("status"),
                job.shareOrNull("progress"),
                job.numberOrNull("rate"),
                job.numberOrNull("etaSeconds"),
                job.textOrNull("statusDetail"),
                error == null ? null : error.text("code"),
                error == null ? null : error.text("detail"),
                job.time("createdAt"));
    }

    boolean isActive() {
        return !status.equals(CONCLUDED);
    }

    boolean isRunning() {
        return status.equals("running");
    }

    boolean wasCancelled() {
        return !isActive() && CANCELLED.equals(errorCode);
    }

    boolean failed() {
        return !isActive() && errorCode != null && !wasCancelled();
    }
}
