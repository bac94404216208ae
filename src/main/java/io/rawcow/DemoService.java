package io.rawcow;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A service of the demo's own, in a process of its own, and a client for it. */
final class DemoService implements AutoCloseable {
    private static final String LISTENING = "rawcow: listening on ";

    private final Process process;
    private final String base;
    private final HttpClient client = HttpClient.newHttpClient();
    private final JsonMapper json = new JsonMapper();

    private DemoService(Process process, String base) {
        this.process = process;
        this.base = base;
    }

    /** Starts the service on a free port of the loopback and waits until it listens. */
    static DemoService start(Path data) throws IOException {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("--enable-native-access=ALL-UNNAMED");
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(RawCow.class.getName());
        command.addAll(List.of("serve", "--data", data.toString(), "--listen", "127.0.0.1:0", "--nbd", "127.0.0.1:0"));
        Process process = new ProcessBuilder(command)
                .redirectError(data.resolve("service.log").toFile())
                .start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroy));
        BufferedReader lines = process.inputReader(StandardCharsets.UTF_8);
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.startsWith(LISTENING)) {
                return new DemoService(
                        process, line.substring(LISTENING.length()).split(" ", 2)[0]);
            }
        }
        throw new IOException("the service did not start: see " + data.resolve("service.log"));
    }

    Process process() {
        return process;
    }

    String base() {
        return base;
    }

    HttpResponse<String> send(String method, String path, @Nullable String body)
            throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create(base + path))
                .header("Content-Type", "application/json")
                .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
                .build();
        return client.send(request, BodyHandlers.ofString());
    }

    /** The answer's body, if it is the answer that was hoped for. */
    JsonNode expect(HttpResponse<String> answer, int status) throws IOException {
        if (answer.statusCode() != status) {
            throw new IOException("the service answered %d: %s".formatted(answer.statusCode(), answer.body()));
        }
        return json.readTree(answer.body());
    }

    void join() throws InterruptedException {
        int _ = process.waitFor();
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (process.waitFor(30, TimeUnit.SECONDS)) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        process.destroyForcibly();
    }
}
