package io.rawcow.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** A listener of {@code /v1/events}. */
final class EventClient implements AutoCloseable {

    /** One event as it came over the wire; a comment has none of the three. */
    record Received(
            @Nullable String id,
            @Nullable String event,
            @Nullable JsonNode data,
            String text) {
        static final Received COMMENT = new Received(null, null, null, ":");
        static final Received END = new Received(null, null, null, "");

        String at(String field) {
            return data == null ? "" : data.path(field).asString("");
        }
    }

    private final HttpResponse<InputStream> response;
    private final BlockingQueue<Received> received = new LinkedBlockingQueue<>();

    private EventClient(HttpResponse<InputStream> response) {
        this.response = response;
        Thread.ofVirtual().start(this::read);
    }

    static EventClient connect(URI base, @Nullable String lastSeen) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(base + "/v1/events"));
        if (lastSeen != null) {
            request.header("Last-Event-ID", lastSeen);
        }
        return new EventClient(HttpClient.newHttpClient().send(request.build(), BodyHandlers.ofInputStream()));
    }

    /** From another address of the loopback. */
    static EventClient connectFrom(String address, URI base) throws IOException, InterruptedException {
        HttpClient client = HttpClient.newBuilder()
                .localAddress(InetAddress.getByName(address))
                .build();
        var request = HttpRequest.newBuilder(URI.create(base + "/v1/events")).build();
        return new EventClient(client.send(request, BodyHandlers.ofInputStream()));
    }

    HttpResponse<InputStream> response() {
        return response;
    }

    private void read() {
        try (var lines = new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
            String id = null;
            String event = null;
            String data = null;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith("id: ")) {
                    id = line.substring(4);
                } else if (line.startsWith("event: ")) {
                    event = line.substring(7);
                } else if (line.startsWith("data: ")) {
                    data = line.substring(6);
                } else if (line.isEmpty() && data != null) {
                    received.add(new Received(id, event, ApiJson.MAPPER.readTree(data), data));
                    data = null;
                } else if (line.startsWith(":")) {
                    received.add(Received.COMMENT);
                }
            }
        } catch (IOException e) {
            // The connection was cut: that too is an end.
        }
        received.add(Received.END);
    }

    /** What came next, comments too. */
    Received next() throws InterruptedException {
        Received next = received.poll(30, TimeUnit.SECONDS);
        if (next == null) {
            throw new AssertionError("nothing came");
        }
        return next;
    }

    /** The next event that is one. */
    Received nextEvent() throws InterruptedException {
        Received next = next();
        while (next.equals(Received.COMMENT)) {
            next = next();
        }
        if (next.event() != null) {
            assertThat(Contract.checkEvent(next.event(), next.text()))
                    .as(next.text())
                    .isEmpty();
        }
        return next;
    }

    /** The next event that is about this and says that. */
    Received await(String name, String change) throws InterruptedException {
        Received next = nextEvent();
        while (!next.at("name").equals(name) || !next.at("change").equals(change)) {
            if (next.equals(Received.END)) {
                throw new AssertionError("the stream ended");
            }
            next = nextEvent();
        }
        return next;
    }

    @Override
    public void close() throws IOException {
        response.body().close();
    }
}
