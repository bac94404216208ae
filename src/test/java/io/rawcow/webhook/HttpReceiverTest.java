package io.rawcow.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.rawcow.catalog.Event;
import io.rawcow.nbd.server.Certificates;
import io.rawcow.webhook.Receiver.Attempt;
import io.rawcow.webhook.Receiver.Delivered;
import io.rawcow.webhook.Receiver.Failed;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.EnumSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpReceiverTest {
    private static final Instant NOW = Instant.parse("2026-03-09T10:00:00Z");
    private static final Message MESSAGE = new Message(1, "start-1", "{\"a\": \"ü\"}");

    @TempDir
    Path folder;

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private HttpServer server;
    private HttpReceiver receiver;

    @BeforeEach
    void makeASecret() throws Exception {
        Files.writeString(folder.resolve("secret"), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
    }

    @AfterEach
    void stop() {
        if (receiver != null) {
            receiver.close();
        }
        if (server != null) {
            server.stop(0);
        }
        threads.shutdownNow();
    }

    private static InetSocketAddress loopback() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    private void listen(HttpServer made, HttpHandler handler) {
        server = made;
        server.setExecutor(threads);
        server.createContext("/", handler);
        server.start();
    }

    private void answer(HttpHandler handler) throws IOException {
        listen(HttpServer.create(loopback(), 0), handler);
        connect("http://127.0.0.1:" + server.getAddress().getPort() + "/in?token=geheim", null, Duration.ofSeconds(20));
    }

    private void connect(String url, Path authority, Duration timeout) throws IOException {
        receiver = new HttpReceiver(
                new WebhookSettings(
                        "hook",
                        URI.create(url),
                        folder.resolve("secret"),
                        EnumSet.allOf(Event.Kind.class),
                        10,
                        timeout,
                        authority,
                        null),
                () -> NOW);
    }

    private static void status(HttpExchange exchange, int status) throws IOException {
        exchange.sendResponseHeaders(status, -1);
        exchange.close();
    }

    private static Failed failed(Attempt attempt) {
        assertThat(attempt).isInstanceOf(Failed.class);
        return (Failed) attempt;
    }

    @Test
    void requestIsASignedCloudEvent() throws Exception {
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        answer(exchange -> {
            var headers = exchange.getRequestHeaders();
            seen.add("%s %s".formatted(exchange.getRequestMethod(), exchange.getRequestURI()));
            seen.add(headers.getFirst("Content-Type"));
            seen.add(headers.getFirst("webhook-id"));
            seen.add(headers.getFirst("webhook-timestamp"));
            seen.add(headers.getFirst("webhook-signature"));
            seen.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
            status(exchange, 204);
        });

        assertThat(receiver.send(MESSAGE)).isInstanceOf(Delivered.class);

        String signature =
                new Secrets(folder.resolve("secret")).signature("start-1", NOW.getEpochSecond(), MESSAGE.body());
        assertThat(seen)
                .containsExactly(
                        "POST /in?token=geheim",
                        "application/cloudevents+json",
                        "start-1",
                        String.valueOf(NOW.getEpochSecond()),
                        signature,
                        MESSAGE.body());
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 201, 202, 204, 299})
    void anyStatusOfSuccessIsADelivery(int status) throws Exception {
        answer(exchange -> status(exchange, status));

        assertThat(receiver.send(MESSAGE)).isInstanceOf(Delivered.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {301, 307, 400, 401, 404, 500})
    void anyOtherIsNoneAndARedirectIsNotFollowed(int status) throws Exception {
        answer(exchange -> {
            exchange.getResponseHeaders().set("Location", "/elsewhere");
            status(exchange, exchange.getRequestURI().getPath().equals("/in") ? status : 200);
        });

        assertThat(failed(receiver.send(MESSAGE))).isEqualTo(new Failed("the answer is " + status, null));
    }

    @Test
    void receiverThatIsGoneIsAskedRarely() throws Exception {
        answer(exchange -> status(exchange, 410));

        assertThat(failed(receiver.send(MESSAGE)).retryAfter()).isEqualTo(Backoff.LONGEST);
    }

    @ParameterizedTest
    @CsvSource({
        "503,17,17",
        "429,'Mon, 9 Mar 2026 10:00:40 GMT',40",
        "429,soon,",
        "429,-3,",
        "503,99999999999999999999,",
        "500,17,"
    })
    void receiverMaySayWhenItWantsToBeAskedAgain(int status, String header, Integer seconds) throws Exception {
        answer(exchange -> {
            exchange.getResponseHeaders().set("Retry-After", header);
            status(exchange, status);
        });

        assertThat(failed(receiver.send(MESSAGE)).retryAfter())
                .isEqualTo(seconds == null ? null : Duration.ofSeconds(seconds));
    }

    @Test
    void longAnswerIsNotReadToItsEnd() throws Exception {
        var cutOff = new CountDownLatch(1);
        answer(exchange -> {
            exchange.sendResponseHeaders(200, 0);
            byte[] chunk = new byte[1 << 16];
            try (var body = exchange.getResponseBody()) {
                while (true) {
                    body.write(chunk);
                }
            } catch (IOException e) {
                cutOff.countDown();
            }
        });

        assertThat(receiver.send(MESSAGE)).isInstanceOf(Delivered.class);
        cutOff.await();
    }

    @Test
    void answerWithoutAnEndIsGivenUpInTime() throws Exception {
        listen(HttpServer.create(loopback(), 0), exchange -> {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write(1);
            exchange.getResponseBody().flush();
        });
        connect("http://127.0.0.1:" + server.getAddress().getPort(), null, Duration.ofMillis(300));

        assertThat(failed(receiver.send(MESSAGE)).reason()).startsWith("no answer in");
    }

    @Test
    void receiverThatIsNotThereIsNamedInPlainWords() throws Exception {
        answer(exchange -> status(exchange, 200));
        server.stop(0);

        assertThat(failed(receiver.send(MESSAGE)).reason()).isEqualTo("no connection");
    }

    @Test
    void endOfTheServiceLetsGoOfAnAttempt() throws Exception {
        var arrived = new CountDownLatch(1);
        answer(exchange -> arrived.countDown());
        var caught = new LinkedBlockingQueue<Throwable>();
        Thread sending = Thread.ofPlatform().start(() -> {
            try {
                receiver.send(MESSAGE);
            } catch (InterruptedException e) {
                caught.add(e);
            }
        });
        arrived.await();

        sending.interrupt();
        sending.join();

        assertThat(caught).hasSize(1);
    }

    private void listenWithTls() throws Exception {
        Certificates.makeAll(folder);
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        try (var pem = Files.newInputStream(folder.resolve("server-cert.pem"))) {
            var certificate = CertificateFactory.getInstance("X.509").generateCertificate(pem);
            store.setKeyEntry("server", key(), new char[0], new Certificate[] {certificate});
        }
        var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, new char[0]);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        HttpsServer https = HttpsServer.create(loopback(), 0);
        https.setHttpsConfigurator(new HttpsConfigurator(context));
        listen(https, exchange -> status(exchange, 200));
    }

    private PrivateKey key() throws Exception {
        String pem = Files.readString(folder.resolve("server-key.pem")).replaceAll("-----[A-Z ]+-----", "");
        return KeyFactory.getInstance("EC")
                .generatePrivate(new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(pem)));
    }

    private String https(String host) {
        return "https://%s:%d/in".formatted(host, server.getAddress().getPort());
    }

    @Test
    void authorityThatIsConfiguredIsTrustedAndTheHostHasToBeThatOfTheCertificate() throws Exception {
        listenWithTls();
        connect(https("localhost"), folder.resolve("ca-cert.pem"), Duration.ofSeconds(20));
        assertThat(receiver.send(MESSAGE)).isInstanceOf(Delivered.class);
        receiver.close();

        server.stop(0);
        HttpsServer other =
                HttpsServer.create(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 2}), 0), 0);
        other.setHttpsConfigurator(((HttpsServer) server).getHttpsConfigurator());
        listen(other, exchange -> status(exchange, 200));
        connect(https("127.0.0.2"), folder.resolve("ca-cert.pem"), Duration.ofSeconds(20));
        assertThat(failed(receiver.send(MESSAGE)).reason()).startsWith("TLS: ");
    }

    @Test
    void authorityThatNobodyKnowsIsNotTrusted() throws Exception {
        listenWithTls();
        connect(https("localhost"), null, Duration.ofSeconds(20));

        assertThat(failed(receiver.send(MESSAGE)).reason()).startsWith("TLS: ");
    }

    @Test
    void fileWithoutACertificateIsRefused() throws Exception {
        Path empty = Files.writeString(folder.resolve("empty.pem"), "");
        for (Path file : new Path[] {empty, folder.resolve("none.pem")}) {
            assertThatThrownBy(() -> connect("https://localhost", file, Duration.ofSeconds(1)))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("cannot read certificate")
                    .hasMessageContaining("path=" + file);
        }
    }
}
