package io.rawcow.nbd.suite;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.security.auth.x500.X500Principal;

/** An authority that signs certificates, made anew for a test: just the fields of X.509 that TLS looks at. */
final class TestPki {
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
        return contextOf(
                "TLS", new KeyManager[] {new Insistent(own, new X509Certificate[] {shown, certificate})}, trusted);
    }

    /** A client that shows a certificate of ours. */
    SSLSocketFactory client(String subject, TestPki trusted) throws GeneralSecurityException, IOException {
        return context(subject, trusted).getSocketFactory();
    }

    /** A client that shows nothing, and trusts whom we signed. */
    SSLSocketFactory anonymousClient() throws GeneralSecurityException, IOException {
        return anonymousClient("TLS");
    }

    /** One that speaks that version at most. */
    SSLSocketFactory anonymousClient(String version) throws GeneralSecurityException, IOException {
        return contextOf(version, null, this).getSocketFactory();
    }

    private static SSLContext contextOf(String version, KeyManager[] keyManagers, TestPki trusted)
            throws GeneralSecurityException, IOException {
        var anchors = emptyStore();
        anchors.setCertificateEntry("authority", trusted.certificate);
        var trustManagers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trustManagers.init(anchors);
        var context = SSLContext.getInstance(version);
        context.init(keyManagers, trustManagers.getTrustManagers(), null);
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
        // The shortest form there is, or signatures do not match what readers make of it.
        if (value.size() < 128) {
            out.write(value.size());
        } else if (value.size() < 256) {
            out.write(0x81);
            out.write(value.size());
        } else {
            out.write(0x82);
            out.writeBytes(ByteBuffer.allocate(2).putShort((short) value.size()).array());
        }
        out.writeBytes(value.toByteArray());
        return out.toByteArray();
    }

    /** Shows its certificate whomever the other side says it trusts. */
    private static final class Insistent extends X509ExtendedKeyManager {
        private static final String ALIAS = "own";

        private final KeyPair keys;
        private final X509Certificate[] chain;

        Insistent(KeyPair keys, X509Certificate[] chain) {
            this.keys = keys;
            this.chain = chain;
        }

        @Override
        public String[] getClientAliases(String keyType, Principal[] issuers) {
            return new String[] {ALIAS};
        }

        @Override
        public String chooseClientAlias(String[] keyType, Principal[] issuers, Socket socket) {
            return ALIAS;
        }

        @Override
        public String[] getServerAliases(String keyType, Principal[] issuers) {
            return new String[] {ALIAS};
        }

        @Override
        public String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
            return ALIAS;
        }

        @Override
        public String chooseEngineServerAlias(String keyType, Principal[] issuers, SSLEngine engine) {
            return ALIAS;
        }

        @Override
        public String chooseEngineClientAlias(String[] keyType, Principal[] issuers, SSLEngine engine) {
            return ALIAS;
        }

        @Override
        public X509Certificate[] getCertificateChain(String alias) {
            return chain.clone();
        }

        @Override
        public PrivateKey getPrivateKey(String alias) {
            return keys.getPrivate();
        }
    }
}
