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

    void event(String data) {
        events.add("data: " + data + "\n\n");
    }

    /** The header of every request so far; empty if there was none. */
    List<String> authorizations() {
        return authorizations;
    }

    private void note(HttpExchange exchange) {
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
