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
import java.util.SplittableRandom;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;

/** A service with a golden image, and the ways around the page to what it shows. */
final class PageService implements AutoCloseable {
    static final int MIB = 1 << 20;
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private final Path data;
    private TestService service;

    private PageService(Path data, TestService service) {
        this.data = data;
        this.service = service;
    }

    static PageService start(Path data) throws IOException {
        byte[] bytes = new byte[24 * MIB];
        new SplittableRandom(7).nextBytes(bytes);
        Files.write(data.resolve("golden.img"), bytes);
        return new PageService(data, TestService.start(data));
    }

    String origin() {
        return service.base().toString();
    }

    String page() {
        return origin() + "/";
    }

    String page(String route) {
        return page() + "#/" + route;
    }

    Path data() {
        return data;
    }

    /** Stops the service; its port is free then. */
    void stop() {
        service.close();
    }

    void startAgain(String origin) {
        service = TestService.start(data, "rawcow.listen=" + origin.substring("http://".length()));
    }

    static HttpResponse<String> send(String uri, String method, String body) {
        try {
            var request = HttpRequest.newBuilder(URI.create(uri))
                    .header("Content-Type", "application/json")
                    .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
            return HTTP.send(request.build(), BodyHandlers.ofString());
        } catch (IOException e) {
            throw new AssertionError("no answer: " + uri, e);
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted", e);
        }
    }

    String get(String path) {
        HttpResponse<String> answer = send(origin() + path, "GET", "");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return answer.body();
    }

    void put(String path, String body) {
        HttpResponse<String> answer = send(origin() + path, "PUT", body);
        assertThat(answer.statusCode()).as(answer.body()).isBetween(200, 202);
    }

    void create(String name) {
        put("/v1/images/" + name, """
                {"sidecar": "%1$s.raw-cow", "rawFile": "%1$s.img", "backingFile": "golden.img"}""".formatted(name));
    }

    /** A stream that goes on for as long as a test does. */
    void stream(String image) {
        put("/v1/jobs/" + image + "-stream", """
                {"type": "stream", "image": "%s", "speed": 65536}""".formatted(image));
    }

    /** Plain raw images {@code vm-0001} and on, small ones. */
    void createMany(int from, int to) {
        try (var workers = Executors.newFixedThreadPool(8)) {
            IntStream.rangeClosed(from, to).forEach(i -> {
                var _ = workers.submit(() -> createPlain("vm-%04d".formatted(i)));
            });
        }
    }

    private void createPlain(String name) {
        try {
            Files.write(data.resolve(name + ".img"), new byte[4096]);
        } catch (IOException e) {
            throw new AssertionError("no file for " + name, e);
        }
        put("/v1/images/" + name, "{\"rawFile\": \"" + name + ".img\"}");
    }

    @Override
    public void close() {
        service.close();
    }
}
