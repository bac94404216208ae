package io.rawcow.cli;

import static io.rawcow.cli.FakeService.image;
import static io.rawcow.cli.FakeService.job;
import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.cli.Cli.Result;
import io.rawcow.cli.remote.ServiceAddress;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Services that are away, say no, or are none; and what commands show of themselves. */
@Timeout(60)
class RemoteTroubleTest {
    private static final String JOBS = "/v1/jobs?limit=1000";

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"jobs", "watch"})
    void aServiceThatIsNotThereIsNamedAndHowToStartOne(String command) throws Exception {
        int port;
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        Result result = Cli.run(command, "--server", "http://127.0.0.1:" + port);

        assertThat(result).isEqualTo(new Result(1, "", """
                rawcow: cannot reach the service at http://127.0.0.1:%d: the connection is refused
                To go on: start one with: rawcow serve --data DIR; or say where it is: --server URL, or RAWCOW_SERVER
                """.formatted(port)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"jobs", "watch", "watch vm"})
    void aProblemOfTheServiceIsToldInItsWords(String command) throws Exception {
        try (var service = FakeService.start()) {
            service.with("/v1/images/vm", 401, "{\"detail\": \"no token\", \"action\": \"get one\"}");
            Result result = Cli.run((command + " --server " + service.url()).split(" "));

            assertThat(result.code()).isEqualTo(1);
            assertThat(result.out()).isEmpty();
            assertThat(result.err())
                    .isEqualTo(
                            command.endsWith("vm")
                                    ? "rawcow: no token\nTo go on: get one\n"
                                    : "rawcow: not here\nTo go on: look elsewhere\n");
        }
    }

    @Test
    void withoutAnActionA401SaysHowToShowAToken() throws Exception {
        try (var service = FakeService.start().with(JOBS, 401, "{\"detail\": \"no token\"}")) {
            assertThat(Cli.run("jobs", "--server", service.url()).err())
                    .isEqualTo("rawcow: no token\nTo go on: name the file with your token: --token-file FILE\n");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "<html>",
                "[]",
                "{",
                "{}",
                "{\"items\": {}}",
                "{\"items\": [1], \"next\": null}",
                "{\"items\": [], \"next\": 1}",
                "{\"items\": [], \"next\": null} x",
                "{\"items\": [{}], \"next\": null}",
                "{\"items\": [{\"id\": 1}], \"next\": null}",
                "{\"items\": [], \"next\": \"again\"}"
            })
    void whatIsNoServiceIsSaidSo(String body) throws Exception {
        try (var service = FakeService.start()) {
            service.with(JOBS, 200, body).with(JOBS + "&cursor=again", 200, body);
            Result result = Cli.run("jobs", "--server", service.url());

            assertThat(result.code()).isEqualTo(1);
            assertThat(result.out()).isEmpty();
            assertThat(result.err())
                    .containsPattern("no rawcow service|not what a rawcow service")
                    .contains("To go on: ");
            assertThat(result.err()).doesNotContain("internal error");
        }
    }

    @Test
    void aListIsCompleteOverItsPages() throws Exception {
        try (var service = FakeService.start()) {
            service.with(JOBS, 200, "{\"items\": [" + job("one", "running", "") + "], \"next\": \"a b&c\"}");
            service.with(
                    JOBS + "&cursor=a+b%26c", 200, "{\"items\": [" + job("two", "paused", "") + "], \"next\": null}");

            assertThat(Cli.run("jobs", "--server", service.url() + "/").lines())
                    .hasSize(3)
                    .element(1)
                    .asString()
                    .startsWith("one   vm      running   25.00%     1 MiB/s   1:05");
        }
    }

    @Test
    void aTableOfManyJobsIsThereAtOnce() throws Exception {
        // If every cell looked at every row, it would take more than the minute that a test here has.
        String[] jobs = IntStream.range(0, 40_000)
                .mapToObj(i -> job("job-" + i, "running", ""))
                .toArray(String[]::new);
        try (var service = FakeService.start().with(image("cow", 0.25), jobs)) {
            Result result = Cli.run("jobs", "--server", service.url());

            int at = "job-39999   ".length();
            assertThat(result.lines()).hasSize(1 + jobs.length);
            assertThat(result.lines().getFirst().indexOf("IMAGE")).isEqualTo(at);
            assertThat(result.lines().stream().skip(1)).allMatch(line -> line.startsWith("vm   ", at));
        }
    }

    @Test
    void whatAServiceSaysOrdersTheTerminalNothing() throws Exception {
        String evil = "\\u001b]0;x\\u0007\\u009b2J\\u202e\\r\\nroot#";
        try (var service = FakeService.start()) {
            String broken = ", \"error\": {\"code\": \"io_error\", \"detail\": \"" + evil + "\"}";
            String job = job(evil, evil, broken).replace("\"error\": null, ", "");
            service.with(image("cow", 0.5).replace("\"vm\"", "\"" + evil + "\""), job);
            for (String output : new String[] {"human", "json"}) {
                Result result = Cli.run("jobs", "--all", "--output", output, "--server", service.url());
                assertThat(result.code()).isZero();
                assertThat(result.out()).contains("root#").matches("[ -~\n]*");
            }
            service.with("/v1/images/vm", 500, "{\"detail\": \"" + evil + "\", \"action\": \"" + evil + "\"}");
            assertThat(Cli.run("watch", "vm", "--server", service.url()).err())
                    .contains("root#")
                    .matches("[ -~\n]*");
        }
    }

    @Test
    void theTokenIsSentWithEveryRequestAndNeverShown() throws Exception {
        Path file = Files.writeString(folder.resolve("token"), "s3cr3t.of+mine==\n");
        try (var service = FakeService.start().with(image("standalone", 1))) {
            Result result = Cli.run("watch", "vm", "--server", service.url(), "--token-file", file.toString());

            assertThat(result.code()).isZero();
            assertThat(service.authorizations()).hasSize(3).containsOnly("Bearer s3cr3t.of+mine==");

            Files.writeString(file, "s3cr3t of mine");
            Result damaged = Cli.run("jobs", "--server", service.url(), "--token-file", file.toString());
            assertThat(damaged.code()).isEqualTo(1);
            assertThat(damaged.err()).contains("one word", file.toString()).doesNotContain("s3cr3t");
            assertThat(Cli.run("jobs", "--server", service.url(), "--token-file", folder + "/no")
                            .err())
                    .contains("there is no such file");
            assertThat(service.authorizations())
                    .as("nothing is asked without it")
                    .hasSize(3);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1:8080",
                "ftp://a",
                "http://",
                "http://user:pass@a",
                "http://a?b",
                "http://a#b",
                "http://a b",
                "file:///etc/passwd"
            })
    void anAddressThatIsNoneIsAWrongCall(String address) {
        Result result = Cli.run("jobs", "--server", address);

        assertThat(result.code()).isEqualTo(1);
        assertThat(result.err())
                .startsWith("rawcow: Invalid address of the server")
                .contains("Try 'rawcow jobs --help'")
                .doesNotContain("pass@");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "10.0.0.1",
                "127.0.0.1.evil.example",
                "127.evil.example",
                "localhost.evil.example",
                "evil.example.localhost",
                "[::2]"
            })
    void aTokenIsNotSentInTheClear(String host) {
        assertThat(Cli.run("jobs", "--server", "http://" + host, "--token-file", "/x")
                        .err())
                .startsWith("rawcow: a token is not sent over the network unencrypted");
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://127.0.0.1", "http://127.98.7.254:1", "http://localhost:1", "http://[::1]:1"})
    void toThisMachineItIs(String address) {
        assertThat(ServiceAddress.of(address, Path.of("/x"), null).base()).hasToString(address);
    }

    @Test
    void anAuthorityIsForAnEncryptedConnection() {
        assertThat(Cli.run("jobs", "--server", "http://127.0.0.1:1", "--cacert", "/x")
                        .err())
                .startsWith("rawcow: --cacert is for https");
    }

    @Test
    void aPrivateAuthorityIsTrustedIfItIsNamed() throws Exception {
        var keys = TestKeys.make(folder);
        try (var service = new FakeService(0, keys.context())) {
            service.with(JOBS, 200, "{\"items\": [" + job("one", "running", "") + "], \"next\": null}");

            Result strange = Cli.run("jobs", "--server", service.url());
            assertThat(strange.code()).isEqualTo(1);
            assertThat(strange.err()).contains("cannot be trusted: ", "To go on: ", "--cacert FILE");
            String pem = keys.certificate().toString();
            assertThat(Cli.run("jobs", "--server", service.url(), "--cacert", pem)
                            .lines())
                    .hasSize(2);
            Result none = Cli.run("jobs", "--server", service.url(), "--cacert", folder + "/no");
            assertThat(none.err()).contains("cannot use the certificates of --cacert: no such file");
        }
    }

    @Test
    void aServiceThatGoesAwayIsWaitedFor() throws Exception {
        var service = FakeService.start().with(image("cow", 0.25), job("job", "running", ""));
        int port = service.port();
        InProcess watch = InProcess.start("watch", "vm", "--server", service.url());
        watch.awaitOut("25.00%");
        service.close();
        watch.awaitErr("trying again for 60 seconds\n");
        try (var next = new FakeService(port, null)) {
            next.with(image("cow", 0.5), job("job", "running", ""));
            watch.awaitErr("rawcow: the service at http://127.0.0.1:" + port + " is back\n");
            watch.awaitOut("vm  cow  50.00%");
            next.changed("job", "job", job("job", "concluded", ""));
            next.changed("image", "vm", image("standalone", 1));

            Result result = watch.end();
            assertThat(result.code()).isZero();
            assertThat(result.lines().getLast()).isEqualTo("vm  standalone  100.00%  1 B of 4 B  -  -  concluded");
        }
    }

    @Test
    void aServiceThatStaysAwayIsAnError() throws Exception {
        var service = FakeService.start().with(image("cow", 0.25), job("job", "running", ""));
        InProcess watch = InProcess.start("watch", "--timeout", "0", "--server", service.url());
        watch.awaitOut("25.00%");
        service.close();

        Result result = watch.end();
        assertThat(result.code()).isEqualTo(1);
        assertThat(result.err()).contains("it did not come back within 0 seconds", "To go on: start one with: ");
    }

    @Test
    void wordsThatEventsWereLostMakeItListAgain() throws Exception {
        try (var service = FakeService.start().with(image("cow", 0.25), job("job", "running", ""))) {
            InProcess watch = InProcess.start("watch", "vm", "--interval", "1000", "--server", service.url());
            watch.awaitOut("25.00%");
            service.with(image("standalone", 1), job("job", "concluded", ""));
            service.event("{\"kind\": \"reset\", \"reason\": \"too_slow\"}");

            assertThat(watch.end().code()).isZero();
        }
    }

    @Test
    void eventsThatAreNoneEndIt() throws Exception {
        try (var service = FakeService.start().with(image("cow", 0.25), job("job", "running", ""))) {
            InProcess watch = InProcess.start("watch", "--server", service.url());
            watch.awaitOut("25.00%");
            service.event("{\"kind\": \"job\"}");

            Result result = watch.end();
            assertThat(result.code()).isEqualTo(1);
            assertThat(result.err()).contains("not what a rawcow service of this version gives: field=name");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"../jobs", "a/b", "vm?x", ".", "-", "a\nb"})
    void aNameThatIsNoneIsAWrongCall(String name) {
        Result result = Cli.run("watch", "--", name);

        assertThat(result.code()).isEqualTo(1);
        assertThat(result.err()).startsWith("rawcow: Invalid name of an image");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--interval=0", "--interval=NaN", "--timeout=-1", "--timeout=1e300", "--interval=x"})
    void aTimeThatIsNoneIsAWrongCall(String option) {
        Result result = Cli.run("watch", option);

        assertThat(result.code()).isEqualTo(1);
        assertThat(result.err()).startsWith("rawcow: Invalid value for").contains("Try 'rawcow watch --help'");
    }
}
