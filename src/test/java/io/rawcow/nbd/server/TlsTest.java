package io.rawcow.nbd.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.rawcow.nbd.NbdCommand;
import io.rawcow.nbd.NbdMagic;
import io.rawcow.nbd.NbdOption;
import io.rawcow.nbd.NbdReply;
import io.rawcow.nbd.ReplyStyle;
import io.rawcow.nbd.server.TlsSettings.ClientCertificates;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManagerFactory;
import javax.security.auth.x500.X500Principal;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class TlsTest {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    @TempDir
    static Path folder;

    @BeforeAll
    static void certificates() throws Exception {
        Certificates.makeAll(folder);
    }

    private static PemTlsContexts pem() throws IOException {
        return new PemTlsContexts(
                folder.resolve("server-cert.pem"), folder.resolve("server-key.pem"), folder.resolve("ca-cert.pem"));
    }

    private static TestServer server(boolean required, ClientCertificates certificates, String... subjects)
            throws IOException {
        List<X500Principal> allowed =
                List.of(subjects).stream().map(X500Principal::new).toList();
        var tls = new TlsSettings(required, pem(), certificates, allowed);
        return new TestServer(TestServer.settings(), tls, TestServer.SIZE);
    }

    /** Of a client that trusts the authority. */
    private static SSLEngine engine(String certificate, String... versions) throws Exception {
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("ca", PemFiles.certificates(folder.resolve("ca-cert.pem"))[0]);
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        KeyStore own = KeyStore.getInstance("PKCS12");
        own.load(null, null);
        if (!certificate.isEmpty()) {
            var chain = PemFiles.certificates(folder.resolve(certificate + "-cert.pem"));
            var key = PemFiles.privateKey(folder.resolve(certificate + "-key.pem"), chain[0]);
            own.setKeyEntry("own", key, new char[0], chain);
        }
        var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(own, new char[0]);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        SSLEngine engine = context.createSSLEngine();
        engine.setUseClientMode(true);
        if (versions.length > 0) {
            engine.setEnabledProtocols(versions);
        }
        return engine;
    }

    private static TestClient secure(TestServer server, SSLEngine engine) throws Exception {
        return TestClient.connect(server.endpoint()).startTls(engine);
    }

    private static int reply(TestClient client, NbdOption option, ByteBuffer data) throws IOException {
        return client.option(option.number(), data).getLast().type();
    }

    @Test
    void servesUnderTls() throws Exception {
        try (TestServer server = server(true, ClientCertificates.NONE);
                TestClient client = secure(server, engine(""))) {
            client.go("disk", ReplyStyle.STRUCTURED);
            byte[] data = new byte[3 << 20];
            data[data.length - 1] = 1;

            client.write(1, 100, data);

            assertThat(client.next().error()).isZero();
            assertThat(client.readAll(new io.rawcow.nbd.NbdRequest(0, 0, 2, 100, data.length)))
                    .isEqualTo(data);
            assertThat(server.offered.clients().getFirst().tls()).isTrue();
            client.request(NbdCommand.DISC, 0, 3, 0, 0);
            assertThat(client.readToEnd()).isZero();
        }
    }

    @Test
    void nothingButTlsIsPossibleBeforeIt() throws Exception {
        try (TestServer server = server(true, ClientCertificates.NONE);
                TestClient client = TestClient.connect(server.endpoint())) {
            for (NbdOption option : NbdOption.values()) {
                if (!List.of(NbdOption.STARTTLS, NbdOption.ABORT, NbdOption.EXPORT_NAME)
                        .contains(option)) {
                    assertThat(reply(client, option, NOTHING)).isEqualTo(NbdReply.ERR_TLS_REQD);
                }
            }
            assertThat(reply(client, NbdOption.ABORT, NOTHING)).isEqualTo(NbdReply.ACK);
        }
    }

    @Test
    void optionalTlsIsForThoseWhoWantIt() throws Exception {
        try (TestServer server = server(false, ClientCertificates.NONE);
                TestClient plain = server.open(ReplyStyle.SIMPLE);
                TestClient secure = secure(server, engine(""))) {
            secure.go("disk", ReplyStyle.SIMPLE);

            assertThat(server.offered.clients()).extracting(ClientView::tls).containsExactly(false, true);
            plain.request(NbdCommand.FLUSH, 0, 1, 0, 0);
            assertThat(plain.next().error()).isZero();
        }
    }

    @Test
    void whatWasAgreedOnInClearIsForgotten() throws Exception {
        try (TestServer server = server(false, ClientCertificates.NONE);
                TestClient client = TestClient.connect(server.endpoint())) {
            assertThat(reply(client, NbdOption.STRUCTURED_REPLY, NOTHING)).isEqualTo(NbdReply.ACK);
            client.startTls(engine(""));

            assertThat(reply(
                            client,
                            NbdOption.SET_META_CONTEXT,
                            TestClient.name("disk").putInt(0).flip()))
                    .isEqualTo(NbdReply.ERR_INVALID);
            assertThat(reply(client, NbdOption.STARTTLS, NOTHING)).isEqualTo(NbdReply.ERR_INVALID);
        }
    }

    @Test
    void whatIsSentInClearBehindTheRequestForTlsIsNotTakenForMore() throws Exception {
        try (TestServer server = server(true, ClientCertificates.NONE);
                TestClient client = TestClient.connect(server.endpoint())) {
            var both = ByteBuffer.allocate(2 * NbdOption.HEADER_BYTES);
            both.putLong(NbdMagic.OPTION).putInt(NbdOption.STARTTLS.number()).putInt(0);
            both.putLong(NbdMagic.OPTION).putInt(NbdOption.LIST.number()).putInt(0);
            client.send(both.flip());

            client.read(NbdReply.HEADER_BYTES);
            client.readToEnd();

            await().untilAsserted(() -> assertThat(server.refusals).containsExactly("tls"));
        }
    }

    @Test
    void clientsAreKnownByTheirCertificate() throws Exception {
        try (TestServer server = server(true, ClientCertificates.REQUIRED, "O=rawcow, CN=client");
                TestClient client = secure(server, engine("client"))) {
            client.go("disk", ReplyStyle.SIMPLE);

            assertThat(server.offered.clients().getFirst().tlsSubject()).isEqualTo("O=rawcow,CN=client");
        }
    }

    @Test
    void clientsWithoutTheRightCertificateStayOutside() throws Exception {
        try (TestServer server = server(true, ClientCertificates.REQUIRED, "O=rawcow, CN=another")) {
            for (String certificate : List.of("", "client")) {
                assertThatThrownBy(() -> {
                            try (TestClient client = secure(server, engine(certificate))) {
                                client.go("disk", ReplyStyle.SIMPLE);
                            }
                        })
                        .isInstanceOf(IOException.class);
            }
            await().untilAsserted(() -> assertThat(server.refusals).containsExactly("tls", "tls"));
            assertThat(server.offered.clients()).isEmpty();
        }
    }

    @Test
    void tlsOnePointTwoIsTheOldest() throws Exception {
        try (TestServer server = server(true, ClientCertificates.NONE);
                TestClient client = secure(server, engine("", "TLSv1.2"))) {
            client.go("disk", ReplyStyle.SIMPLE);
            SSLEngine old = engine("", "TLSv1.1");

            assertThatThrownBy(() -> secure(server, old).go("disk", ReplyStyle.SIMPLE))
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void withoutTlsItIsRefused() throws Exception {
        try (TestServer server = new TestServer();
                TestClient client = TestClient.connect(server.endpoint())) {
            assertThat(reply(client, NbdOption.STARTTLS, NOTHING)).isEqualTo(NbdReply.ERR_POLICY);
        }
    }

    @Test
    void changedFilesAreReadAgainAndBrokenOnesAreNot() throws Exception {
        PemTlsContexts contexts = pem();
        SSLContext before = contexts.current();
        assertThat(contexts.current()).isSameAs(before);

        Certificates.makeRsa(folder, "server", "/CN=successor");
        SSLContext after = contexts.current();
        assertThat(after).isNotSameAs(before);
        X509Certificate read = (X509Certificate) PemFiles.certificates(folder.resolve("server-cert.pem"))[0];
        assertThat(read.getSubjectX500Principal().getName()).isEqualTo("CN=successor");
        assertThat(contexts.expiry()).isEqualTo(read.getNotAfter().toInstant());

        Path key = folder.resolve("server-key.pem");
        Files.copy(folder.resolve("client-key.pem"), key, StandardCopyOption.REPLACE_EXISTING);
        assertThat(contexts.current()).isSameAs(after);
        assertThatThrownBy(TlsTest::pem).isInstanceOf(IOException.class);
        Files.writeString(key, "not a key");
        assertThat(contexts.current()).isSameAs(after);
        assertThatThrownBy(TlsTest::pem).hasMessageContaining("PKCS #8");
        Certificates.makeRsa(folder, "server", "/CN=server");
    }
}
