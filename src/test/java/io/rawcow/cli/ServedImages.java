package io.rawcow.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.TestService;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;

/** The real service in this process, with images of random bytes. */
final class ServedImages implements AutoCloseable {
    static final int BYTES = 4 << 20;

    private final Path data;
    private final TestService service;
    private final HttpClient http = HttpClient.newHttpClient();

    ServedImages(Path data) {
        this.data = data;
        this.service = TestService.start(data);
    }

    String url() {
        return service.base().toString();
    }

    /** An image over a backing of its own. */
    void create(String name) throws Exception {
        byte[] bytes = new byte[BYTES];
        new SplittableRandom(1).nextBytes(bytes);
        Files.write(backing(name), bytes);
        put(
                "/v1/images/" + name,
                "{\"sidecar\": \"%1$s.raw-cow\", \"rawFile\": \"%1$s.img\", \"backingFile\": \"%1$s.golden\"}"
                        .formatted(name));
    }

    Path backing(String name) {
        return data.resolve(name + ".golden");
    }

    /** @param speed bytes a second */
    void stream(String image, String job, long speed) throws Exception {
        put(
                "/v1/jobs/" + job,
                "{\"type\": \"stream\", \"image\": \"%s\", \"speed\": %d, \"onError\": \"report\"}"
                        .formatted(image, speed));
    }

    /** @param speed bytes a second; 0 for no limit */
    void changeSpeed(String job, long speed) throws Exception {
        send("PATCH", "/v1/jobs/" + job, "{\"speed\": " + speed + "}");
    }

    void put(String path, String body) throws Exception {
        send("PUT", path, body);
    }

    String get(String path) throws Exception {
        return send("GET", path, "");
    }

    String send(String method, String path, String body) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(service.base() + path))
                .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
        if (!body.isEmpty()) {
            request.header("Content-Type", "application/json");
        }
        HttpResponse<String> response = http.send(request.build(), BodyHandlers.ofString());
        assertThat(response.statusCode())
                .as("%s %s: %s", method, path, response.body())
                .isBetween(200, 299);
        return response.body();
    }

    @Override
    public void close() {
        http.close();
        service.close();
    }
}
