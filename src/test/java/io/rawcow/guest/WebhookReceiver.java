package io.rawcow.guest;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A receiver of webhooks that can be in a bad mood. Checks signatures with code of its own. */
final class WebhookReceiver implements AutoCloseable {
    private static final JsonMapper JSON = new JsonMapper();

    /** How requests are answered. */
    enum Mood {
        WELL,
        ERROR,
        HANG
    }

    /**
     * A request that came.
     *
     * @param accepted whether it was answered with 204
     * @param genuine whether its signature is right
     */
    record Received(JsonNode event, boolean accepted, boolean genuine) {
        String id() {
            return event.get("id").asString();
        }

        /** As {@code image.created vm}. */
        String what() {
            return event.get("type").asString().replace("io.rawcow.", "") + " "
                    + event.path("subject").asString("");
        }

        long sequence() {
            return Long.parseLong(event.get("sequence").asString());
        }
    }

    private final List<Received> all = new CopyOnWriteArrayList<>();
    private final byte[] key = new byte[32];
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final int port;
    private HttpServer server;
    private volatile Mood mood;

    WebhookReceiver(Mood mood) throws IOException {
        new SecureRandom().nextBytes(key);
        this.mood = mood;
        listen(0);
        this.port = server.getAddress().getPort();
    }

    private void listen(int wanted) throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), wanted), 0);
        server.setExecutor(threads);
        server.createContext("/", this::receive);
        server.start();
    }

    private void receive(HttpExchange exchange) throws IOException {
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        Mood now = mood;
        var headers = exchange.getRequestHeaders();
        boolean genuine = ("v1,"
                        + mac(headers.getFirst("webhook-id") + "." + headers.getFirst("webhook-timestamp") + "."
                                + body))
                .equals(headers.getFirst("webhook-signature"));
        JsonNode event = JSON.readTree(body);
        boolean named = event.get("id").asString().equals(headers.getFirst("webhook-id"))
                && "application/cloudevents+json".equals(headers.getFirst("Content-Type"));
        all.add(new Received(event, now == Mood.WELL, genuine && named));
        if (now != Mood.HANG) {
            exchange.sendResponseHeaders(now == Mood.WELL ? 204 : 500, -1);
            exchange.close();
        }
    }

    private String mac(String content) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return Base64.getEncoder().encodeToString(mac.doFinal(content.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    String url() {
        return "http://127.0.0.1:" + port + "/in?token=geheim";
    }

    String secret() {
        return "whsec_" + Base64.getEncoder().encodeToString(key);
    }

    void mood(Mood next) {
        mood = next;
    }

    /** Connections are refused until it comes back. */
    void goAway() {
        server.stop(0);
    }

    void comeBack() throws IOException {
        listen(port);
    }

    /** Every request that came. */
    List<Received> all() {
        return all;
    }

    /** Every event that was accepted, the first time that it was. */
    List<Received> accepted() {
        var ids = new ArrayList<String>();
        var events = new ArrayList<Received>();
        for (Received each : all) {
            if (each.accepted() && !ids.contains(each.id())) {
                ids.add(each.id());
                events.add(each);
            }
        }
        return events;
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
