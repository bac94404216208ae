package io.rawcow;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.autoconfigure.ssl.PemSslBundleProperties;
import org.springframework.boot.autoconfigure.ssl.PropertiesSslBundle;
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

    private static final String NAME = "rest";
    private static final String BUNDLE = "spring.ssl.bundle.pem." + NAME + ".";

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

    /** The same in the framework's words: a bundle, and the server that uses it. */
    Map<String, Object> properties() {
        Map<String, Object> properties = new HashMap<>();
        if (certificate != null && key != null) {
            properties.put(BUNDLE + "keystore.certificate", url(certificate));
            properties.put(BUNDLE + "keystore.private-key", url(key));
            // Half of a renewal that is under way must not come into force.
            properties.put(BUNDLE + "keystore.verify-keys", true);
            properties.put(BUNDLE + "options.enabled-protocols", "TLSv1.3,TLSv1.2");
            properties.put(BUNDLE + "reload-on-update", true);
            properties.put("spring.ssl.bundle.watch.file.quiet-period", "1s");
            properties.put("server.ssl.bundle", NAME);
            properties.put("server.ssl.client-auth", clientCa == null ? "none" : "want");
        }
        if (clientCa != null) {
            properties.put(BUNDLE + "truststore.certificate", url(clientCa));
        }
        return properties;
    }

    /** @throws StartException if the files cannot be used: the framework would say so in the depths of its own words */
    void requireUsable() {
        if (certificate == null || key == null) {
            return;
        }
        var bundle = new PemSslBundleProperties();
        bundle.getKeystore().setCertificate(url(certificate));
        bundle.getKeystore().setPrivateKey(url(key));
        bundle.getKeystore().setVerifyKeys(true);
        if (clientCa != null) {
            bundle.getTruststore().setCertificate(url(clientCa));
        }
        try {
            SSLContext _ = PropertiesSslBundle.get(bundle).createSslContext();
        } catch (IllegalStateException | IllegalArgumentException | UncheckedIOException e) {
            String reason = Stream.<Throwable>iterate(e, Objects::nonNull, Throwable::getCause)
                    .map(cause -> String.valueOf(cause.getMessage()))
                    .distinct()
                    .collect(Collectors.joining(": "));
            throw new StartException("cannot start: rawcow.tls: %s".formatted(reason.replaceAll("\\s+", " ")), e);
        }
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
