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
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import tools.jackson.databind.json.JsonMapper;

/** A service with a golden image, and the ways around the page to what it shows. */
final class PageService implements AutoCloseable {
    static final int MIB = 1 << 20;
    private static final String GOLDEN = "golden.img";
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final JsonMapper JSON = new JsonMapper();

    private final Path data;
    private TestService service;
    private String token = "";

    private PageService(Path data, TestService service) {
        this.data = data;
        this.service = service;
    }

    /** @param properties as {@link TestService} takes them */
    static PageService start(Path data, String... properties) throws IOException {
        byte[] bytes = new byte[24 * MIB];
        new SplittableRandom(7).nextBytes(bytes);
        Files.write(data.resolve(GOLDEN), bytes);
        // Images on their way count twice for a moment: the limit must not be what a test needs, to the last one.
        String[] all = Stream.concat(Stream.of(properties), Stream.of("rawcow.limits.images=1100"))
                .toArray(String[]::new);
        return new PageService(data, TestService.start(data, all));
    }

    /** Who asks, around the page. */
    PageService as(String token) {
        this.token = token;
        return this;
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

    HttpResponse<String> send(String method, String path, String body) {
        try {
            var request = HttpRequest.newBuilder(URI.create(origin() + path))
                    .header("Content-Type", "application/json")
                    .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
            if (!token.isEmpty()) {
                request.header("Authorization", "Bearer " + token);
            }
            return HTTP.send(request.build(), BodyHandlers.ofString());
        } catch (IOException e) {
            throw new AssertionError("no answer: " + path, e);
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted", e);
        }
    }

    String get(String path) {
        HttpResponse<String> answer = send("GET", path, "");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return answer.body();
    }

    void put(String path, String body) {
        HttpResponse<String> answer = send("PUT", path, body);
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

    void export(String image) {
        put("/v1/exports/" + image, "{\"image\": \"" + image + "\"}");
    }

    private String uriOf(String export) {
        return JSON.readTree(get("/v1/exports/" + export)).get("uris").get(0).asString();
    }

    /** Somebody who reads and writes 4 KiB at random, until it is destroyed. */
    Process guest(String export, String... options) throws IOException {
        var command = new ArrayList<>(List.of("fio", "--name=guest", "--ioengine=nbd", "--uri=" + uriOf(export)));
        command.addAll(List.of("--rw=randrw", "--bs=4k", "--iodepth=4", "--runtime=120", "--time_based"));
        command.addAll(List.of(options));
        return inBackground(command);
    }

    /** Has QEMU run one command, as {@code write -z 8M 4M}. */
    void qemuIo(String export, String command) throws IOException, InterruptedException {
        Process process = inBackground(List.of("qemu-io", "-f", "raw", "-c", command, uriOf(export)));
        assertThat(process.waitFor()).as(command).isZero();
    }

    private Process inBackground(List<String> command) throws IOException {
        return new ProcessBuilder(command)
                .directory(data.toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    /** Makes the service as it was at first: for the next test. */
    void clear() throws IOException {
        each("/v1/jobs", "id", job -> {
            send("POST", job + "/cancel", "");
            send("GET", job + "?wait=60s", "");
            assertThat(send("POST", job + "/dismiss", "").statusCode()).isIn(200, 204, 404);
        });
        each("/v1/exports", "name", export -> send("DELETE", export + "?mode=hard", ""));
        each(
                "/v1/images",
                "name",
                image -> assertThat(send("DELETE", image, "").statusCode()).isIn(204, 404));
        try (Stream<Path> files = Files.list(data)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                if (!file.endsWith(GOLDEN)) {
                    Files.delete(file);
                }
            }
        }
    }

    private void each(String list, String key, Consumer<String> work) {
        try (var workers = Executors.newFixedThreadPool(8)) {
            List<Future<?>> done = new ArrayList<>();
            JSON.readTree(get(list + "?limit=1000")).get("items").forEach(item -> {
                String path = list + "/" + item.get(key).asString();
                done.add(workers.submit(() -> work.accept(path)));
            });
            for (Future<?> each : done) {
                each.get();
            }
        } catch (ExecutionException | InterruptedException e) {
            throw new AssertionError("cannot clear " + list, e);
        }
    }

    /** Plain raw images {@code vm-0001} and on, small ones. */
    void createMany(int from, int to) {
        try (var workers = Executors.newFixedThreadPool(8)) {
            List<? extends Future<?>> done = IntStream.rangeClosed(from, to)
                    .mapToObj(i -> workers.submit(() -> createPlain("vm-%04d".formatted(i))))
                    .toList();
            for (Future<?> each : done) {
                each.get();
            }
        } catch (ExecutionException | InterruptedException e) {
            throw new AssertionError("cannot create all images", e);
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
