package io.rawcow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rawcow.catalog.Event.Kind;
import io.rawcow.webhook.WebhookSettings;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class WebhookPropertiesTest {
    private static final String HOOK = "rawcow.webhooks.ops.";

    private static List<WebhookSettings> bind(Map<String, String> properties) {
        return new Binder(new MapConfigurationPropertySource(properties))
                .bindOrCreate("rawcow", RawCowProperties.class)
                .webhookSettings();
    }

    private static Map<String, String> usual() {
        return new HashMap<>(Map.of(HOOK + "url", "https://ops.example/in", HOOK + "secret-file", "/s"));
    }

    @Test
    void defaultsAreThoseOfTheDocs() {
        assertThat(bind(usual()))
                .containsExactly(new WebhookSettings(
                        "ops",
                        URI.create("https://ops.example/in"),
                        Path.of("/s"),
                        Set.of(Kind.IMAGE, Kind.JOB, Kind.EXPORT),
                        10_000,
                        Duration.ofSeconds(10),
                        null,
                        null));
    }

    @Test
    void everyPropertyIsRead() {
        assertThat(bind(Map.of(
                        "rawcow.limits.images", "2",
                        "rawcow.limits.exports", "1",
                        "rawcow.webhooks[my.hook].url", "HTTP://[::1]:81/?a=b",
                        "rawcow.webhooks[my.hook].secret-file", "s",
                        "rawcow.webhooks[my.hook].events", "job,image",
                        "rawcow.webhooks[my.hook].queue", "7",
                        "rawcow.webhooks[my.hook].timeout", "300ms",
                        "rawcow.webhooks[my.hook].ca", "c",
                        "rawcow.webhooks[my.hook].source", "/rack/7")))
                .containsExactly(new WebhookSettings(
                        "my.hook",
                        URI.create("HTTP://[::1]:81/?a=b"),
                        Path.of("s"),
                        Set.of(Kind.IMAGE, Kind.JOB),
                        7,
                        Duration.ofMillis(300),
                        Path.of("c"),
                        "/rack/7"));
    }

    @ParameterizedTest
    @CsvSource({
        "queue,0",
        "queue,400001",
        "timeout,50ms",
        "timeout,6m",
        "events,reset",
        "events,''",
        "source,''",
        "source,a b",
        "url,''",
        "url,ops.example",
        "url,ftp://ops.example",
        "url,https:///path",
        "url,https://a/#part"
    })
    void valueOutOfItsRangeIsRefused(String name, String value) {
        Map<String, String> properties = usual();
        properties.put(HOOK + name, value);

        assertThatThrownBy(() -> bind(properties)).hasStackTraceContaining("rawcow.webhooks.");
    }

    @Test
    void queueHasRoomForWhatAStartTellsAndAsMuchAgain() {
        Map<String, String> properties = usual();
        properties.put("rawcow.limits.images", "300");
        properties.put("rawcow.limits.exports", "50");
        properties.put(HOOK + "queue", "699");

        assertThatThrownBy(() -> bind(properties))
                .isInstanceOf(StartException.class)
                .hasMessageContaining("rawcow.webhooks.ops.queue is 699 and has to be 700 or more")
                .hasMessageNotContaining("\n");

        properties.put(HOOK + "queue", "700");
        assertThat(bind(properties)).extracting(WebhookSettings::queue).containsExactly(700);
    }

    @Test
    void passwordInAUrlIsRefusedAndNotRepeated() {
        Map<String, String> properties = usual();
        properties.put(HOOK + "url", "https://me:geheim@ops.example/");

        assertThatThrownBy(() -> bind(properties))
                .isInstanceOf(StartException.class)
                .hasMessageContaining("rawcow.webhooks.ops.url")
                .hasMessageNotContaining("geheim");
    }

    @ParameterizedTest
    @ValueSource(strings = {"url", "secret-file"})
    void urlAndSecretAreNeeded(String left) {
        Map<String, String> properties = usual();
        properties.remove(HOOK + left);

        assertThatThrownBy(() -> bind(properties)).hasMessageContaining("needs url and secret-file");
    }

    @ParameterizedTest
    @ValueSource(strings = {"../x", ".x", "x/y", "x."})
    void nameIsThatOfAFolder(String name) {
        assertThatThrownBy(() -> bind(Map.of(
                        "rawcow.webhooks[%s].url".formatted(name), "http://a",
                        "rawcow.webhooks[%s].secret-file".formatted(name), "s")))
                .hasMessageContaining("a name has 1 to 64");
    }
}
