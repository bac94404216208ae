package io.rawcow.stream;

import io.rawcow.block.FaultKind;
import java.util.Locale;

/** What a job does about an error, with the meanings of QEMU's {@code on-error}. */
public enum ErrorPolicy {
    /** End with it. */
    REPORT,
    /** Go on with the rest; end with it, and without a detach, when only such ranges are left. */
    IGNORE,
    /** Pause; a resume tries the same range again. */
    STOP,
    /** As {@link #STOP} if there is no space left, else as {@link #REPORT}. */
    ENOSPC;

    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** What to do about one error: this, or {@link #ENOSPC} resolved to one of the others. */
    ErrorPolicy answerTo(FaultKind kind) {
        if (kind == FaultKind.IMAGE_FAILED || kind == FaultKind.IMAGE_CLOSED) {
            return REPORT;
        }
        return this != ENOSPC ? this : kind == FaultKind.NO_SPACE ? STOP : REPORT;
    }
}
