package io.rawcow.cli.remote;

import org.jspecify.annotations.Nullable;

/** A service that cannot be asked, or does not answer what was asked. The message may quote the service. */
public final class ServiceException extends Exception {
    private static final long serialVersionUID = 1;

    /** What kind of trouble it is. */
    public enum Kind {
        /** Nobody answers. */
        UNREACHABLE,
        /** It is there and says: not now. */
        BUSY,
        /** There is no such resource. */
        NOT_FOUND,
        /** It says no. */
        REFUSED,
        /** What answers does not speak as a rawcow service does. */
        MALFORMED,
        /** A file that the request needs, a token or a certificate, cannot be used. */
        UNUSABLE_FILE
    }

    private final Kind kind;
    private final @Nullable String action;

    ServiceException(Kind kind, String message, @Nullable String action) {
        super(message);
        this.kind = kind;
        this.action = action;
    }

    public Kind kind() {
        return kind;
    }

    /** What to do next; null where there is nothing to say. */
    public @Nullable String action() {
        return action;
    }

    /** Whether the same request may well be answered a moment later. */
    public boolean mayPass() {
        return kind == Kind.UNREACHABLE || kind == Kind.BUSY;
    }
}
