package io.rawcow;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.autoconfigure.ssl.PemSslBundleProperties;
import org.springframework.boot.autoconfigure.ssl.PropertiesSslBundle;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;

/**
 * TLS of the REST interface, from PEM files that are read again when they change.
 *
 * @param certificate the server's, and those that lead to its authority; no TLS if not stated
 * @param key its private key
 * @param clientCa who signs clients' certificates; a client may show one then
 */
record RestTls(
        @Nullable String certificate,
        @Nullable String key,
        @Nullable String clientCa) {

    /** Of the bundle, in the framework's words. */
    static final String NAME = "rest";

    /** The kind of an alternative name (RFC 5280). */
    private static final Integer DNS_NAME = 2;

    RestTls {
        if ((certificate == null) != (key == null)) {
            throw new IllegalArgumentException("rawcow.tls needs certificate and key, two PEM files, or neither");
        }
        if (clientCa != null && certificate == null) {
            throw new IllegalArgumentException("rawcow.tls.client-ca needs certificate and key too");
        }
    }

    boolean isOn() {
        return certificate != null;
    }

    /** The server in the framework's words; its bundle is registered by {@link RestCertificates}. */
    Map<String, Object> properties() {
        return isOn()
                ? Map.of("server.ssl.bundle", NAME, "server.ssl.client-auth", clientCa == null ? "none" : "want")
                : Map.of();
    }

    /** Those that are stated. */
    List<Path> files() {
        return Stream.of(certificate, key, clientCa)
                .filter(Objects::nonNull)
                .map(file -> Path.of(file).toAbsolutePath())
                .toList();
    }

    /**
     * Reads the files.
     *
     * @throws IOException if they cannot be used, or do not fit each other: half of a renewal must not come into force
     */
    SslBundle bundle() throws IOException {
        var properties = new PemSslBundleProperties();
        properties.getKeystore().setCertificate(url(Objects.requireNonNull(certificate)));
        properties.getKeystore().setPrivateKey(url(Objects.requireNonNull(key)));
        properties.getKeystore().setVerifyKeys(true);
        properties.getOptions().setEnabledProtocols(Set.of("TLSv1.3", "TLSv1.2"));
        if (clientCa != null) {
            properties.getTruststore().setCertificate(url(clientCa));
        }
        try {
            SslBundle bundle = PropertiesSslBundle.get(properties);
            SSLContext _ = bundle.createSslContext();
            return bundle;
        } catch (IllegalStateException | IllegalArgumentException | UncheckedIOException e) {
            String reason = Stream.<Throwable>iterate(e, Objects::nonNull, Throwable::getCause)
                    .map(cause -> String.valueOf(cause.getMessage()))
                    .distinct()
                    .collect(Collectors.joining(": "));
            throw new IOException(reason.replaceAll("\\s+", " "), e);
        }
    }

    /** @throws StartException if the files cannot be used: the framework would say so in the depths of its own words */
    void requireUsable() {
        if (!isOn()) {
            return;
        }
        try {
            var _ = bundle();
        } catch (IOException e) {
            throw new StartException("cannot start: rawcow.tls: " + e.getMessage(), e);
        }
    }

    /**
     * What the certificate calls the service, besides its addresses: a browser takes it for nothing else. One with a
     * star stands for too many.
     *
     * @throws IOException if it cannot be read
     */
    Set<String> names() throws IOException {
        if (!isOn()) {
            return Set.of();
        }
        Set<String> names = new HashSet<>();
        try {
            KeyStore store = Objects.requireNonNull(bundle().getStores().getKeyStore());
            for (String alias : Collections.list(store.aliases())) {
                var own = (X509Certificate) store.getCertificate(alias);
                Collection<List<?>> alternatives = own.getSubjectAlternativeNames();
                for (List<?> each : alternatives == null ? List.<List<?>>of() : alternatives) {
                    if (each.getFirst().equals(DNS_NAME) && each.get(1) instanceof String name && !name.contains("*")) {
                        names.add(name);
                    }
                }
            }
        } catch (GeneralSecurityException e) {
            throw new IOException("cannot look at the certificate of the REST interface: " + e.getMessage(), e);
        }
        return names;
    }

    /** When the first certificate of the chain in force runs out. */
    static Instant expiry(SslBundles bundles) throws IOException {
        KeyStore store =
                Objects.requireNonNull(bundles.getBundle(NAME).getStores().getKeyStore());
        Instant first = Instant.MAX;
        try {
            for (String alias : Collections.list(store.aliases())) {
                for (Certificate each : store.getCertificateChain(alias)) {
                    Instant end = ((X509Certificate) each).getNotAfter().toInstant();
                    first = end.isBefore(first) ? end : first;
                }
            }
        } catch (KeyStoreException e) {
            throw new IOException("cannot look at the certificate of the REST interface: " + e.getMessage(), e);
        }
        return first;
    }

    private static String url(String file) {
        return "file:" + Path.of(file).toAbsolutePath();
    }
}
