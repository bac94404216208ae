package io.rawcow.nbd;

import java.io.IOException;

/** The other side sent what the protocol does not allow: nothing more can be understood on this connection. */
public final class NbdProtocolException extends IOException {
    private static final long serialVersionUID = 1;

    public NbdProtocolException(String message) {
        super(message);
    }
}
