package io.rawcow.nbd.server;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads certificates and keys as everybody stores them (RFC 7468). Messages name files, never what is in them. */
final class PemFiles {
    private static final Pattern PRIVATE_KEY =
            Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");

    private PemFiles() {}

    /** At least one. */
    static Certificate[] certificates(Path file) throws IOException {
        try (InputStream pem = Files.newInputStream(file)) {
            Collection<? extends Certificate> found =
                    CertificateFactory.getInstance("X.509").generateCertificates(pem);
            if (found.isEmpty()) {
                throw new IOException("cannot read certificate: there is none in the file: path=" + file);
            }
            return found.toArray(Certificate[]::new);
        } catch (CertificateException e) {
            throw new IOException("cannot read certificate: %s: path=%s".formatted(e.getMessage(), file), e);
        }
    }

    /** The key that belongs to a certificate. */
    static PrivateKey privateKey(Path file, Certificate certificate) throws IOException {
        Matcher pem = PRIVATE_KEY.matcher(Files.readString(file, StandardCharsets.US_ASCII));
        if (!pem.find()) {
            throw new IOException("cannot read private key: there is no unencrypted PKCS #8 key in the file"
                    + " (openssl pkcs8 -topk8 -nocrypt makes one): path=" + file);
        }
        try {
            var encoded = new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(pem.group(1)));
            return KeyFactory.getInstance(certificate.getPublicKey().getAlgorithm())
                    .generatePrivate(encoded);
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            // The cause may quote the key.
            throw new IOException("cannot read private key: it is damaged, or not of the certificate's kind: algorithm="
                    + certificate.getPublicKey().getAlgorithm() + " path=" + file);
        }
    }
}
