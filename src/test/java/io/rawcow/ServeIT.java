package io.rawcow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.File;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code rawcow serve} as a process: how it starts, what it says, how it ends. */
class ServeIT {
    @TempDir
    Path folder;

    private Process serve(String... arguments) throws Exception {
        var command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                classPath(),
                RawCow.class.getName(),
                "serve"));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectError(folder.resolve("stderr").toFile())
                .start();
    }

    /** Without the tests' own logging. */
    private static String classPath() {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                .filter(entry -> !entry.endsWith("test-classes"))
                .collect(Collectors.joining(File.pathSeparator));
    }

    private String refused(String... arguments) throws Exception {
        Process process = serve(arguments);
        String stdout = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(1);
        assertThat(stdout).isEmpty();
        String stderr = Files.readString(folder.resolve("stderr"));
        assertThat(stderr).doesNotContain("\tat ", "Exception");
        // What was logged before is no part of the reason.
        String reason = stderr.substring(stderr.indexOf("rawcow: "));
        assertThat(reason).startsWith("rawcow: cannot start: ").hasLineCount(1);
        return reason;
    }

    @Test
    void serviceSaysWhereItListensAndEndsWithASignal() throws Exception {
        Path data = Files.createDirectory(folder.resolve("data"));
        Process process = serve(
                "--data", "data", "--listen", "127.0.0.1:0", "--management", "127.0.0.1:0", "--nbd", "127.0.0.1:0");
        try (BufferedReader stdout = process.inputReader()) {
            String line = stdout.readLine();
            assertThat(line)
                    .matches(
                            "rawcow: listening on http://127\\.0\\.0\\.1:[1-9][0-9]* nbd://127\\.0\\.0\\.1:[1-9][0-9]*/");
            URI base = URI.create(line.substring(line.indexOf("http"), line.lastIndexOf(' ')));
            String nbd = "127.0.0.1:"
                    + URI.create(line.substring(line.indexOf("nbd:"))).getPort();
            assertThat(status(base + "/v1/images")).isEqualTo(200);
            assertThat(status(base + "/actuator/health")).isEqualTo(404);

            assertThat(refused("--data", data.toString(), "--listen", "127.0.0.1:0", "--nbd", "none"))
                    .contains("another rawcow serves this folder");
            Files.createDirectory(folder.resolve("other"));
            assertThat(refused("--data", "other", "--listen", "127.0.0.1:" + base.getPort(), "--nbd", "none"))
                    .contains("port " + base.getPort() + " is in use");
            assertThat(refused("--data", "other", "--listen", "127.0.0.1:0", "--nbd", nbd))
                    .contains("cannot listen: Address already in use", nbd);

            try (var idle = new Socket(InetAddress.getLoopbackAddress(), base.getPort())) {
                assertThat(idle.isConnected()).isTrue();
                // Process.destroy would close the stream too.
                assertThat(process.toHandle().destroy()).isTrue();
                assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
            }
            assertThat(process.exitValue()).isZero();
            assertThat(stdout.readLine()).isNull();
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void signalDuringTheStartLeavesEverythingInOrder() throws Exception {
        Path socket = folder.resolve("nbd.sock");
        Process process =
                serve("--data", ".", "--listen", "127.0.0.1:0", "--nbd", "none", "--nbd-socket", socket.toString());
        try {
            // It listens for NBD clients before anything is opened, and long before it says so.
            await().atMost(Duration.ofMinutes(1)).until(() -> Files.exists(socket));
            assertThat(process.toHandle().destroy()).isTrue();

            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isZero();
            assertThat(socket).doesNotExist();
        } finally {
            process.destroyForcibly();
        }
    }

    private static int status(String uri) throws Exception {
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(URI.create(uri)).build(), BodyHandlers.discarding())
                .statusCode();
    }

    @Test
    void listeningBeyondLoopbackIsRefused() throws Exception {
        assertThat(refused("--data", ".", "--listen", "0.0.0.0:0")).contains("loopback", "rawcow.access.tokens");
        for (String listen : List.of("[::]:0", "192.0.2.1:8080", "198.51.100.7:0")) {
            assertThat(explained("rawcow.listen=" + listen)).contains("loopback");
        }
        for (String tls : List.of("off", "optional")) {
            assertThat(explained(
                            "rawcow.data=" + folder,
                            "rawcow.listen=127.0.0.1:0",
                            "rawcow.nbd.listen=0.0.0.0:0",
                            "rawcow.nbd.tls.mode=" + tls,
                            tls.equals("off") ? "rawcow.nbd.workers=1" : "rawcow.nbd.tls.certificate=c",
                            tls.equals("off") ? "rawcow.nbd.connections=1" : "rawcow.nbd.tls.key=k"))
                    .contains("--nbd 0.0.0.0:0 is not a loopback address", "mode: required");
        }
        String[] wildcard = {
            "rawcow.data=" + folder,
            "rawcow.listen=127.0.0.1:0",
            "rawcow.nbd.listen=0.0.0.0:0",
            "rawcow.nbd.tls.mode=required",
            "rawcow.nbd.tls.certificate=c",
            "rawcow.nbd.tls.key=k",
            "rawcow.nbd.tls.client-ca=a"
        };
        assertThat(explained(wildcard)).contains("rawcow.nbd.advertise");
        assertThat(explained("rawcow.listen=127.0.0.1:0", "server.address=0.0.0.0"))
                .contains("--data");
    }

    @Test
    void whatIsWrongWithTheConfigurationIsSaidInOneLine() throws Exception {
        assertThat(explained("rawcow.listen=127.0.0.1:0")).contains("--data DIR");
        assertThat(explained("rawcow.listen=127.0.0.1:0", "rawcow.data=/missing"))
                .contains("/missing", "No such file");
        assertThat(explained("rawcow.listen=nonsense")).contains("rawcow.listen", "HOST:PORT");
        assertThat(explained("rawcow.listen=127.0.0.1:81", "rawcow.management=127.0.0.1:81"))
                .contains("rawcow.management");
        Files.writeString(folder.resolve("bad.yaml"), "rawcow: {stream: {workers: 1}}");
        assertThat(refused("--data", ".", "--config", "bad.yaml", "--listen", "127.0.0.1:0"))
                .contains("rawcow.stream.workers");
        assertThat(explained("rawcow.listen=127.0.0.1:0", "rawcow.data=" + folder, "rawcow.streams.workers=0"))
                .contains("rawcow.streams.workers is from 1 to 64");
        assertThat(explained("rawcow.listen=127.0.0.1:0", "rawcow.images.vm.size=huge"))
                .contains("rawcow.images.vm.size");
        assertThat(explained("rawcow.data=" + folder, "rawcow.listen=127.0.0.1:0", "rawcow.nbd.listen=off"))
                .contains("rawcow.nbd.listen", "HOST:PORT", "or none");
        assertThat(explained("rawcow.nbd.socket-mode=0999")).contains("rawcow.nbd.socket-mode is octal");
        String[] tls = {
            "rawcow.data=" + folder,
            "rawcow.listen=127.0.0.1:0",
            "rawcow.nbd.listen=127.0.0.1:0",
            "rawcow.nbd.tls.mode=required",
            "rawcow.nbd.tls.certificate=" + folder.resolve("none.pem"),
            "rawcow.nbd.tls.key=" + folder.resolve("none.pem"),
            "rawcow.nbd.tls.client-ca=" + folder.resolve("none.pem"),
            "rawcow.nbd.tls.allowed-subjects[0]=CN=guest"
        };
        assertThat(explained(tls)).contains("rawcow.nbd.tls", "none.pem");
        tls[7] = "rawcow.nbd.tls.allowed-subjects[0]=guest";
        assertThat(explained(tls)).contains("no distinguished name: guest");
        assertThat(explained("rawcow.nbd.tls.mode=required")).contains("rawcow.nbd.tls needs certificate and key");
        assertThat(explained("spring.config.additional-location=file:none.yaml"))
                .contains("none.yaml");
    }

    /** What the process would say, without one. */
    private static String explained(String... properties) {
        Throwable failure = catchThrowable(() ->
                Service.start(Arrays.stream(properties).map(each -> "--" + each).toList()));
        assertThat(failure).isNotNull();
        String explanation = StartFailure.explain(failure);
        assertThat(explanation).startsWith("cannot start: ").hasLineCount(1);
        return explanation;
    }

    @Test
    void managementHasAListenerOfItsOwn() throws Exception {
        try (var service = TestService.start(folder, "rawcow.management=127.0.0.1:0")) {
            assertThat(status(service.management() + "/actuator/health/readiness"))
                    .isEqualTo(200);
            assertThat(status(service.management() + "/actuator/prometheus")).isEqualTo(200);
            assertThat(status(service.management() + "/v1/images")).isEqualTo(404);
            assertThat(status(service.base() + "/actuator/health")).isEqualTo(404);
            var client = HttpClient.newHttpClient();
            for (String path : List.of("/", "/nothing", "/actuator", "/actuator/env")) {
                var answer = client.send(
                        HttpRequest.newBuilder(URI.create(service.management() + path))
                                .build(),
                        BodyHandlers.ofString());
                assertThat(answer.statusCode()).isEqualTo(404);
                assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/problem+json");
            }
        }
    }
}
