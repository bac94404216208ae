package io.rawcow.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code rawcow serve} in a process of its own, and a client of its REST interface. */
public final class LiveService implements AutoCloseable {
    private static final String LISTENING = "rawcow: listening on http";
    private static final int STOP_SECONDS = 25;
    private static final AtomicInteger LIVE_FOLDERS = new AtomicInteger();
    private static final JsonMapper JSON = new JsonMapper();
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private final Path data;
    private final List<String> command;
    private Running running;
    private boolean killed;

    private record Running(Process process, URI base) {}

    private LiveService(Path data, List<String> command) throws IOException, InterruptedException {
        this.data = data;
        this.command = command;
        running = launch();
    }

    /** Starts a service on free ports of the loopback and on a socket beside its data, and waits until it listens. */
    public static LiveService start(Path data) throws IOException, InterruptedException {
        return start(data, "127.0.0.1:0", List.of());
    }

    /**
     * @param nbd where NBD clients connect over TCP, {@code host:port}
     * @param flags for the Java virtual machine
     */
    public static LiveService start(Path data, String nbd, List<String> flags)
            throws IOException, InterruptedException {
        Path live = TestMemory.path().resolve("live" + LIVE_FOLDERS.incrementAndGet());
        var command = new ArrayList<>(QuickJvm.command());
        command.addAll(flags);
        command.addAll(List.of("io.rawcow.RawCow", "serve", "--data", data.toString(), "--live", live.toString()));
        command.addAll(List.of(
                "--listen",
                "127.0.0.1:0",
                "--nbd",
                nbd,
                "--nbd-socket",
                socket(data).toString()));
        return new LiveService(data, List.copyOf(command));
    }

    private Running launch() throws IOException, InterruptedException {
        Path log = data.resolve("service.log");
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        BufferedReader lines = process.inputReader(StandardCharsets.UTF_8);
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.startsWith(LISTENING)) {
                // The first address of those it names.
                String base = line.substring(LISTENING.length() - 4).split(" ", 2)[0];
                return new Running(process, URI.create(base));
            }
        }
        process.waitFor();
        throw new AssertionError("the service did not start: " + Files.readString(log));
    }

    private static Path socket(Path data) {
        return data.resolve("nbd.sock");
    }

    public long pid() {
        return running.process().pid();
    }

    /** Where REST and metrics are. */
    public URI base() {
        return running.base();
    }

    /** SIGKILL. */
    public void kill() {
        killed = true;
        running.process().destroyForcibly().onExit().join();
    }

    /** After it was killed. */
    public void startAgain() throws IOException, InterruptedException {
        running = launch();
        killed = false;
    }

    /** An exchange that has to end with a status; answers the body. */
    public JsonNode expect(int status, String method, String path, String body)
            throws IOException, InterruptedException {
        HttpResponse<String> answer = send(method, path, body);
        assertThat(answer.statusCode())
                .as("%s %s: %s", method, path, answer.body())
                .isEqualTo(status);
        return JSON.readTree(answer.body().isEmpty() ? "null" : answer.body());
    }

    public HttpResponse<String> send(String method, String path, String body) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(running.base().resolve(path))
                .timeout(Duration.ofMinutes(2))
                .header("Content-Type", "application/json")
                .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
        return HTTP.send(request.build(), BodyHandlers.ofString());
    }

    /**
     * Creates an image over {@code golden.img}; its raw file is {@code NAME.img}.
     *
     * @param size 0: that of the backing
     */
    public void create(String image, long sectorSize, long size) throws IOException, InterruptedException {
        String more = size == 0 ? "" : ", \"size\": " + size;
        String request = """
                {"sidecar": "%1$s.raw-cow", "rawFile": "%1$s.img", "backingFile": "golden.img",
                 "sectorSize": %2$d%3$s}
                """.formatted(image, sectorSize, more);
        expect(201, "PUT", "/v1/images/" + image, request);
    }

    /** Offers an image under its own name, and answers where: over TCP first, then on the socket. */
    public List<String> export(String image) throws IOException, InterruptedException {
        JsonNode export = expect(201, "PUT", "/v1/exports/" + image, "{\"image\": \"" + image + "\"}");
        List<String> uris = new ArrayList<>();
        export.get("uris").forEach(uri -> uris.add(uri.asString()));
        assertThat(uris).hasSize(2);
        assertThat(uris.getFirst()).startsWith("nbd://");
        assertThat(uris.getLast()).startsWith("nbd+unix://");
        return uris;
    }

    /** Starts a stream, its name that of its image. */
    public void stream(String image, long bytesPerSecond) throws IOException, InterruptedException {
        expect(202, "PUT", "/v1/jobs/" + image, """
                {"type": "stream", "image": "%s", "speed": %d}""".formatted(image, bytesPerSecond));
    }

    public JsonNode job(String image) throws IOException, InterruptedException {
        return expect(200, "GET", "/v1/jobs/" + image, "");
    }

    /** Sets a stream's speed so that what is left would take some seconds. */
    public void streamWithin(String image, int seconds) throws IOException, InterruptedException {
        JsonNode job = job(image);
        long left =
                job.get("totalProgress").asLong() - job.get("currentProgress").asLong();
        long speed = Math.max(1, left / seconds);
        expect(200, "PATCH", "/v1/jobs/" + image, "{\"speed\": " + speed + "}");
    }

    public void hurry(String image) throws IOException, InterruptedException {
        send("PATCH", "/v1/jobs/" + image, "{\"speed\": 0}"); // refused where it is done already
    }

    /** Lets a stream go as fast as it can, and waits until the image stands alone. */
    public void detach(String image) throws IOException, InterruptedException {
        hurry(image);
        JsonNode job = expect(200, "GET", "/v1/jobs/" + image + "?wait=60s", "");
        assertThat(job.get("status").asString()).as("%s", job).isEqualTo("concluded");
        assertThat(job.get("error").isNull()).as("%s", job).isTrue();
        assertThat(expect(200, "GET", "/v1/images/" + image, "")
                        .get("standalone")
                        .asBoolean())
                .isTrue();
        assertThat(data.resolve(image + ".raw-cow")).doesNotExist();
    }

    /** Gives the raw file back. */
    public void close(String image) throws IOException, InterruptedException {
        expect(204, "DELETE", "/v1/exports/" + image + "?mode=hard", "");
        expect(204, "DELETE", "/v1/images/" + image, "");
    }

    /** An orderly stop, whatever is going on, unless it was killed: in bounded time, and nothing is left to recover. */
    @Override
    public void close() {
        if (killed) {
            return;
        }
        Process process = running.process();
        process.toHandle().destroy(); // which, unlike the process's own, leaves the streams open
        try {
            assertThat(process.waitFor(STOP_SECONDS, TimeUnit.SECONDS))
                    .as("the service stops in time")
                    .isTrue();
            assertThat(process.exitValue()).as("the service's exit status").isZero();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            process.destroyForcibly();
        }
    }
}
