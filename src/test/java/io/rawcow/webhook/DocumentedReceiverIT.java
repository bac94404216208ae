package io.rawcow.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.catalog.Event.Kind;
import io.rawcow.webhook.Receiver.Delivered;
import io.rawcow.webhook.Receiver.Failed;
import java.io.BufferedReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The receiver in docs/webhooks.md, run as it stands there, takes what we send and nothing else. */
@Timeout(60)
class DocumentedReceiverIT {
    private static final String SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private static final String OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

    @TempDir
    Path folder;

    private Process process;
    private BufferedReader said;
    private String url;

    @BeforeEach
    void start() throws Exception {
        Matcher receiver = Pattern.compile("```python\n(.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(Path.of("docs/webhooks.md")));
        assertThat(receiver.find()).isTrue();
        Files.writeString(folder.resolve("receiver.py"), receiver.group(1));
        Files.writeString(folder.resolve("secret"), SECRET + "\n");
        process = new ProcessBuilder("python3", "receiver.py", "secret", "0")
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .start();
        said = process.inputReader(StandardCharsets.UTF_8);
        String first = said.readLine();
        assertThat(first).startsWith("listening on port ");
        url = "http://127.0.0.1:" + first.substring(first.lastIndexOf(' ') + 1);
    }

    @AfterEach
    void stop() {
        process.destroyForcibly();
    }

    private Receiver.Attempt send(String secrets, InstantSource clock, Message message) throws Exception {
        Path file = Files.writeString(folder.resolve("ours"), secrets);
        var settings = new WebhookSettings(
                "hook", URI.create(url), file, Set.of(Kind.IMAGE), 1, Duration.ofSeconds(30), null, null);
        try (var receiver = new HttpReceiver(settings, clock)) {
            return receiver.send(message);
        }
    }

    private static Message message(int number) {
        return new Message(number, "start-" + number, """
                {"id":"start-%1$d","sequence":"%1$d",\
                "type":"io.rawcow.image.state","subject":"vm"}""".formatted(number));
    }

    @Test
    void takesWhatIsGenuineOnceAndRefusesTheRest() throws Exception {
        InstantSource now = InstantSource.system();

        assertThat(send(SECRET, now, message(1))).isInstanceOf(Delivered.class);
        assertThat(send(SECRET, now, message(1))).isInstanceOf(Delivered.class);
        assertThat(send(OTHER, now, message(2))).isEqualTo(new Failed("the answer is 401", null));
        assertThat(send(SECRET, InstantSource.fixed(Instant.EPOCH), message(2)))
                .isEqualTo(new Failed("the answer is 401", null));
        assertThat(send(OTHER + "\n" + SECRET, now, message(3))).isInstanceOf(Delivered.class);

        assertThat(said.readLine()).isEqualTo("1 io.rawcow.image.state vm");
        assertThat(said.readLine()).isEqualTo("3 io.rawcow.image.state vm");
    }
}
