package io.rawcow.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.rawcow.TestService;
import io.rawcow.nbd.server.Certificates;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.pem.PemSslStoreBundle;
import org.springframework.boot.ssl.pem.PemSslStoreDetails;

/**
 * Certificates in a volume as Kubernetes fills it: {@code server-cert.pem -> ..data/server-cert.pem}, {@code ..data ->
 * ..1}. A renewal is a folder {@code ..2} and another {@code ..data}; {@code ..1} is deleted.
 */
class LinkedCertificatesIT {
    private static final Duration SOON = Duration.ofMinutes(1);

    @TempDir
    Path folder;

    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
    private final Logger log = (Logger) LoggerFactory.getLogger("io.rawcow.RestCertificates");
    private Path volume;
    private TestService service;

    @BeforeEach
    void start() throws Exception {
        volume = Files.createDirectory(folder.resolve("volume"));
        for (String name : List.of("server-cert.pem", "server-key.pem", "ca-cert.pem")) {
            Files.createSymbolicLink(volume.resolve(name), Path.of("..data", name));
        }
        generation(1);
        mount(1);
        service = TestService.start(
                Files.createDirectory(folder.resolve("data")),
                "rawcow.tls.certificate=" + volume.resolve("server-cert.pem"),
                "rawcow.tls.key=" + volume.resolve("server-key.pem"),
                "rawcow.tls.client-ca=" + volume.resolve("ca-cert.pem"),
                "rawcow.access.subjects.admin.subject=O=rawcow,CN=client",
                "rawcow.access.subjects.admin.role=operator");
        log.setLevel(Level.INFO);
        lines.start();
        log.addAppender(lines);
    }

    @AfterEach
    void stop() {
        service.close();
        log.detachAppender(lines);
        log.setLevel(null);
    }

    /** An authority of its own, and what it has signed: kept elsewhere, so that clients have theirs afterwards. */
    private void generation(int number) throws Exception {
        Certificates.makeAll(Files.createDirectory(folder.resolve("made" + number)));
    }

    /** What the kubelet does. */
    private void mount(int number) throws IOException {
        Path fresh = Files.createDirectory(volume.resolve(".." + number));
        try (Stream<Path> files = Files.list(folder.resolve("made" + number))) {
            for (Path file : files.toList()) {
                Files.copy(file, fresh.resolve(file.getFileName()));
            }
        }
        Path link = Files.createSymbolicLink(volume.resolve("..data_tmp"), fresh.getFileName());
        Files.move(link, volume.resolve("..data"), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        Path old = volume.resolve(".." + (number - 1));
        if (Files.exists(old)) {
            try (Stream<Path> files = Files.list(old)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(old);
        }
    }

    /** Of a client that trusts, and shows, what was made then. */
    private int status(int number) throws Exception {
        String made = "file:" + folder.resolve("made" + number);
        var own = PemSslStoreDetails.forCertificate(made + "/client-cert.pem").withPrivateKey(made + "/client-key.pem");
        var trusted = PemSslStoreDetails.forCertificate(made + "/ca-cert.pem");
        var context = SslBundle.of(new PemSslStoreBundle(own, trusted)).createSslContext();
        try (var client = HttpClient.newBuilder().sslContext(context).build()) {
            var request = HttpRequest.newBuilder(URI.create(service.base() + "/v1/images"))
                    .build();
            return client.send(request, BodyHandlers.discarding()).statusCode();
        }
    }

    private List<String> warnings() {
        return lines.list.stream()
                .filter(line -> line.getLevel() == Level.WARN)
                .map(ILoggingEvent::getFormattedMessage)
                .toList();
    }

    @Test
    void everyRenewalComesIntoForceAndItsAuthorityToo() throws Exception {
        assertThat(status(1)).isEqualTo(200);
        for (int number = 2; number <= 3; number++) {
            int old = number - 1;
            int fresh = number;
            generation(fresh);
            assertThatThrownBy(() -> status(fresh)).isInstanceOf(IOException.class);

            mount(fresh);

            await().atMost(SOON).ignoreExceptions().until(() -> status(fresh) == 200);
            assertThatThrownBy(() -> status(old)).isInstanceOf(IOException.class);
        }
    }

    @Test
    void filesThatDoNotFitLeaveTheLastGoodOnesInForceAndOneLineInTheLog() throws Exception {
        generation(2);
        generation(3);
        Path key = folder.resolve("made2/server-key.pem");
        Files.copy(folder.resolve("made3/server-key.pem"), key, StandardCopyOption.REPLACE_EXISTING);
        mount(2);
        await().atMost(SOON).until(() -> !warnings().isEmpty());
        assertThat(status(1)).isEqualTo(200);

        Files.delete(volume.resolve("..data"));
        await().atMost(SOON).until(() -> warnings().size() > 1);
        assertThat(status(1)).isEqualTo(200);
        assertThat(warnings()).hasSize(2).allMatch(line -> line.contains("the last good ones stay in force: "));
        assertThat(warnings().getLast()).contains("there is no such file: path=", "server-cert.pem");
        assertThat(lines.list).allMatch(line -> line.getThrowableProxy() == null);

        mount(3);
        await().atMost(SOON).ignoreExceptions().until(() -> status(3) == 200);
    }
}
