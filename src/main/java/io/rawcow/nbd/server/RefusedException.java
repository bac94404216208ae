package io.rawcow.nbd.server;

import java.io.IOException;

/** Ends a connection because of what the client does. */
final class RefusedException extends IOException {
    private static final long serialVersionUID = 1;

    private final Refusal refusal;

    RefusedException(Refusal refusal, String message) {
        super(message);
        this.refusal = refusal;
    }

    Refusal refusal() {
        return refusal;
    }
}
