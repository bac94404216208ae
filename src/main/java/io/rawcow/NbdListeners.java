package io.rawcow;

import io.rawcow.NbdProperties.TlsMode;
import io.rawcow.metrics.TlsCertificates;
import io.rawcow.nbd.server.Endpoint;
import io.rawcow.nbd.server.NbdServer;
import io.rawcow.nbd.server.PemTlsContexts;
import io.rawcow.nbd.server.ServerObserver;
import io.rawcow.nbd.server.TlsSettings;
import io.rawcow.nbd.server.TlsSettings.ClientCertificates;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;

/** Opens the NBD server as it is configured, and refuses what may not be. */
final class NbdListeners {
    private static final Logger LOG = System.getLogger(NbdListeners.class.getName());
    private static final Pattern ADVERTISED =
            Pattern.compile("(\\[[0-9A-Fa-f:.]+(%[A-Za-z0-9._-]+)?]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?");

    private NbdListeners() {}

    /**
     * Listens; clients wait until the server serves.
     *
     * @param certificates told of the listener's own, if it has any
     * @throws StartException if it cannot, in words for whoever started the service
     */
    static NbdServer open(NbdProperties properties, ServerObserver observer, TlsCertificates certificates) {
        boolean tlsRequired = properties.tls().mode() == TlsMode.REQUIRED;
        List<Endpoint> endpoints = new ArrayList<>();
        if (!properties.listen().equals(NbdProperties.NONE)) {
            InetSocketAddress address = tcpAddress(properties);
            endpoints.add(new Endpoint.Tcp(address, tlsRequired, advertised(properties, address.getAddress())));
        }
        if (properties.socket() != null) {
            endpoints.add(new Endpoint.Unix(
                    Path.of(properties.socket()).toAbsolutePath().normalize(), tlsRequired));
        }
        try {
            return NbdServer.listen(properties.settings(), endpoints, tls(properties.tls(), certificates), observer);
        } catch (IOException e) {
            throw new StartException("cannot start: NBD: " + e.getMessage(), e);
        }
    }

    private static InetSocketAddress tcpAddress(NbdProperties properties) {
        HostPort listen = parse(properties.listen());
        InetAddress address;
        try {
            address = InetAddress.getByName(listen.host());
        } catch (UnknownHostException e) {
            throw new StartException("cannot start: --nbd: there is no such host: " + listen.host(), e);
        }
        if (!address.isLoopbackAddress()) {
            requireAccess(listen, properties);
        }
        return new InetSocketAddress(address, listen.port());
    }

    /** TLS alone says to clients who the service is, and nothing to the service. */
    private static void requireAccess(HostPort listen, NbdProperties properties) {
        if (properties.tls().mode() != TlsMode.REQUIRED) {
            throw new StartException("cannot start: --nbd " + listen + " is not a loopback address: without TLS whoever"
                    + " reaches it could read and write every disk. Listen on 127.0.0.1 or on a Unix socket"
                    + " (--nbd-socket), or configure rawcow.nbd.tls with mode: required, and client-ca");
        }
        if (properties.tls().clientCa() != null) {
            return;
        }
        if (properties.allowUnauthenticatedNetwork() == null) {
            throw new StartException(
                    "cannot start: --nbd " + listen + " is not a loopback address, and clients are asked"
                            + " for no certificate: whoever reaches it could read and write every disk. Configure"
                            + " rawcow.nbd.tls.client-ca, or listen on 127.0.0.1 or on a Unix socket (--nbd-socket)");
        }
        LOG.log(
                Level.WARNING,
                "rawcow.nbd.allow-unauthenticated-network: ANYBODY who reaches " + listen
                        + " may read and write EVERY exported disk of this service");
    }

    /** As it was stated: certificates have names. */
    private static String advertised(NbdProperties properties, InetAddress address) {
        String stated = properties.advertise();
        if (stated == null && address.isAnyLocalAddress()) {
            throw new StartException("cannot start: rawcow.nbd.listen is every address: say in rawcow.nbd.advertise,"
                    + " HOST or HOST:PORT, where clients reach it");
        }
        if (stated == null) {
            String host = parse(properties.listen()).host();
            return host.contains(":") ? "[" + host + "]" : host;
        }
        if (!ADVERTISED.matcher(stated).matches()) {
            throw new StartException("cannot start: rawcow.nbd.advertise is not HOST or HOST:PORT, as disks.example or"
                    + " [2001:db8::7]:10809: " + stated);
        }
        return stated;
    }

    private static HostPort parse(String text) {
        try {
            return HostPort.parse(text);
        } catch (IllegalArgumentException e) {
            throw new StartException("cannot start: rawcow.nbd.listen is %s; or none".formatted(e.getMessage()), e);
        }
    }

    private static @Nullable TlsSettings tls(NbdProperties.Tls tls, TlsCertificates certificates) {
        if (tls.mode() == TlsMode.OFF) {
            return null;
        }
        List<X500Principal> subjects =
                tls.allowedSubjects().stream().map(NbdListeners::subject).toList();
        String clientCa = tls.clientCa();
        try {
            var contexts = new PemTlsContexts(
                    Path.of(Objects.requireNonNull(tls.certificate())),
                    Path.of(Objects.requireNonNull(tls.key())),
                    clientCa == null ? null : Path.of(clientCa));
            certificates.add("nbd", contexts::expiry);
            return new TlsSettings(
                    tls.mode() == TlsMode.REQUIRED,
                    contexts,
                    clientCa == null ? ClientCertificates.NONE : ClientCertificates.REQUIRED,
                    subjects);
        } catch (IOException e) {
            throw new StartException("cannot start: rawcow.nbd.tls: " + e.getMessage(), e);
        }
    }

    private static X500Principal subject(String name) {
        try {
            return new X500Principal(name);
        } catch (IllegalArgumentException e) {
            throw new StartException(
                    "cannot start: rawcow.nbd.tls.allowed-subjects has what is no distinguished name: " + name, e);
        }
    }
}
