package io.rawcow.nbd.server;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.stream.Stream;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Trusts what another one trusts, and does not tell clients whom that is. GnuTLS 3.7, which is under libnbd and QEMU,
 * shows a certificate with an RSA key to a server that names no authorities, but not to one that names the very
 * authority and lists, as TLS 1.3 of the JDK does, no PKCS #1 signatures.
 */
public final class SilentTrust extends X509ExtendedTrustManager {
    private final X509ExtendedTrustManager trust;

    private SilentTrust(X509ExtendedTrustManager trust) {
        this.trust = trust;
    }

    /** For the trust managers of a server's {@link javax.net.ssl.SSLContext}. */
    public static TrustManager[] over(TrustManager... managers) {
        return Stream.of(managers)
                .map(manager -> manager instanceof X509ExtendedTrustManager trust ? new SilentTrust(trust) : manager)
                .toArray(TrustManager[]::new);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return new X509Certificate[0];
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        trust.checkClientTrusted(chain, authType);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        trust.checkClientTrusted(chain, authType, socket);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        trust.checkClientTrusted(chain, authType, engine);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        trust.checkServerTrusted(chain, authType);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        trust.checkServerTrusted(chain, authType, socket);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        trust.checkServerTrusted(chain, authType, engine);
    }
}
