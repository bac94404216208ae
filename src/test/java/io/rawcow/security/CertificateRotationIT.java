package io.rawcow.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.rawcow.TestService;
import io.rawcow.nbd.server.Certificates;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.pem.PemSslStoreBundle;
import org.springframework.boot.ssl.pem.PemSslStoreDetails;

/** TLS of the REST interface: who gets in by a certificate, and that the service's own is renewed under its clients. */
class CertificateRotationIT {
    @TempDir
    static Path folder;

    private static TestService service;

    private final ConcurrentLinkedQueue<String> troubles = new ConcurrentLinkedQueue<>();
    private final Set<BigInteger> serials = ConcurrentHashMap.newKeySet();
    private final AtomicInteger keptAlive = new AtomicInteger();
    private final AtomicInteger connected = new AtomicInteger();
    private volatile boolean stop;

    @BeforeAll
    static void start() throws Exception {
        Certificates.makeAll(folder);
        Certificates.makeRsa(folder, "guest", "/CN=guest/O=rawcow");
        Certificates.makeRsa(folder, "stranger", "/CN=stranger/O=rawcow");
        TestTokens.write(folder.resolve("tokens"), TestTokens.token("ci"));
        service = TestService.start(
                Files.createDirectory(folder.resolve("data")),
                "rawcow.listen=0.0.0.0:0",
                "rawcow.tls.certificate=" + folder.resolve("server-cert.pem"),
                "rawcow.tls.key=" + folder.resolve("server-key.pem"),
                "rawcow.tls.client-ca=" + folder.resolve("ca-cert.pem"),
                "rawcow.access.subjects.admin.subject=o=rawcow, cn=CLIENT",
                "rawcow.access.subjects.admin.role=operator",
                "rawcow.access.subjects.guest.subject=O=rawcow,CN=guest",
                "rawcow.access.subjects.guest.role=viewer",
                "rawcow.access.tokens.ci.file=" + folder.resolve("tokens"),
                "rawcow.access.tokens.ci.role=operator",
                "rawcow.access.hosts=disks.example",
                "rawcow.access.rate=100000");
    }

    @AfterAll
    static void stop() {
        service.close();
    }

    /** A context that trusts the authority, and shows a certificate if one is named. */
    private static SSLContext context(String shown) {
        PemSslStoreDetails own = shown.isEmpty()
                ? null
                : PemSslStoreDetails.forCertificate(pem(shown + "-cert")).withPrivateKey(pem(shown + "-key"));
        return SslBundle.of(new PemSslStoreBundle(own, PemSslStoreDetails.forCertificate(pem("ca-cert"))))
                .createSslContext();
    }

    private static String pem(String name) {
        return "file:" + folder.resolve(name + ".pem");
    }

    private static HttpClient client(String shown) {
        return HttpClient.newBuilder().sslContext(context(shown)).build();
    }

    private static URI uri(String path) {
        return URI.create("https://127.0.0.1:" + service.base().getPort() + path);
    }

    private static int status(HttpClient client, String method, String path, String... headers) throws Exception {
        var request = HttpRequest.newBuilder(uri(path)).method(method, BodyPublishers.noBody());
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        HttpResponse<Void> answer = client.send(request.build(), BodyHandlers.discarding());
        return answer.statusCode();
    }

    @Test
    void subjectOfACertificateHasItsRole() throws Exception {
        assertThat(service.base().getScheme()).isEqualTo("https");
        assertThat(status(client("client"), "GET", "/v1/images")).isEqualTo(200);
        assertThat(status(client("client"), "POST", "/v1/jobs/none/pause")).isEqualTo(404);
        assertThat(status(client("guest"), "GET", "/v1/images")).isEqualTo(200);
        assertThat(status(client("guest"), "POST", "/v1/jobs/none/pause")).isEqualTo(403);
        assertThat(status(client("stranger"), "GET", "/v1/images")).isEqualTo(401);
        assertThat(status(client(""), "GET", "/v1/images")).isEqualTo(401);
        assertThat(status(client(""), "GET", "/actuator/health")).isEqualTo(200);
    }

    @Test
    void tokenGoesBeforeACertificate() throws Exception {
        String right = "Bearer " + TestTokens.token("ci");
        String wrong = "Bearer " + TestTokens.token("wrong");

        assertThat(status(client(""), "POST", "/v1/jobs/none/pause", "Authorization", right))
                .isEqualTo(404);
        assertThat(status(client("guest"), "POST", "/v1/jobs/none/pause", "Authorization", right))
                .isEqualTo(404);
        assertThat(status(client("client"), "GET", "/v1/images", "Authorization", wrong))
                .isEqualTo(401);
    }

