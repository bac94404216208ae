package io.rawcow.security;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.TestService;
import io.rawcow.api.RawHttp;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A service on the loopback that asks nobody: what keeps pages of other sites from using it. */
class HostAndOriginIT {
    private static final String JSON = "Content-Type: application/json";

    @TempDir
    static Path data;

    private static TestService service;

    @BeforeAll
    static void start() throws Exception {
        Files.write(data.resolve("vm.img"), new byte[4096]);
        service = TestService.start(data, "rawcow.access.hosts[0]=Rawcow.Example");
    }

    @AfterAll
    static void stop() {
        service.close();
    }

    private static String send(String requestLine, String body, String... headers) {
        return RawHttp.exchange(
                service.base(),
                "%s HTTP/1.1\r\n%s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
                        .formatted(requestLine, String.join("\r\n", headers), body.length(), body));
    }

    private static String host(String host) {
        return "Host: " + host.replace("PORT", Integer.toString(service.base().getPort()));
    }

    private static void allowed(String answer) {
        assertThat(answer).startsWith("HTTP/1.1 200").doesNotContainIgnoringCase("access-control-");
    }

    private static void refused(String answer, String header) {
        assertThat(answer)
                .startsWith("HTTP/1.1 403")
                .contains("\"code\":\"forbidden\"", "the " + header + " header")
                .doesNotContainIgnoringCase("access-control-");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "localhost",
                "localhost:PORT",
                "LOCALHOST:PORT",
                "127.0.0.1:PORT",
                "127.0.0.1",
                "127.8.9.10:1",
                "[::1]:PORT",
                "[::1]",
                "rawcow.example",
                "RAWCOW.example:443"
            })
    void hostThatNamesTheServiceIsServed(String host) {
        allowed(send("GET /v1/images", "", host(host)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "evil.example",
                "evil.example:PORT",
                "localhost.evil.example:PORT",
                "127.0.0.1.evil.example",
                "127.0.0.1x",
                "localhost.",
                "rawcow.example.evil.example",
                "x.rawcow.example",
                "192.0.2.1:PORT",
                "0.0.0.0:PORT",
                "[2001:db8::1]:PORT",
                "[::ffff:192.0.2.1]",
                "2130706433"
            })
    void reboundNameIsRefused(String host) {
        refused(send("GET /v1/images", "", host(host)), "Host");
        refused(send("PUT /v1/images/vm", "{\"rawFile\": \"vm.img\"}", host(host), JSON), "Host");
        refused(send("GET /actuator/prometheus", "", host(host)), "Host");
        refused(send("GET /", "", host(host)), "Host");
    }

    @Test
    void requestWithoutAHostIsRefused() {
        refused(RawHttp.exchange(service.base(), "GET /v1/images HTTP/1.0\r\n\r\n"), "Host");
        refused(
                RawHttp.exchange(service.base(), "GET /v1/images HTTP/1.0\r\nX-Forwarded-Host: localhost\r\n\r\n"),
                "Host");
    }

    @ParameterizedTest
    @CsvSource({
        "localhost:PORT,http://localhost:PORT",
        "127.0.0.1:PORT,http://127.0.0.1:PORT",
        "[::1]:PORT,http://[::1]:PORT",
        "rawcow.example,https://rawcow.example"
    })
    void ownPageIsServed(String host, String origin) {
        String own = "Origin: "
                + origin.replace("PORT", Integer.toString(service.base().getPort()));
        allowed(send("GET /v1/images", "", host(host), own, "Sec-Fetch-Site: same-origin"));
        assertThat(send("PUT /v1/images/own", "{\"rawFile\": \"vm.img\"}", host(host), own, JSON))
                .startsWith("HTTP/1.1 20");
        assertThat(send("DELETE /v1/images/own", "", host(host), own)).startsWith("HTTP/1.1 204");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://evil.example",
                "http://localhost",
                "http://localhost:1",
                "http://127.0.0.1:PORT",
                "http://localhost:PORT.evil.example",
                "null",
                "",
                "file://"
            })
    void pageOfAnotherOriginIsRefused(String origin) {
        String foreign = "Origin: "
                + origin.replace("PORT", Integer.toString(service.base().getPort()));
        for (String request : new String[] {
            "GET /v1/images",
            "GET /v1/events",
            "POST /v1/jobs/none/pause",
            "DELETE /v1/images/vm",
            "GET /actuator/health"
        }) {
            refused(send(request, "", host("localhost:PORT"), foreign), "Origin");
        }
        refused(
                send("PUT /v1/images/vm", "{\"rawFile\": \"vm.img\"}", host("localhost:PORT"), foreign, JSON),
                "Origin");
        assertThat(send("GET /v1/images", "", host("localhost"))).contains("\"items\":[]");
    }

    @Test
    void preflightIsRefused() {
        refused(
                send(
                        "OPTIONS /v1/images/vm",
                        "",
                        host("localhost"),
                        "Origin: https://evil.example",
                        "Access-Control-Request-Method: PUT"),
                "Origin");
    }

    @ParameterizedTest
    @ValueSource(strings = {"cross-site", "same-site", "nonsense"})
    void whatAnotherSiteMakesABrowserSendIsRefused(String site) {
        String mark = "Sec-Fetch-Site: " + site;
        refused(send("GET /v1/images", "", host("localhost"), mark), "Sec-Fetch-Site");
        refused(send("POST /v1/jobs/none/pause", "", host("localhost"), mark), "Sec-Fetch-Site");
        refused(
                send(
                        "POST /v1/jobs/none/pause",
                        "",
                        host("localhost"),
                        mark,
                        "Sec-Fetch-Mode: navigate",
                        "Sec-Fetch-Dest: document"),
                "Sec-Fetch-Site");
        refused(
                send(
                        "GET /v1/images",
                        "",
                        host("localhost"),
                        mark,
                        "Sec-Fetch-Mode: navigate",
                        "Sec-Fetch-Dest: iframe"),
                "Sec-Fetch-Site");
    }

    @Test
    void linkOnAnotherSiteCanBeFollowed() {
        String answer = send(
                "GET /v1/images",
                "",
                host("localhost"),
                "Sec-Fetch-Site: cross-site",
                "Sec-Fetch-Mode: navigate",
                "Sec-Fetch-Dest: document");

        allowed(answer);
        assertThat(answer).contains("X-Frame-Options: DENY", "X-Content-Type-Options: nosniff");
    }

    @Test
    void formOfAPageHasNoTypeThatIsRead() {
        for (String type : new String[] {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data"}) {
            assertThat(send(
                            "PUT /v1/images/vm",
                            "{\"rawFile\": \"vm.img\"}",
                            host("localhost"),
                            "Content-Type: " + type))
                    .startsWith("HTTP/1.1 415");
        }
    }
}
