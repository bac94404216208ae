package io.rawcow.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SecretsTest {
    /** The example of the specification of Standard Webhooks. */
    private static final String SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    private static final String ID = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    private static final long TIMESTAMP = 1_614_265_330;
    private static final String BODY = "{\"test\": 2432232314}";
    private static final String SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    private static final String OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

    @TempDir
    Path folder;

    private Path file(String content) throws IOException {
        return Files.writeString(folder.resolve("secret"), content);
    }

    @Test
    void signatureIsThatOfTheSpecification() throws Exception {
        var secrets = new Secrets(file(SECRET + "\n"));

        assertThat(secrets.signature(ID, TIMESTAMP, BODY)).isEqualTo(SIGNATURE);
    }

    @Test
    void whileASecretIsReplacedBothSign() throws Exception {
        var secrets = new Secrets(file(OTHER + "\r\n\n" + SECRET));

        assertThat(secrets.signature(ID, TIMESTAMP, BODY).split(" ", -1))
                .hasSize(2)
                .endsWith(SIGNATURE);
    }

    @Test
    void secretIsReadAgainWhenItChanges() throws Exception {
        var secrets = new Secrets(file(OTHER));
        assertThat(secrets.signature(ID, TIMESTAMP, BODY)).isNotEqualTo(SIGNATURE);

        file(SECRET + "\n");

        assertThat(secrets.signature(ID, TIMESTAMP, BODY)).isEqualTo(SIGNATURE);
    }

    @Test
    void lastGoodSecretStaysInForce() throws Exception {
        var secrets = new Secrets(file(SECRET));

        file("whsec_half");
        assertThat(secrets.signature(ID, TIMESTAMP, BODY)).isEqualTo(SIGNATURE);
        Files.delete(folder.resolve("secret"));
        assertThat(secrets.signature(ID, TIMESTAMP, BODY)).isEqualTo(SIGNATURE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "\n",
                "plain-text-of-some-length-here",
                "whsec_",
                "whsec_c2hvcnQ=",
                "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!",
                SECRET + "\n" + SECRET + "\n" + SECRET
            })
    void whatIsNoSecretIsRefusedAndNotRepeated(String content) throws Exception {
        Path file = file(content);

        assertThatThrownBy(() -> new Secrets(file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("path=" + file)
                .hasMessageNotContainingAny("MfKQ", "plain-text", "c2hvcnQ")
                .hasNoCause();
    }

    @Test
    void fileThatIsNotThereIsNamed() {
        assertThatThrownBy(() -> new Secrets(folder.resolve("none")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no such file");
    }
}
