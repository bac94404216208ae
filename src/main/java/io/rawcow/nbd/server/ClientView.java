package io.rawcow.nbd.server;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A connected client.
 *
 * @param id unique while the server runs
 * @param address {@code host:port} of TCP; {@code unix user=NAME}, {@code unix} where the kernel does not tell it
 * @param tlsSubject the client certificate's subject (RFC 2253); null without one
 * @param requests answered so far
 * @param bytesRead of answered reads
 * @param bytesWritten of answered writes
 */
public record ClientView(
        long id,
        String address,
        boolean tls,
        @Nullable String tlsSubject,
        Instant connectedAt,
        long requests,
        long bytesRead,
        long bytesWritten,
        long errors,
        int inFlight) {}
