package io.rawcow.stream;

import java.util.Locale;

/** Why a job is paused, if an error did it. */
public enum IoStatus {
    OK,
    FAILED,
    NOSPACE;

    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
