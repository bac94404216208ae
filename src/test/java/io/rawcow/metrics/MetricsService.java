package io.rawcow.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.TestService;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A service that is scraped. */
final class MetricsService implements AutoCloseable {
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final JsonMapper JSON = JsonMapper.shared();

    private final TestService service;

    MetricsService(Path data, String... properties) {
        service = TestService.start(data, properties);
    }

    private HttpResponse<String> send(HttpRequest.Builder request) {
        try {
            return HTTP.send(request.build(), BodyHandlers.ofString());
        } catch (IOException e) {
            throw new AssertionError("no answer", e);
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted", e);
        }
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(service.base() + path));
    }

    JsonNode get(String path) {
        HttpResponse<String> answer = send(request(path));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return JSON.readTree(answer.body());
    }

    JsonNode put(String path, String json) {
        HttpResponse<String> answer =
                send(request(path).header("Content-Type", "application/json").PUT(BodyPublishers.ofString(json)));
        assertThat(answer.statusCode()).as(answer.body()).isBetween(200, 202);
        return JSON.readTree(answer.body());
    }

    void delete(String path) {
        HttpResponse<String> answer = send(request(path).DELETE());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(204);
    }

    void post(String path) {
        HttpResponse<String> answer = send(request(path).POST(BodyPublishers.noBody()));
        assertThat(answer.statusCode()).as(answer.body()).isBetween(200, 204);
    }

    /** An image over a file, and an export of it; answers where. */
    String export(String name, String backing) {
        put("/v1/images/" + name, """
                {"sidecar": "%1$s.raw-cow", "rawFile": "%1$s.img", "backingFile": "%2$s"}""".formatted(name, backing));
        return put("/v1/exports/" + name, "{\"image\": \"" + name + "\"}")
                .at("/uris/0")
                .asString();
    }

    /** @param speed bytes a second, 0 for no limit */
    void stream(String image, int speed) {
        put("/v1/jobs/%s-stream".formatted(image), """
                {"type": "stream", "image": "%s", "speed": %d}""".formatted(image, speed));
    }

    HttpResponse<String> prometheus(String query, String accept) {
        return send(request("/actuator/prometheus" + query).header("Accept", accept));
    }

    Scrape scrape() {
        HttpResponse<String> answer = prometheus("", "text/plain");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return Scrape.of(answer.body());
    }

    @Override
    public void close() {
        service.close();
    }
}
