package io.rawcow.security;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.api.RawHttp;
import java.io.BufferedReader;
import java.io.File;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A service as a process: tokens are in its file and in its clients, and nowhere else. */
class SecretsIT {
    private static final String TOKEN = TestTokens.token("s3cr3t-right");
    private static final String WRONG = TestTokens.token("s3cr3t-wrong");

    @TempDir
    Path folder;

    private URI base;
    private final StringBuilder answers = new StringBuilder();

    private Process serve() throws Exception {
        TestTokens.write(folder.resolve("tokens"), TOKEN);
        Files.writeString(folder.resolve("config.yaml"), """
                rawcow:
                  access:
                    tokens:
                      ci: {file: %s, role: operator}
                """.formatted(folder.resolve("tokens")));
        Files.createDirectory(folder.resolve("data"));
        String classPath = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                .filter(entry -> !entry.endsWith("test-classes"))
                .collect(Collectors.joining(File.pathSeparator));
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                classPath,
                "io.rawcow.RawCow",
                "serve"));
        command.addAll(List.of(
                "--data", "data", "--config", "config.yaml", "--listen", "127.0.0.1:0", "--nbd", "127.0.0.1:0"));
        return new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectError(folder.resolve("stderr").toFile())
                .start();
    }

    private String send(String requestLine, String credentials, String body) {
        String answer = RawHttp.exchange(
                base,
                "%s HTTP/1.1\r\nHost: localhost\r\nAuthorization: %s\r\nContent-Length: %d\r\nConnection: close\r\n"
                        .concat("\r\n%s")
                        .formatted(requestLine, credentials, body.length(), body));
        answers.append(answer);
        return answer;
    }

    @Test
    void tokenIsInNoLogAnswerMetricNorArgument() throws Exception {
        Process process = serve();
        try (BufferedReader stdout = process.inputReader()) {
            base = URI.create(stdout.readLine().split(" ", -1)[3]);
            String metrics = calls();
            String arguments = Files.readString(Path.of("/proc/%d/cmdline".formatted(process.pid())));
            String environment = Files.readString(Path.of("/proc/%d/environ".formatted(process.pid())));
            assertThat(process.toHandle().destroy()).isTrue();
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
            String log = Files.readString(folder.resolve("stderr"), StandardCharsets.UTF_8);

            assertThat(log)
                    .contains(" audit: who=ci role=operator address=127.0.0.1 method=DELETE path=/v1/images/none")
                    .contains("caller refused: the token is not in force")
                    .contains("no token of this file is in force any more")
                    .doesNotContain("s3cr3t");
            assertThat(metrics).contains("http_server_requests").doesNotContain("s3cr3t");
            assertThat(answers).doesNotContain("s3cr3t");
            assertThat(arguments).doesNotContain("s3cr3t");
            assertThat(environment).doesNotContain("s3cr3t");
        } finally {
            process.destroyForcibly();
        }
    }

    /** Right and wrong in every place where a token could be put; answers the metrics after all that. */
    private String calls() throws Exception {
        assertThat(send("GET /v1/images", "Bearer " + TOKEN, "")).contains(" 200 ");
        assertThat(send("DELETE /v1/images/none", "Bearer " + TOKEN, "")).contains(" 404 ");
        assertThat(send("GET /v1/images", "Bearer " + WRONG, "")).contains(" 401 ");
        assertThat(send("GET /v1/images", TOKEN, "")).contains(" 401 ");
        assertThat(send("GET /v1/images?access_token=" + TOKEN, "Bearer " + TOKEN, ""))
                .contains(" 400 ");
        assertThat(send("POST /v1/jobs", "Bearer " + TOKEN, "{\"nonsense")).contains(" 415 ");
        assertThat(send("BREW /v1/images", "Bearer " + TOKEN, "")).contains(" 405 ");
        Files.writeString(folder.resolve("tokens"), TOKEN + " s3cr3t and more\n");
        assertThat(send("GET /v1/images", "Bearer " + TOKEN, "")).contains(" 401 ");
        TestTokens.write(folder.resolve("tokens"), TOKEN);
        return send("GET /actuator/prometheus", "Bearer " + TOKEN, "");
    }
}
