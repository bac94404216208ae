package io.rawcow;

import io.rawcow.nbd.server.NbdSettings;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * Where and how exports are offered to NBD clients.
 *
 * @param listen TCP: a loopback address, unless TLS and clients' certificates are required; {@code none} for no TCP
 * @param advertise what URIs name instead of the host, or host and port, that it listens on
 * @param socket the path of a Unix socket; none if not stated
 * @param socketMode the permissions of its file, octal
 * @param connections clients at once, of all exports
 * @param workers threads that serve one client, at most
 * @param buffers memory for large requests, shared by all clients; null for 256 MiB, or 1/16 of what there is
 * @param handshakeTimeout how long a client may take until it has chosen its export
 * @param stallTimeout how long a client may stop in the middle of a request, or not take an answer
 * @param allowUnauthenticatedNetwork {@link AccessProperties#UNAUTHENTICATED}, for TCP on the network with TLS that
 *     asks nobody for a certificate
 */
record NbdProperties(
        @DefaultValue("127.0.0.1:10809") String listen,
        @Nullable String advertise,
        @Nullable String socket,
        @DefaultValue("0660") String socketMode,
        @DefaultValue("1000") int connections,
        @DefaultValue("16") int workers,
        @Nullable DataSize buffers,
        @DefaultValue("10s") Duration handshakeTimeout,
        @DefaultValue("60s") Duration stallTimeout,
        @Nullable String allowUnauthenticatedNetwork,
        @DefaultValue Tls tls) {

    static final String NONE = "none";
    /** A part of what a stop may take, so that what hangs in a dead disk leaves time to close the other images. */
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(5);

    private static final Pattern MODE = Pattern.compile("0[0-7]{3}");

    NbdProperties {
        if (!MODE.matcher(socketMode).matches()) {
            throw new IllegalArgumentException(
                    "rawcow.nbd.socket-mode is octal, as 0660 (in YAML in quotes), not " + socketMode);
        }
        RawCowProperties.requireWithin("rawcow.nbd.connections", connections, 1, 100_000);
        RawCowProperties.requireWithin("rawcow.nbd.workers", workers, 1, 64);
        if (buffers != null) {
            RawCowProperties.requireWithin("rawcow.nbd.buffers", buffers.toBytes(), 1 << 20, 1L << 40);
        }
        requireDuration("rawcow.nbd.handshake-timeout", handshakeTimeout);
        requireDuration("rawcow.nbd.stall-timeout", stallTimeout);
        if (allowUnauthenticatedNetwork != null
                && !allowUnauthenticatedNetwork.equals(AccessProperties.UNAUTHENTICATED)) {
            throw new IllegalArgumentException("rawcow.nbd.allow-unauthenticated-network is "
                    + AccessProperties.UNAUTHENTICATED + ", or left out");
        }
    }

    private static void requireDuration(String name, Duration value) {
        if (value.compareTo(Duration.ofMillis(100)) < 0 || value.compareTo(Duration.ofHours(1)) > 0) {
            throw new IllegalArgumentException("%s is from 100ms to 1h, not %s".formatted(name, value));
        }
    }

    /** Whether clients encrypt. */
    enum TlsMode {
        OFF,
        OPTIONAL,
        REQUIRED
    }

    /**
     * TLS, from PEM files that are read again when they change.
     *
     * @param certificate the server's, and those that lead to its authority
     * @param key its private key
     * @param clientCa who signs clients' certificates; if stated, every client has to show one; needs mode required
     * @param allowedSubjects distinguished names of client certificates (RFC 2253); all if none is stated
     */
    record Tls(
            @DefaultValue("off") TlsMode mode,
            @Nullable String certificate,
            @Nullable String key,
            @Nullable String clientCa,
            @DefaultValue List<String> allowedSubjects) {

        Tls {
            if (mode != TlsMode.OFF && (certificate == null || key == null)) {
                throw new IllegalArgumentException(
                        "rawcow.nbd.tls needs certificate and key, two PEM files, unless its mode is off");
            }
            if (mode == TlsMode.OFF && (certificate != null || key != null || clientCa != null)) {
                throw new IllegalArgumentException(
                        "rawcow.nbd.tls has files but its mode is off: say optional or required");
            }
            if (mode == TlsMode.OPTIONAL && clientCa != null) {
                throw new IllegalArgumentException(
                        "rawcow.nbd.tls.client-ca needs mode required: else one need not be shown");
            }
            if (clientCa == null && !allowedSubjects.isEmpty()) {
                throw new IllegalArgumentException(
                        "rawcow.nbd.tls.allowed-subjects needs client-ca: nobody shows a certificate else");
            }
        }
    }

    NbdSettings settings() {
        NbdSettings usual = NbdSettings.DEFAULT;
        return new NbdSettings(
                handshakeTimeout,
                usual.handshakeOptions(),
                connections,
                workers,
                buffers != null ? buffers.toBytes() : MachineMemory.share(usual.bufferBytes(), 16),
                stallTimeout,
                CLOSE_PATIENCE,
                permissions());
    }

    private Set<PosixFilePermission> permissions() {
        int bits = Integer.parseInt(socketMode, 8);
        var letters = new StringBuilder("rwxrwxrwx");
        for (int i = 0; i < letters.length(); i++) {
            if ((bits & 0400 >> i) == 0) {
                letters.setCharAt(i, '-');
            }
        }
        return PosixFilePermissions.fromString(letters.toString());
    }
}
