package io.rawcow.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.TestService;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the server refuses before any controller sees it is a problem too, never a page. */
class RawHttpIT {
    @TempDir
    static Path data;

    private static TestService service;

    @BeforeAll
    static void start() {
        service = TestService.start(data);
    }

    @AfterAll
    static void stop() {
        service.close();
    }

    private static String exchange(String requestLine, String... headers) {
        return exchange(requestLine, List.of(headers), "");
    }

    private static String exchange(String requestLine, List<String> headers, String body) {
        var lines = new ArrayList<String>();
        lines.add(requestLine);
        lines.addAll(headers);
        lines.add("Connection: close");
        return RawHttp.exchange(service.base(), String.join("\r\n", lines) + "\r\n\r\n" + body);
    }

    private static String get(String target) {
        return exchange("GET " + target + " HTTP/1.1", "Host: localhost");
    }

    private static String put(List<String> headers, String body) {
        var all = new ArrayList<>(List.of("Host: localhost", "Content-Type: application/json"));
        all.addAll(headers);
        return exchange("PUT /v1/images/vm HTTP/1.1", all, body);
    }

    private static void refused(String answer, int status, String code) {
        assertThat(answer)
                .startsWith("HTTP/1.1 " + status)
                .containsIgnoringCase("content-type: application/problem+json")
                .contains("\"code\":\"" + code + "\"")
                .doesNotContain("<html", "Tomcat", "Exception", "\"instance\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v1/images/a%2Fb",
                "/v1/images/%2e%2e%2fetc",
                "/v1/images/%zz",
                "/v1/images/%",
                "/v1/images/a|b",
                "/v1/images/a{b}",
                "/v1/images/a\\b",
                "/v1/images/a%5Cb",
                "/v1/images/\u00e4",
                "/v1/images/a%FFb",
                "/v1/images/a%00b",
                "/v1/images?limit=%zz",
                "/v1/images?limit=%",
                "/v1/images?%zz=1",
                "http://[::1/v1/images",
                "v1/images"
            })
    void targetThatCannotBeReadIsMalformed(String target) {
        refused(get(target), 400, "malformed_request");
    }

    @Test
    void pathParametersAreNoPartOfThisInterface() {
        refused(get("/v1/images/vm;x=1"), 404, "not_found");
        refused(get("/v1/images;x"), 404, "not_found");
    }

    @Test
    void pathThatGoesUpAndDownIsMalformed() {
        refused(get("/v1/images/../nothing"), 400, "malformed_request");
        refused(get("/v1//images"), 400, "malformed_request");
        refused(get("/actuator/health/../../v1/images"), 400, "malformed_request");
        refused(get("/assets/../v1/images"), 400, "malformed_request");
        refused(get("/assets/%2e%2e/v1/images"), 404, "not_found");
        refused(get("/v1/images/../../../etc/passwd"), 400, "malformed_request");
    }

    @Test
    void requestLineThatCannotBeReadIsMalformed() {
        refused(exchange("GET"), 400, "malformed_request");
        refused(exchange("GET /v1/images HTTP/9.9", "Host: localhost"), 400, "malformed_request");
        refused(exchange("G@T /v1/images HTTP/1.1", "Host: localhost"), 400, "malformed_request");
    }

    @Test
    void headersThatCannotBeReadAreMalformed() {
        refused(exchange("GET /v1/images HTTP/1.1"), 400, "malformed_request");
        refused(exchange("GET /v1/images HTTP/1.1", "Host: localhost", "Host: b"), 400, "malformed_request");
        refused(exchange("GET /v1/images HTTP/1.1", "Host: a b"), 400, "malformed_request");
        refused(put(List.of("Content-Length: nonsense"), "{}"), 400, "malformed_request");
    }

    @Test
    void oversizedHeadersAreMalformed() {
        String large = "a".repeat(20_000);
        refused(exchange("GET /v1/images HTTP/1.1", "Host: localhost", "X-Large: " + large), 400, "malformed_request");
        refused(get("/v1/images/" + large), 400, "malformed_request");
    }

    @Test
    void bodiesThatCannotBeReadAreMalformed() {
        refused(put(List.of("Transfer-Encoding: chunked"), "nonsense\r\n{}\r\n"), 400, "malformed_request");
        refused(put(List.of("Transfer-Encoding: smoke"), "{}"), 400, "malformed_request");
    }

    @Test
    void traceIsNotAllowed() {
        refused(exchange("TRACE /v1/images HTTP/1.1", "Host: localhost"), 405, "method_not_allowed");
    }
}
