package io.rawcow.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.atlassian.oai.validator.model.SimpleRequest;
import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** Speaks to a service and holds every exchange to {@code openapi.yaml}. */
final class ApiClient {
    private static final String JSON = "application/json";
    private static final HttpClient HTTP = HttpClient.newBuilder().build();

    private final URI base;

    ApiClient(URI base) {
        this.base = base;
    }

    /** A request in the making. */
    final class Call {
        private final HttpRequest.Builder request;
        private final SimpleRequest.Builder model;
        private boolean correct = true;

        private Call(String method, String path) {
            URI uri = URI.create(base + path);
            request =
                    HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(70)).method(method, BodyPublishers.noBody());
            model = new SimpleRequest.Builder(method, uri.getPath());
            if (uri.getRawQuery() != null) {
                for (String pair : uri.getRawQuery().split("&", -1)) {
                    int equals = pair.indexOf('=');
                    model.withQueryParam(
                            pair.substring(0, equals),
                            URLDecoder.decode(pair.substring(equals + 1), StandardCharsets.UTF_8));
                }
            }
            this.method = method;
        }

        private final String method;

        Call body(String json) {
            return body(JSON, json.getBytes(StandardCharsets.UTF_8));
        }

        Call body(String type, byte[] bytes) {
            if (!type.isEmpty()) {
                header("Content-Type", type);
            }
            request.method(method, BodyPublishers.ofByteArray(bytes));
            model.withBody(bytes);
            return this;
        }

        Call header(String name, String value) {
            request.header(name, value);
            model.withHeader(name, value);
            return this;
        }

        /** The request breaks the contract on purpose: only the answer is held to it. */
        Call wrong() {
            correct = false;
            return this;
        }

        Answer send() {
            try {
                HttpResponse<String> response = HTTP.send(request.build(), BodyHandlers.ofString());
                var answer = new Answer(response.statusCode(), response.headers(), response.body());
                assertThat(Contract.check(model.build(), correct, answer))
                        .as("%s %s -> %d %s", method, response.uri(), answer.status(), answer.body())
                        .isEmpty();
                return answer;
            } catch (IOException e) {
                throw new AssertionError("no answer", e);
            } catch (InterruptedException e) {
                throw new AssertionError("interrupted", e);
            }
        }
    }

    Call call(String method, String path) {
        return new Call(method, path);
    }

    Answer get(String path) {
        return call("GET", path).send();
    }

    Answer put(String path, String json) {
        return call("PUT", path).body(json).send();
    }

    Answer post(String path) {
        return call("POST", path).send();
    }

    Answer post(String path, String json) {
        return call("POST", path).body(json).send();
    }

    Answer patch(String path, String json) {
        return call("PATCH", path).body(json).send();
    }

    Answer delete(String path) {
        return call("DELETE", path).send();
    }

    /** Waits until a job rests, and says how. */
    Answer rested(String job) {
        return get("/v1/jobs/" + job + "?wait=30s").expect(200);
    }

    /** Creates an image over {@code golden.img}, its files named as the image. */
    Answer create(String name) {
        return put("/v1/images/" + name, request(name)).expect(201);
    }

    static String request(String name) {
        return """
                {"sidecar": "%1$s.raw-cow", "backingFile": "golden.img", "rawFile": "%1$s.img"}""".formatted(name);
    }

    static String stream(String image) {
        return "{\"type\": \"stream\", \"image\": \"" + image + "\"}";
    }

    /** The body of a job that does not end by itself as long as a test runs. */
    static String slowStream(String image) {
        return "{\"type\": \"stream\", \"image\": \"" + image + "\", \"speed\": 4096}";
    }

    URI base() {
        return base;
    }
}
