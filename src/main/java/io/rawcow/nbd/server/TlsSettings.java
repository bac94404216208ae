package io.rawcow.nbd.server;

import java.util.List;
import javax.security.auth.x500.X500Principal;

/**
 * How clients may use TLS, 1.2 or later.
 *
 * @param required whether a client that has not started TLS is refused everything else
 * @param contexts the server's certificate, and who signs its clients' certificates
 * @param clientCertificates whether clients show a certificate
 * @param allowedSubjects of client certificates; empty allows every certificate that is trusted
 */
public record TlsSettings(
        boolean required,
        TlsContexts contexts,
        ClientCertificates clientCertificates,
        List<X500Principal> allowedSubjects) {

    /** What is asked of a client. */
    public enum ClientCertificates {
        NONE,
        /** One that is shown must be trusted and allowed. */
        OPTIONAL,
        REQUIRED
    }

    public TlsSettings {
        allowedSubjects = List.copyOf(allowedSubjects);
        if (clientCertificates == ClientCertificates.REQUIRED && !required) {
            throw new IllegalArgumentException("client certificates are only required of clients that must use TLS");
        }
        if (clientCertificates == ClientCertificates.NONE && !allowedSubjects.isEmpty()) {
            throw new IllegalArgumentException("allowed subjects need client certificates");
        }
    }
}
