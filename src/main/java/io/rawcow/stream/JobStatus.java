package io.rawcow.stream;

import java.util.Locale;

/** Where a job stands, in the words of QEMU's JobStatus. */
public enum JobStatus {
    /** Waits for its turn. */
    CREATED,
    RUNNING,
    /** By somebody's wish, or by an error that its policy answers with a pause. */
    PAUSED,
    /** All is hydrated and saved; waits for somebody to finalize it. */
    PENDING,
    ABORTING,
    /** Ended, well or with an error. */
    CONCLUDED;

    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