    @Test
    void pageOfAnotherSiteGetsNothingWithTheBrowsersCertificate() throws Exception {
        String port = ":" + service.base().getPort();

        assertThat(status(client("client"), "POST", "/v1/jobs/none/pause", "Origin", "https://evil.example"))
                .isEqualTo(403);
        assertThat(status(client("client"), "POST", "/v1/jobs/none/pause", "Origin", "http://127.0.0.1" + port))
                .isEqualTo(403);
        assertThat(status(client("client"), "POST", "/v1/jobs/none/pause", "Origin", "https://127.0.0.1" + port))
                .isEqualTo(404);
    }

    /** What a browser sends that holds a certificate, and was led to this address under a name of somebody else. */
    private static String underTheName(String host) throws IOException {
        try (var socket = (SSLSocket) context("client")
                .getSocketFactory()
                .createSocket("127.0.0.1", service.base().getPort())) {
            socket.getOutputStream()
                    .write("GET /v1/images HTTP/1.1\r\nHost: %1$s\r\nOrigin: https://%1$s\r\nConnection: close\r\n\r\n"
                            .formatted(host)
                            .getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        }
    }

    @Test
    void reboundNameGetsNothingWithTheBrowsersCertificate() throws Exception {
        assertThat(underTheName("evil.example")).startsWith("HTTP/1.1 403").contains("rawcow.access.hosts");
        assertThat(underTheName("x")).startsWith("HTTP/1.1 403");
        for (String own :
                new String[] {"localhost", "127.0.0.1", "192.0.2.1", "disks.example", "of.certificate.example"}) {
            assertThat(underTheName(own)).as(own).startsWith("HTTP/1.1 200");
        }
    }

    @Test
    void certificateOfAnotherAuthorityIsRefused() throws Exception {
        Path other = Files.createDirectory(folder.resolve("other"));
        Certificates.makeAll(other);
        var impostor = SslBundle.of(new PemSslStoreBundle(
                PemSslStoreDetails.forCertificate("file:" + other.resolve("client-cert.pem"))
                        .withPrivateKey("file:" + other.resolve("client-key.pem")),
                PemSslStoreDetails.forCertificate(pem("ca-cert"))));
        var client =
                HttpClient.newBuilder().sslContext(impostor.createSslContext()).build();

        assertThatThrownBy(() -> status(client, "GET", "/v1/images")).isInstanceOf(IOException.class);
    }

    @Test
    void plainTextAndOldVersionsAreRefused() throws Exception {
        var request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + service.base().getPort() + "/v1/images"))
                .build();
        HttpResponse<String> answer = HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).doesNotContain("items");
        try (var socket = (SSLSocket) context("client")
                .getSocketFactory()
                .createSocket("127.0.0.1", service.base().getPort())) {
            socket.setEnabledProtocols(new String[] {"TLSv1.1"});
            assertThatThrownBy(socket::startHandshake).isInstanceOf(SSLException.class);
        }
    }

    /** One connection, as long as it lasts. */
    private void callOnOneConnection() {
        HttpClient client = client("client");
        while (!stop) {
            try {
                if (status(client, "GET", "/v1/images") != 200) {
                    troubles.add("kept alive: refused");
                }
                keptAlive.incrementAndGet();
            } catch (Exception e) {
                troubles.add("kept alive: " + e);
            }
        }
    }

    /** A connection each time. */
    private void callOnNewConnections() {
        while (!stop) {
            try (var socket = (SSLSocket) context("client")
                    .getSocketFactory()
                    .createSocket("127.0.0.1", service.base().getPort())) {
                socket.startHandshake();
                serials.add(((X509Certificate) socket.getSession().getPeerCertificates()[0]).getSerialNumber());
                socket.getOutputStream()
                        .write("GET /v1/images HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                                .getBytes(StandardCharsets.US_ASCII));
                InputStream in = socket.getInputStream();
                String answer = new String(in.readAllBytes(), StandardCharsets.US_ASCII);
                if (!answer.startsWith("HTTP/1.1 200")) {
                    troubles.add("connected: " + answer);
                }
                connected.incrementAndGet();
            } catch (IOException e) {
                troubles.add("connected: " + e);
            }
        }
    }

    @Test
    void certificateIsRenewedUnderClientsWithoutAFailedRequest() throws Exception {
        Thread one = Thread.ofPlatform().start(this::callOnOneConnection);
        Thread many = Thread.ofPlatform().start(this::callOnNewConnections);
        try {
            await().until(() -> connected.get() > 3 && keptAlive.get() > 10);
            assertThat(serials).hasSize(1);

            Certificates.makeRsa(folder, "server", "/CN=server");
            await().atMost(Duration.ofMinutes(1)).until(() -> serials.size() == 2);
            int before = connected.get();
            await().until(() -> connected.get() > before + 3);
        } finally {
            stop = true;
            one.join();
            many.join();
        }

        assertThat(troubles).isEmpty();
        assertThat(serials).hasSize(2);
    }
}
