package io.rawcow.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/** A service that answers what it is told to: for answers that the real one never gives. */
final class FakeService implements AutoCloseable {
    private static final String END = "";

    private record Answer(int status, String body) {}

    private final HttpServer server;
    private final boolean encrypted;
    private final Map<String, Answer> answers = new ConcurrentHashMap<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final List<String> authorizations = new CopyOnWriteArrayList<>();
    private final BlockingQueue<String> events = new LinkedBlockingQueue<>();

    /** @param port 0 for a free one */
    FakeService(int port, @Nullable SSLContext tls) throws IOException {
        var address = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port);
        encrypted = tls != null;
        if (tls == null) {
            server = HttpServer.create(address, 0);
        } else {
            var secure = HttpsServer.create(address, 0);
            secure.setHttpsConfigurator(new HttpsConfigurator(tls));
            server = secure;
        }
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", this::answer);
        server.createContext("/v1/events", this::follow);
        server.start();
    }

    static FakeService start() throws IOException {
        return new FakeService(0, null);
    }

    /** A job of the image vm. */
    static String job(String id, String status, String more) {
        String numbers = "\"progress\": 0.25, \"rate\": 1048576, \"etaSeconds\": 65, \"statusDetail\": null";
        return "{\"id\": \"%s\", \"image\": \"vm\", \"status\": \"%s\", %s, \"createdAt\": \"%s\", \"error\": null%s}"
                .formatted(id, status, numbers, "2020-01-01T00:00:00Z", more);
    }

    /** The image vm, older than its jobs. */
    static String image(String state, double progress) {
        String numbers = "\"progress\": %s, \"bytesAllocated\": 1, \"size\": 4".formatted(progress);
        return "{\"name\": \"vm\", \"state\": \"%s\", %s, \"createdAt\": \"%s\", \"error\": null}"
                .formatted(state, numbers, "2019-12-31T00:00:00Z");
    }

    int port() {
        return server.getAddress().getPort();
    }

    String url() {
        return (encrypted ? "https" : "http") + "://127.0.0.1:" + port();
    }

    /** @param path with its query */
    FakeService with(String path, int status, String body) {
        answers.put(path, new Answer(status, body));
        return this;
    }

    /** Lists of one image, and of jobs. */
    FakeService with(String image, String... jobs) {
        return with("/v1/images/vm", 200, image)
                .with("/v1/images?limit=1000", 200, "{\"items\": [" + image + "], \"next\": null}")
                .with("/v1/jobs?limit=1000", 200, "{\"items\": [" + String.join(",", jobs) + "], \"next\": null}");
    }

    /** Tells how something is now; the JSON null once it is gone. */
    void changed(String kind, String name, String resource) {
        event("{\"kind\": \"%1$s\", \"name\": \"%2$s\", \"change\": \"any\", \"%1$s\": %3$s}"
                .formatted(kind, name, resource));
    }

    void event(String data) {
        events.add("data: " + data + "\n\n");
    }

    /** The header of every request so far; empty if there was none. */
    List<String> authorizations() {
        return authorizations;
    }

    /** The paths of all requests so far, with their queries. */
    List<String> requests() {
        return List.copyOf(requests);
    }

    private void note(HttpExchange exchange) {
        requests.add(exchange.getRequestURI().toString());
        String header = exchange.getRequestHeaders().getFirst("Authorization");
        authorizations.add(header == null ? "" : header);
    }

    private void answer(HttpExchange exchange) throws IOException {
        note(exchange);
        Answer answer = answers.getOrDefault(
                exchange.getRequestURI().toString(),
                new Answer(404, "{\"detail\": \"not here\", \"action\": \"look elsewhere\"}"));
        byte[] body = answer.body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(answer.status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    private void follow(HttpExchange exchange) throws IOException {
        note(exchange);
        exchange.sendResponseHeaders(200, 0);
        try (var out = exchange.getResponseBody()) {
            for (String next = ":\n\n"; !next.equals(END); next = events.take()) {
                out.write(next.getBytes(StandardCharsets.UTF_8));
                out.flush();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        events.add(END);
        server.stop(0);
    }
}
