package io.rawcow.stream;

import io.rawcow.block.BlockException;
import io.rawcow.posix.Errno;
import org.jspecify.annotations.Nullable;

/**
 * What went wrong.
 *
 * @param code for programs, as in problem documents; {@code cancelled} for a job that was cancelled
 * @param detail for people
 * @param operation {@code read} of the backing, {@code write} of the raw file, {@code sync}, {@code detach}; null if
 *     none
 * @param offset the first byte of the range it happened in; null if it was not at one
 * @param errno the kernel's name for it, as {@code EIO}; null if it came from elsewhere
 */
public record JobError(
        String code,
        String detail,
        @Nullable String operation,
        @Nullable Long offset,
        @Nullable String errno) {

    public static final JobError CANCELLED = new JobError("cancelled", "the job was cancelled", null, null, null);

    /** Whether it is no trouble but somebody's wish. */
    public boolean wasCancelled() {
        return code.equals(CANCELLED.code);
    }

    static JobError of(BlockException fault, String operation, @Nullable Long offset) {
        return new JobError(
                fault.kind().code(),
                String.valueOf(fault.getMessage()),
                operation,
                offset,
                fault.errno() == 0 ? null : Errno.name(fault.errno()));
    }
}
