package io.rawcow.nbd.server;

import java.util.Locale;

/** Why the server ends a connection of its own accord. */
enum Refusal {
    /** The client sent what the protocol does not allow. */
    PROTOCOL,
    HANDSHAKE_TIMEOUT,
    /** Too many options, or options that are too long. */
    HANDSHAKE_FLOOD,
    /** The TLS handshake came to nothing, or the client's certificate is not allowed. */
    TLS,
    /** The client stopped in the middle of a request, or does not take its answers. */
    STALLED,
    /** Too many clients in all. */
    CONNECTIONS,
    /** Too many clients of an export. */
    EXPORT_CONNECTIONS,
    /** An export that there is not, asked for in the old way that has no answer for that. */
    UNKNOWN_EXPORT;

    /** As observers are told. */
    String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
