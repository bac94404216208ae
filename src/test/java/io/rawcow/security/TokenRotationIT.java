package io.rawcow.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.rawcow.TestService;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tokens are replaced while a client calls without a pause. */
class TokenRotationIT {
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    @TempDir
    Path folder;

    private TestService service;
    private Path file;

    private final AtomicInteger calls = new AtomicInteger();
    private final ConcurrentLinkedQueue<Integer> refused = new ConcurrentLinkedQueue<>();
    private volatile String token = TestTokens.token("first");
    private volatile boolean stop;

    @BeforeEach
    void start() throws Exception {
        file = TestTokens.write(folder.resolve("tokens"), token);
        service = TestService.start(
                Files.createDirectory(folder.resolve("data")),
                "rawcow.access.tokens.ci.file=" + file,
                "rawcow.access.tokens.ci.role=operator",
                "rawcow.access.stream-life=1s",
                "rawcow.access.rate=100000");
    }

    @AfterEach
    void end() {
        service.close();
    }

    private int status(String with) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(service.base() + "/v1/images"))
                .header("Authorization", "Bearer " + with)
                .build();
        return HTTP.send(request, BodyHandlers.discarding()).statusCode();
    }

    private void call() {
        try {
            while (!stop) {
                int status = status(token);
                calls.incrementAndGet();
                if (status != 200) {
                    refused.add(status);
                }
            }
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private void moreCalls() {
        int before = calls.get();
        await().until(() -> calls.get() >= before + 20);
    }

    @Test
    void noRequestFailsWhileTokensAreRotated() throws Exception {
        Thread client = Thread.ofPlatform().start(this::call);
        for (int i = 0; i < 5; i++) {
            String old = token;
            String fresh = TestTokens.token("round" + i);
            moreCalls();
            TestTokens.write(file, old, fresh);
            assertThat(status(fresh)).isEqualTo(200);
            moreCalls();
            token = fresh;
            moreCalls();
            TestTokens.write(file, fresh);
            assertThat(status(old)).isEqualTo(401);
        }
        moreCalls();
        stop = true;
        client.join();

        assertThat(refused).isEmpty();
        assertThat(calls.get()).isGreaterThan(300);
    }

    @Test
    void noRequestFailsWhileTheFileIsWrittenInPlace() throws Exception {
        Thread client = Thread.ofPlatform().start(this::call);
        for (int i = 0; i < 200; i++) {
            Files.writeString(file, token + "\n" + TestTokens.token("round" + i) + "\n");
        }
        moreCalls();
        stop = true;
        client.join();

        assertThat(refused).isEmpty();
    }

    private HttpResponse<InputStream> follow(String with) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(service.base() + "/v1/events"))
                .header("Authorization", "Bearer " + with)
                .build();
        return HTTP.send(request, BodyHandlers.ofInputStream());
    }

    @Test
    void tokenThatWasTakenOutFollowsNoEventsAnyMore() throws Exception {
        String old = token;
        HttpResponse<InputStream> open = follow(old);
        assertThat(open.statusCode()).isEqualTo(200);

        TestTokens.write(file, TestTokens.token("fresh"));

        try (InputStream body = open.body()) {
            // It ends, in order.
            assertThat(new String(body.readAllBytes(), StandardCharsets.UTF_8)).startsWith(":");
        }
        try (InputStream body = follow(old).body()) {
            assertThat(new String(body.readAllBytes(), StandardCharsets.UTF_8)).contains("\"unauthenticated\"");
        }
    }

    @Test
    void oneWhoIsGuessingIsSlowedAndNobodyElse() throws Exception {
        int wrong = 0;
        int slowed = 0;
        for (int i = 0; i < 200; i++) {
            int status = status(TestTokens.token("guess" + i));
            assertThat(status).isIn(401, 429);
            wrong += status == 401 ? 1 : 0;
            slowed += status == 429 ? 1 : 0;
            assertThat(status(token)).isEqualTo(200);
        }

        assertThat(wrong).isGreaterThanOrEqualTo(100);
        assertThat(slowed).as("of 200").isPositive();
    }
}
