package io.rawcow.nbd.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.security.KeyException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * Certificates from PEM files, read again when the files change. What cannot be read then leaves the last good ones in
 * force: files that belong together are rarely replaced in one step.
 */
public final class PemTlsContexts implements TlsContexts {
    private static final char[] NO_PASSWORD = {};

    private record Stamp(
            FileTime modified, long size, @Nullable Object key) {}

    private final Path certificate;
    private final Path key;
    private final @Nullable Path clientAuthority;
    private final TroubleLog troubles = new TroubleLog();
    private List<Stamp> stamps;
    private SSLContext context;
    private Instant expiry = Instant.MAX;

    /**
     * Reads the files.
     *
     * @param certificate the server's, then those that lead to its authority
     * @param key PKCS #8, not encrypted
     * @param clientAuthority certificates that sign clients' certificates; null if clients show none
     */
    public PemTlsContexts(Path certificate, Path key, @Nullable Path clientAuthority) throws IOException {
        this.certificate = certificate;
        this.key = key;
        this.clientAuthority = clientAuthority;
        this.stamps = look();
        this.context = load();
    }

    @Override
    public synchronized SSLContext current() throws IOException {
        try {
            List<Stamp> now = look();
            if (!now.equals(stamps)) {
                context = load();
                stamps = now;
            }
        } catch (IOException e) {
            troubles.warn("cannot read changed TLS files, the last good ones stay in force: " + e.getMessage(), null);
        }
        return context;
    }

    /** When the first certificate of the server's own chain in force runs out. Looks for changed files first. */
    public synchronized Instant expiry() throws IOException {
        var _ = current();
        return expiry;
    }

    private List<Stamp> look() throws IOException {
        List<Stamp> found = new ArrayList<>();
        found.add(stamp(certificate));
        found.add(stamp(key));
        if (clientAuthority != null) {
            found.add(stamp(clientAuthority));
        }
        return found;
    }

    private static Stamp stamp(Path file) throws IOException {
        var attributes = Files.readAttributes(file, BasicFileAttributes.class);
        return new Stamp(attributes.lastModifiedTime(), attributes.size(), attributes.fileKey());
    }

    private SSLContext load() throws IOException {
        Certificate[] chain = PemFiles.certificates(certificate);
        PrivateKey own = PemFiles.privateKey(key, chain[0]);
        try {
            requirePair(chain[0], own);
            SSLContext made = SSLContext.getInstance("TLS");
            // No trust managers would be the JDK's own authorities: any of them could let clients in.
            made.init(keyManagers(chain, own), clientAuthority == null ? new TrustManager[0] : trust(), null);
            expiry = expiryOf(chain);
            return made;
        } catch (GeneralSecurityException e) {
            throw new IOException("cannot use TLS files: %s: certificate=%s".formatted(e.getMessage(), certificate), e);
        }
    }

    private static Instant expiryOf(Certificate[] chain) {
        return Arrays.stream(chain)
                .map(X509Certificate.class::cast)
                .map(certificate -> certificate.getNotAfter().toInstant())
                .min(Comparator.naturalOrder())
                .orElseThrow();
    }

    /** Half of a renewal that is under way must not come into force: no handshake would succeed. */
    private static void requirePair(Certificate certificate, PrivateKey key) throws GeneralSecurityException {
        String algorithm = switch (key.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> key.getAlgorithm();
        };
        Signature signing = Signature.getInstance(algorithm);
        signing.initSign(key);
        byte[] signature = signing.sign();
        Signature verifying = Signature.getInstance(algorithm);
        verifying.initVerify(certificate.getPublicKey());
        if (!verifying.verify(signature)) {
            throw new KeyException("the key is not the certificate's");
        }
    }

    private static KeyManager[] keyManagers(Certificate[] chain, PrivateKey key)
            throws GeneralSecurityException, IOException {
        KeyStore store = empty();
        store.setKeyEntry("server", key, NO_PASSWORD, chain);
        var factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, NO_PASSWORD);
        return factory.getKeyManagers();
    }

    private TrustManager[] trust() throws GeneralSecurityException, IOException {
        KeyStore store = empty();
        Certificate[] authorities = PemFiles.certificates(Objects.requireNonNull(clientAuthority));
        for (int i = 0; i < authorities.length; i++) {
            store.setCertificateEntry("authority" + i, authorities[i]);
        }
        var factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return SilentTrust.over(factory.getTrustManagers());
    }

    private static KeyStore empty() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, NO_PASSWORD);
        return store;
    }
}
