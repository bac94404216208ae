package io.rawcow.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.TestService;
import java.nio.file.Path;
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

    private static String exchange(String request) {
        return RawHttp.exchange(service.base(), request);
    }

    private static String get(String target) {
        return exchange("GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
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
    void pathIsNormalisedBeforeItIsLookedUp() {
        refused(get("/v1/images/../nothing"), 404, "not_found");
        refused(get("/v1/images/../../../etc/passwd"), 400, "malformed_request");
    }

    @Test
    void requestLineThatCannotBeReadIsMalformed() {
        refused(exchange("GET\r\n\r\n"), 400, "malformed_request");
        refused(exchange("GET /v1/images HTTP/9.9\r\nHost: a\r\nConnection: close\r\n\r\n"), 400, "malformed_request");
        refused(exchange("G@T /v1/images HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), 400, "malformed_request");
    }

    @Test
    void headersThatCannotBeReadAreMalformed() {
        refused(exchange("GET /v1/images HTTP/1.1\r\nConnection: close\r\n\r\n"), 400, "malformed_request");
        refused(
                exchange("GET /v1/images HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n"),
                400,
                "malformed_request");
        refused(
                exchange("GET /v1/images HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n"),
                400,
                "malformed_request");
        refused(
                exchange("PUT /v1/images/vm HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                        + "Content-Length: nonsense\r\nConnection: close\r\n\r\n{}"),
                400,
                "malformed_request");
    }

    @Test
    void oversizedHeadersAreMalformed() {
        refused(
                exchange("GET /v1/images HTTP/1.1\r\nHost: a\r\nX-Large: " + "a".repeat(20_000)
                        + "\r\nConnection: close\r\n\r\n"),
                400,
                "malformed_request");
        refused(get("/v1/images/" + "a".repeat(20_000)), 400, "malformed_request");
    }

    @Test
    void chunksThatCannotBeReadAreMalformed() {
        refused(
                exchange("PUT /v1/images/vm HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                        + "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\nnonsense\r\n{}\r\n"),
                400,
                "malformed_request");
    }

    @Test
    void transferEncodingThatIsUnknownIsMalformed() {
        refused(
                exchange("PUT /v1/images/vm HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                        + "Transfer-Encoding: smoke\r\nConnection: close\r\n\r\n{}"),
                400,
                "malformed_request");
    }

    @Test
    void traceIsNotAllowed() {
        refused(
                exchange("TRACE /v1/images HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
                405,
                "method_not_allowed");
    }
}
