package io.rawcow.web;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.TestService;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The files of the page over HTTP. */
class PageFilesIT {
    private static final Path SOURCES = Path.of("src/main/resources/web");

    @TempDir
    static Path data;

    private static TestService service;

    @BeforeAll
    static void start() {
        service = TestService.start(data, "rawcow.management=127.0.0.1:0");
    }

    @AfterAll
    static void stop() {
        service.close();
    }

    private static HttpResponse<String> send(URI base, String method, String path, String... headers)
            throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create(base + path)).method(method, BodyPublishers.noBody());
        if (headers.length > 0) {
            request.headers(headers);
        }
        return HttpClient.newHttpClient().send(request.build(), BodyHandlers.ofString());
    }

    private static HttpResponse<String> get(String path, String... headers) throws IOException, InterruptedException {
        return send(service.base(), "GET", path, headers);
    }

    private static String header(HttpResponse<?> answer, String name) {
        return answer.headers().firstValue(name).orElse("");
    }

    private static List<String> filesOf(String page) {
        return Pattern.compile("(?:href|src)=\"(assets/[^\"]+)\"")
                .matcher(page)
                .results()
                .map(MatchResult::group)
                .map(link -> "/" + link.substring(link.indexOf('"') + 1, link.length() - 1))
                .toList();
    }

    @Test
    void pageIsAskedForAnewAndItsFilesAreKept() throws Exception {
        HttpResponse<String> page = get("/");
        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(header(page, "Content-Type")).isEqualTo("text/html;charset=UTF-8");
        assertThat(header(page, "Cache-Control")).isEqualTo("no-cache");
        assertThat(get("/", "If-None-Match", header(page, "ETag")).statusCode()).isEqualTo(304);

        assertThat(filesOf(page.body())).hasSizeGreaterThan(3);
        for (String file : filesOf(page.body())) {
            HttpResponse<String> answer = get(file);
            assertThat(answer.statusCode()).as(file).isEqualTo(200);
            assertThat(header(answer, "Cache-Control")).as(file).contains("immutable");
        }
    }

    @Test
    void everythingIsServedUnderAStrictPolicy() throws Exception {
        String script = filesOf(get("/").body()).stream()
                .filter(file -> file.endsWith(".js"))
                .findFirst()
                .orElseThrow();
        for (String path : List.of("/", script)) {
            HttpResponse<String> answer = get(path);
            assertThat(header(answer, "Content-Security-Policy"))
                    .startsWith("default-src 'none'; script-src 'self'; style-src 'self'")
                    .contains("frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'")
                    .doesNotContain("unsafe", "*", "http", "data:");
            assertThat(header(answer, "X-Content-Type-Options")).isEqualTo("nosniff");
            assertThat(header(answer, "Referrer-Policy")).isEqualTo("no-referrer");
        }
    }

    @Test
    void everyFileOfTheSourcesIsListedAndNoOther() throws IOException {
        try (Stream<Path> files = Files.walk(SOURCES)) {
            List<String> there = files.filter(Files::isRegularFile)
                    .map(file -> SOURCES.relativize(file).toString())
                    .filter(name -> !name.equals("index.html"))
                    .toList();
            assertThat(PageFiles.OWN).containsExactlyInAnyOrderElementsOf(there);
        }
    }

    @Test
    void nothingOfThePageComesFromElsewhere() throws IOException {
        try (Stream<Path> files = Files.walk(SOURCES)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String text = Files.readString(file).replace("http://www.w3.org/2000/svg", "");
                assertThat(text).as("%s", file).doesNotContain("http://", "https://", "innerHTML", "eval(");
            }
        }
    }

    @Test
    void pathThatLeavesItsFolderIsNoPath() throws Exception {
        HttpResponse<String> answer =
                get("/assets/%s/../../logback.xml".formatted(PageFiles.load().version()));

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("\"code\":\"malformed_request\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/index.html",
                "/favicon.ico",
                "/assets",
                "/assets/",
                "/assets/VERSION/",
                "/assets/VERSION/index.html",
                "/assets/VERSION/js",
                "/assets/VERSION/js/nothing.js",
                "/assets/VERSION/js/app.js;x",
                "/assets/0123456789abcdef/js/app.js"
            })
    void whatIsNotListedIsNotFound(String path) throws Exception {
        HttpResponse<String> answer =
                get(path.replace("VERSION", PageFiles.load().version()));

        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(header(answer, "Content-Type")).startsWith("application/problem+json");
        assertThat(answer.body()).contains("\"code\":\"not_found\"");
    }

    @Test
    void pathThatClimbsIsRefused() throws Exception {
        HttpResponse<String> answer = get("/assets/" + PageFiles.load().version() + "/../../logback.xml");

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("\"code\":\"malformed_request\"");
    }

    @Test
    void pageIsOnlyRead() throws Exception {
        assertThat(send(service.base(), "HEAD", "/").statusCode()).isEqualTo(200);
        for (String method : List.of("POST", "PUT", "DELETE", "PATCH")) {
            assertThat(send(service.base(), method, "/").statusCode()).isEqualTo(405);
        }
        assertThat(get("/?a=b").statusCode()).isEqualTo(400);
    }

    @Test
    void listenerOfTheManagementHasNoPage() throws Exception {
        assertThat(send(service.management(), "GET", "/").statusCode()).isEqualTo(404);
    }
}
