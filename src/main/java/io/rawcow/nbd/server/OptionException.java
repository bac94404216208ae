package io.rawcow.nbd.server;

import io.rawcow.nbd.NbdReply;

/** An option that cannot be granted; the client is told why and may go on. */
final class OptionException extends Exception {
    private static final long serialVersionUID = 1;

    private final int reply;

    OptionException(String message) {
        this(NbdReply.ERR_INVALID, message);
    }

    /** @param reply of the errors in {@link NbdReply} */
    OptionException(int reply, String message) {
        super(message);
        this.reply = reply;
    }

    int reply() {
        return reply;
    }
}
