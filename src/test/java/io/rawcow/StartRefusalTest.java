package io.rawcow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.rawcow.security.TestTokens;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On which addresses the REST interface listens, and with which settings it does not start. */
class StartRefusalTest {
    @TempDir
    Path folder;

    private String[] token() {
        return TestTokens.caller(folder, "ci", "operator");
    }

    private String refused(String listen, String... properties) {
        List<String> all = new ArrayList<>(
                List.of("--rawcow.data=" + folder, "--rawcow.nbd.listen=none", "--rawcow.listen=" + listen));
        Stream.of(properties).map(each -> "--" + each).forEach(all::add);
        Throwable failure = catchThrowable(() -> Service.start(all).close());
        assertThat(failure).as("it starts").isNotNull();
        String explanation = StartFailure.explain(failure);
        assertThat(explanation).startsWith("cannot start: ").hasLineCount(1);
        return explanation;
    }

    private static String[] and(String[] properties, String... more) {
        return Stream.concat(Stream.of(properties), Stream.of(more)).toArray(String[]::new);
    }

    @Test
    void networkIsRefusedWithoutCallers() {
        for (String listen : List.of("0.0.0.0:0", "[::]:0", "192.0.2.1:8080")) {
            assertThat(refused(listen))
                    .contains("--listen " + listen + " is not a loopback address", "rawcow.access.tokens");
        }
    }

    @Test
    void networkIsRefusedWithoutTls() {
        assertThat(refused("0.0.0.0:0", token()))
                .contains("without TLS", "rawcow.tls", "rawcow.access.tls-terminated-in-front");
    }

    @Test
    void overrideHasToBeWrittenOut() {
        for (String value : List.of("true", "yes", "")) {
            assertThat(refused("0.0.0.0:0", "rawcow.access.allow-unauthenticated-network=" + value))
                    .contains("yes-anyone-on-the-network-may-read-and-write-every-disk");
        }
    }

    @Test
    void callersAndCertificatesAreStatedInFull() {
        assertThat(refused("127.0.0.1:0", "rawcow.access.tokens.ci.role=viewer"))
                .contains("needs file and role");
        assertThat(refused("127.0.0.1:0", "rawcow.access.tokens.ci.file=" + folder))
                .contains("needs file and role");
        assertThat(refused("127.0.0.1:0", "rawcow.access.tokens.ci.role=root"))
                .contains("rawcow.access.tokens.ci.role");
        assertThat(refused("127.0.0.1:0", "rawcow.access.tokens.local.role=viewer"))
                .contains("not 'local'");
        assertThat(refused("127.0.0.1:0", "rawcow.access.tokens[a b].role=viewer"))
                .contains("a caller's name");
        assertThat(refused("127.0.0.1:0", "rawcow.access.subjects.x.subject=CN=x"))
                .contains("rawcow.tls.client-ca");
        assertThat(refused("127.0.0.1:0", "rawcow.tls.certificate=c")).contains("certificate and key");
        assertThat(refused("127.0.0.1:0", "rawcow.tls.client-ca=c")).contains("certificate and key");
        assertThat(refused("127.0.0.1:0", "rawcow.access.rate=0")).contains("rawcow.access.rate is from 1");
        assertThat(refused("127.0.0.1:0", "rawcow.access.token=x")).contains("rawcow.access.token");
    }

    @Test
    void tokensThatOthersCanReadKeepItFromStarting() throws Exception {
        String[] caller = token();
        Files.setPosixFilePermissions(folder.resolve("ci.tokens"), PosixFilePermissions.fromString("rw-r--r--"));
        assertThat(refused("127.0.0.1:0", caller)).contains("rawcow.access.tokens", "chmod 600", "ci.tokens");
        Files.delete(folder.resolve("ci.tokens"));
        assertThat(refused("127.0.0.1:0", caller)).contains("there is no such file");
    }

    @Test
    void certificatesThatAreNoneKeepItFromStarting() throws Exception {
        Path pem = Files.writeString(folder.resolve("none.pem"), "nothing");
        assertThat(refused("127.0.0.1:0", "rawcow.tls.certificate=" + pem, "rawcow.tls.key=" + pem))
                .contains("rawcow.tls");
        assertThat(refused("127.0.0.1:0", "rawcow.tls.certificate=/missing.pem", "rawcow.tls.key=/missing.pem"))
                .contains("/missing.pem");
    }

    private static int status(URI base, String path, String... headers) throws Exception {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + base.getPort() + path));
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        return HttpClient.newHttpClient()
                .send(request.build(), BodyHandlers.discarding())
                .statusCode();
    }

    @Test
    void networkIsServedByTheUglyOverride() throws Exception {
        try (var service = TestService.start(
                folder,
                "rawcow.listen=0.0.0.0:0",
                "rawcow.access.allow-unauthenticated-network=" + AccessProperties.UNAUTHENTICATED)) {
            assertThat(status(service.base(), "/v1/images")).isEqualTo(200);
        }
    }

    @Test
    void networkIsServedBehindAProxyThatSpeaksTlsAndManagementAsksNobody() throws Exception {
        String[] properties = and(
                token(),
                "rawcow.listen=0.0.0.0:0",
                "rawcow.access.tls-terminated-in-front=true",
                "rawcow.management=0.0.0.0:0");
        try (var service = TestService.start(folder, properties)) {
            String token = "Bearer " + TestTokens.token("ci");

            assertThat(status(service.base(), "/v1/images")).isEqualTo(401);
            assertThat(status(service.base(), "/v1/images", "Authorization", token))
                    .isEqualTo(200);
            assertThat(status(service.base(), "/v1/images", "Authorization", token, "X-Forwarded-For", "192.0.2.1"))
                    .isEqualTo(200);
            URI management = service.management();
            assertThat(status(management, "/actuator/prometheus")).isEqualTo(200);
            assertThat(status(management, "/actuator/health/readiness")).isEqualTo(200);
            assertThat(status(management, "/v1/images", "Authorization", token)).isEqualTo(404);
        }
    }
}
