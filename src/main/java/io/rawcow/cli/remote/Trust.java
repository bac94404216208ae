package io.rawcow.cli.remote;

import io.rawcow.cli.remote.ServiceException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.NoSuchAlgorithmException;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/** Whose certificates are believed. */
final class Trust {
    private Trust() {}

    static SSLContext of(ServiceAddress address) throws ServiceException {
        try {
            Path file = address.caFile();
            if (file != null) {
                return context(authorities(file));
            }
            // Reading what the JDK trusts takes longer than a request, and http needs none of it.
            return address.base().getScheme().equals("https") ? SSLContext.getDefault() : context();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java has no TLS", e);
        } catch (GeneralSecurityException | IOException e) {
            throw new ServiceException(
                    Kind.UNUSABLE_FILE,
                    "cannot use the certificates of --cacert: %s: path=%s".formatted(reason(e), address.caFile()),
                    "give a file of PEM certificates that can be read");
        }
    }

    private static String reason(Exception failure) {
        return failure instanceof java.nio.file.NoSuchFileException
                ? "no such file"
                : String.valueOf(failure.getMessage());
    }

    private static TrustManager[] authorities(Path file) throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream pem = Files.newInputStream(file)) {
            int number = 0;
            for (Certificate each : CertificateFactory.getInstance("X.509").generateCertificates(pem)) {
                store.setCertificateEntry(Integer.toString(number++), each);
            }
            if (number == 0) {
                throw new IOException("there is none in the file");
            }
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return factory.getTrustManagers();
    }

    /** @param trusting without any it trusts nobody */
    private static SSLContext context(TrustManager... trusting) throws GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trusting, null);
        return context;
    }
}
