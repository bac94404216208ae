package io.rawcow.nbd.server;

import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Set;

/**
 * Limits of a server. Besides {@code bufferBytes}, a connection has 68 KiB of memory and each of its workers another 68
 * KiB, of which only the pages that are used count.
 *
 * @param handshakeTimeout from the connection to the end of the handshake, TLS included
 * @param handshakeOptions how many options a client may send in a handshake
 * @param connections clients at once, in all
 * @param workersPerConnection threads that serve one connection, at most
 * @param bufferBytes memory for requests of more than 64 KiB, all connections together; where it is used up, such
 *     requests are done in smaller pieces
 * @param stallTimeout how long a client may stop in the middle of a request, or not take an answer
 * @param closePatience how long {@link NbdServer#close} waits for requests in flight and for the connections to end
 * @param socketMode the permissions of a Unix socket's file
 */
public record NbdSettings(
        Duration handshakeTimeout,
        int handshakeOptions,
        int connections,
        int workersPerConnection,
        long bufferBytes,
        Duration stallTimeout,
        Duration closePatience,
        Set<PosixFilePermission> socketMode) {

    public static final NbdSettings DEFAULT = new NbdSettings(
            Duration.ofSeconds(10),
            1000,
            1000,
            16,
            256L << 20,
            Duration.ofSeconds(60),
            Duration.ofSeconds(10),
            PosixFilePermissions.fromString("rw-rw----"));

    public NbdSettings {
        requirePositive("handshakeTimeout", handshakeTimeout);
        requirePositive("stallTimeout", stallTimeout);
        requireAtLeastOne("handshakeOptions", handshakeOptions);
        requireAtLeastOne("connections", connections);
        requireAtLeastOne("workersPerConnection", workersPerConnection);
        if (bufferBytes < 0 || closePatience.isNegative()) {
            throw new IllegalArgumentException(
                    "must not be negative: bufferBytes=%d closePatience=%s".formatted(bufferBytes, closePatience));
        }
        socketMode = Set.copyOf(socketMode);
    }

    private static void requirePositive(String name, Duration value) {
        if (!value.isPositive()) {
            throw new IllegalArgumentException("must be positive: %s=%s".formatted(name, value));
        }
    }

    private static void requireAtLeastOne(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException("must be at least 1: %s=%d".formatted(name, value));
        }
    }
}
