package io.rawcow.nbd.suite;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import javax.security.auth.x500.X500Principal;

/** An authority that signs certificates, made anew for a test: just the fields of X.509 that TLS looks at. */
final class TestPki {
    private static final char[] PASSWORD = "changeit".toCharArray();
    private static final byte[] ECDSA_WITH_SHA256 = {
        0x30, 0x0a, 6, 8, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 4, 3, 2
    };
    private static final byte[] BASIC_CONSTRAINTS = {6, 3, 0x55, 0x1d, 0x13};
    private static final byte[] TRUE = {1, 1, (byte) 0xff};

    private final KeyPair keys;
    private final X500Principal name;
    private final X509Certificate certificate;

    TestPki(String name) throws GeneralSecurityException {
        this.keys = newKeys();
        this.name = new X500Principal(name);
        this.certificate = sign(this.name, keys, true);
    }

    private static KeyPair newKeys() throws GeneralSecurityException {
        var generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(256);
        return generator.generateKeyPair();
    }

    /** A context that shows a certificate of that subject, and trusts whom {@code trusted} signed. */
    SSLContext context(String subject, TestPki trusted) throws GeneralSecurityException, IOException {
        KeyPair own = newKeys();
        X509Certificate shown = sign(new X500Principal(subject), own, false);
        var store = emptyStore();
        store.setKeyEntry("own", own.getPrivate(), PASSWORD, new X509Certificate[] {shown, certificate});
        var keyManagers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keyManagers.init(store, PASSWORD);
        return contextOf(keyManagers, trusted);
    }

    /** A client that shows a certificate of ours. */
    SSLSocketFactory client(String subject, TestPki trusted) throws GeneralSecurityException, IOException {
        return context(subject, trusted).getSocketFactory();
    }

    /** A client that shows nothing, and trusts whom we signed. */
    SSLSocketFactory anonymousClient() throws GeneralSecurityException, IOException {
        return contextOf(null, this).getSocketFactory();
    }

    private static SSLContext contextOf(KeyManagerFactory keyManagers, TestPki trusted)
            throws GeneralSecurityException, IOException {
        var anchors = emptyStore();
        anchors.setCertificateEntry("authority", trusted.certificate);
        var trustManagers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trustManagers.init(anchors);
        var context = SSLContext.getInstance("TLS");
        context.init(keyManagers == null ? null : keyManagers.getKeyManagers(), trustManagers.getTrustManagers(), null);
        return context;
    }

    private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
        var store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    private X509Certificate sign(X500Principal subject, KeyPair of, boolean authority) throws GeneralSecurityException {
        byte[] serial =
                new BigInteger(64, new SecureRandom()).add(BigInteger.ONE).toByteArray();
        byte[] validity = tlv(0x30, time("20200101000000Z"), time("21000101000000Z"));
        byte[] constraints = authority ? tlv(0x30, TRUE) : tlv(0x30);
        byte[] extension = tlv(0x30, BASIC_CONSTRAINTS, TRUE, tlv(4, constraints));
        byte[] body = tlv(
                0x30,
                tlv(0xa0, tlv(2, new byte[] {2})),
                tlv(2, serial),
                ECDSA_WITH_SHA256,
                name.getEncoded(),
                validity,
                subject.getEncoded(),
                of.getPublic().getEncoded(),
                tlv(0xa3, tlv(0x30, extension)));
        var signer = Signature.getInstance("SHA256withECDSA");
        signer.initSign(keys.getPrivate());
        signer.update(body);
        byte[] signature = tlv(3, new byte[] {0}, signer.sign());
        byte[] whole = tlv(0x30, body, ECDSA_WITH_SHA256, signature);
        var factory = CertificateFactory.getInstance("X.509");
        return (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(whole));
    }

    private static byte[] time(String time) {
        return tlv(0x18, time.getBytes(StandardCharsets.US_ASCII));
    }

    /** Tag, length, value: DER. */
    private static byte[] tlv(int tag, byte[]... parts) {
        var value = new ByteArrayOutputStream();
        List.of(parts).forEach(value::writeBytes);
        var out = new ByteArrayOutputStream();
        out.write(tag);
        if (value.size() < 128) {
            out.write(value.size());
        } else if (value.size() < 256) {
            // The shortest form: who writes the bytes anew for the signature writes that.
            out.write(0x81);
            out.write(value.size());
        } else {
            out.write(0x82);
            out.writeBytes(ByteBuffer.allocate(2).putShort((short) value.size()).array());
        }
        out.writeBytes(value.toByteArray());
        return out.toByteArray();
    }
}
