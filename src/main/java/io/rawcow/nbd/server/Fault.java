package io.rawcow.nbd.server;

import io.rawcow.block.BlockException;
import io.rawcow.nbd.NbdError;

/**
 * Why a request was not carried out, as the client is told. What exactly happened stays in the log: file names and the
 * like are not for clients.
 */
record Fault(NbdError error, String reason) {

    /** @param cause a BlockException, or a bug */
    static Fault of(Exception cause) {
        return cause instanceof BlockException known ? of(known) : failed();
    }

    private static Fault of(BlockException cause) {
        return switch (cause.kind()) {
            case NO_SPACE -> new Fault(NbdError.ENOSPC, "there is no space left");
            case NOT_SUPPORTED -> new Fault(NbdError.ENOTSUP, "that would take as long as writing zeros");
            case OUT_OF_RANGE -> new Fault(NbdError.EINVAL, "the request ends past the export");
            default -> failed();
        };
    }

    static Fault failed() {
        return new Fault(NbdError.EIO, "the device failed: see the server's log");
    }
}
