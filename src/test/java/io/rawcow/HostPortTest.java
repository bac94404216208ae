package io.rawcow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HostPortTest {

    @ParameterizedTest
    @CsvSource({"127.0.0.1:8080,127.0.0.1,8080", "localhost:0,localhost,0", "[::1]:65535,::1,65535"})
    void hostAndPortAreReadAndWritten(String text, String host, int port) {
        HostPort read = HostPort.parse(text);

        assertThat(read).isEqualTo(new HostPort(host, port));
        assertThat(read).hasToString(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "8080",
                ":8080",
                "localhost",
                "localhost:",
                "localhost:65536",
                "localhost:-1",
                "::1:80",
                "[::1]",
                "a:1:2",
                "localhost:http",
                "[localhost:1"
            })
    void anythingElseIsRefused(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> HostPort.parse(text))
                .withMessageContaining("HOST:PORT");
    }
}
