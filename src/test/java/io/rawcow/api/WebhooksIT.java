package io.rawcow.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.rawcow.TestService;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** How webhooks stand, as REST tells it; what they deliver is in {@code guest/WebhookIT}. */
class WebhooksIT {
    @TempDir
    Path data;

    private HttpServer receiver;
    private String secret;

    @BeforeEach
    void listen() throws Exception {
        TestFiles.random(data.resolve("golden.img"), 1 << 20);
        secret = Files.writeString(data.resolve("secret"), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
                .toString();
        receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        receiver.createContext("/", exchange -> {
            boolean good = exchange.getRequestURI().getPath().equals("/good");
            exchange.sendResponseHeaders(good ? 200 : 500, -1);
            exchange.close();
        });
        receiver.start();
    }

    @AfterEach
    void stop() {
        receiver.stop(0);
    }

    private String origin() {
        return "http://127.0.0.1:" + receiver.getAddress().getPort();
    }

    private String[] properties() {
        return new String[] {
            "rawcow.webhooks.good.url=" + origin() + "/good?token=geheim",
            "rawcow.webhooks.good.secret-file=" + secret,
            "rawcow.webhooks.bad.url=" + origin() + "/bad",
            "rawcow.webhooks.bad.secret-file=" + secret,
            "rawcow.webhooks.bad.queue=8",
            "rawcow.limits.images=3",
            "rawcow.limits.exports=1",
            "rawcow.webhooks.jobs.url=" + origin() + "/good",
            "rawcow.webhooks.jobs.secret-file=" + secret,
            "rawcow.webhooks.jobs.events=job"
        };
    }

    @Test
    void eachWebhookTellsHowItStands() {
        try (var service = TestService.start(data, properties())) {
            var api = new ApiClient(service.base());
            api.create("one");
            Eventually.check(
                    () -> assertThat(webhooks(api).get(0).get("failing").booleanValue())
                            .isTrue());
            for (int i = 0; i < 5; i++) {
                api.create("vm" + i);
                api.delete("/v1/images/vm" + i).expect(204);
            }
            Eventually.check(() ->
                    assertThat(webhooks(api).get(1).get("delivered").intValue()).isEqualTo(11));

            List<JsonNode> all = webhooks(api);
            assertThat(all).extracting(each -> each.get("name").stringValue()).containsExactly("bad", "good", "jobs");
            JsonNode bad = all.get(0);
            assertThat(bad.get("receiver").stringValue()).isEqualTo(origin());
            assertThat(bad.get("queued").intValue())
                    .as("the first, a notice, the last eight")
                    .isEqualTo(10);
            assertThat(bad.get("lost").intValue()).isEqualTo(2);
            assertThat(bad.get("failedAttempts").intValue()).isPositive();
            assertThat(bad.get("lastError").stringValue()).isEqualTo("the answer is 500");
            assertThat(bad.get("lastErrorAt").isString()).isTrue();
            assertThat(bad.get("lastDeliveredAt").isNull()).isTrue();
            JsonNode good = all.get(1);
            assertThat(good.get("queued").intValue()).isZero();
            assertThat(good.get("failing").booleanValue()).isFalse();
            assertThat(good.get("lastError").isNull()).isTrue();
            assertThat(all.get(2).get("delivered").intValue()).isZero();
            assertThat(api.get("/v1/webhooks").expect(200).body()).doesNotContain("geheim");
        }
    }

    private static List<JsonNode> webhooks(ApiClient api) {
        JsonNode first = api.get("/v1/webhooks?limit=2").expect(200).json();
        JsonNode rest = api.get("/v1/webhooks?cursor=" + first.get("next").stringValue())
                .expect(200)
                .json();
        assertThat(rest.get("next").isNull()).isTrue();
        return List.of(
                first.get("items").get(0),
                first.get("items").get(1),
                rest.get("items").get(0));
    }

    @Test
    void serviceWithoutASecretDoesNotStart() throws Exception {
        Files.delete(Path.of(secret));

        assertThatThrownBy(() -> TestService.start(data, properties()).close())
                .hasStackTraceContaining("rawcow.webhooks.bad: cannot read secret: there is no such file");
    }
}
