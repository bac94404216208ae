package io.rawcow;

import io.rawcow.nbd.server.TlsContexts;
import io.rawcow.nbd.server.TlsSettings;
import io.rawcow.nbd.server.TlsSettings.ClientCertificates;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.GeneralSecurityException;
import java.security.KeyException;
import java.security.PrivateKey;
import java.security.Signature;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.pem.PemSslStore;
import org.springframework.boot.ssl.pem.PemSslStoreBundle;
import org.springframework.boot.ssl.pem.PemSslStoreDetails;

/**
 * TLS from PEM files, which are looked at for every client: once they change, new clients meet what is in them then.
 * Files that cannot be read, half written ones for example, leave what was valid before.
 */
final class PemTls implements TlsContexts {
    private static final Logger LOG = System.getLogger(PemTls.class.getName());

    /** What tells one content of a file from the next, without reading it. */
    private record Stamp(@Nullable Object key, long size, long modifiedNanos) {}

    private record Loaded(List<Stamp> stamps, SSLContext context) {}

    private final NbdProperties.Tls files;
    private Loaded valid;
    private List<Stamp> lastTried;

    private PemTls(NbdProperties.Tls files) throws IOException {
        this.files = files;
        this.valid = load();
        this.lastTried = valid.stamps();
    }

    /** @throws StartException if a file cannot be read, or a subject is none */
    static TlsSettings settings(NbdProperties.Tls tls) {
        try {
            return new TlsSettings(
                    tls.mode() == NbdProperties.TlsMode.REQUIRED,
                    new PemTls(tls),
                    tls.clientCa() == null ? ClientCertificates.NONE : ClientCertificates.REQUIRED,
                    tls.allowedSubjects().stream().map(PemTls::subject).toList());
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

    @Override
    public synchronized SSLContext current() throws IOException {
        List<Stamp> now;
        try {
            now = stamps();
        } catch (IOException e) {
            // Between the removal of a file and its successor.
            LOG.log(Level.WARNING, "TLS files cannot be looked at, the old ones stay valid: {0}", e.getMessage());
            return valid.context();
        }
        if (!now.equals(lastTried)) {
            lastTried = now;
            try {
                valid = load();
                lastTried = valid.stamps();
                LOG.log(Level.INFO, "TLS files read again: certificate={0}", files.certificate());
            } catch (IOException e) {
                LOG.log(Level.WARNING, "TLS files cannot be read, the old ones stay valid: {0}", e.getMessage());
            }
        }
        return valid.context();
    }

    private Loaded load() throws IOException {
        // Before the content: a change in between shows at the next look.
        List<Stamp> stamps = stamps();
        try {
            PemSslStore own = Objects.requireNonNull(PemSslStore.load(
                    PemSslStoreDetails.forCertificate(read(files.certificate())).withPrivateKey(read(files.key()))));
            requirePair(own);
            String ca = files.clientCa();
            var theirs = ca == null ? null : PemSslStore.load(PemSslStoreDetails.forCertificate(read(ca)));
            return new Loaded(
                    stamps, SslBundle.of(new PemSslStoreBundle(own, theirs)).createSslContext());
        } catch (GeneralSecurityException | RuntimeException e) {
            throw new IOException(
                    "certificate=%s key=%s client-ca=%s: %s"
                            .formatted(files.certificate(), files.key(), files.clientCa(), reason(e)),
                    e);
        }
    }

    /** Refuses a key that is not the certificate's: half of a renewal that is under way. */
    private static void requirePair(PemSslStore own) throws GeneralSecurityException {
        PrivateKey key = Objects.requireNonNull(own.privateKey());
        String algorithm = switch (key.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> key.getAlgorithm();
        };
        var signing = Signature.getInstance(algorithm);
        signing.initSign(key);
        byte[] signature = signing.sign();
        var verifying = Signature.getInstance(algorithm);
        verifying.initVerify(Objects.requireNonNull(own.certificates()).getFirst());
        if (!verifying.verify(signature)) {
            throw new KeyException("the key is not that of the certificate");
        }
    }

    private static String reason(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return String.valueOf(cause.getMessage());
    }

    private static String read(@Nullable String file) throws IOException {
        return Files.readString(Path.of(Objects.requireNonNull(file)));
    }

    private List<Stamp> stamps() throws IOException {
        List<Stamp> stamps = new ArrayList<>();
        for (String file : Stream.of(files.certificate(), files.key(), files.clientCa())
                .filter(Objects::nonNull)
                .toList()) {
            var attributes = Files.readAttributes(Path.of(file), BasicFileAttributes.class);
            stamps.add(new Stamp(
                    attributes.fileKey(),
                    attributes.size(),
                    attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS)));
        }
        return stamps;
    }
}
