package io.rawcow;

import org.jspecify.annotations.Nullable;

/** Why the service cannot start, in words for whoever started it. */
final class StartException extends RuntimeException {
    private static final long serialVersionUID = 1;

    StartException(String message) {
        this(message, null);
    }

    StartException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
