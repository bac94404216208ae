package io.rawcow.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.rawcow.nbd.server.Certificates;
import io.rawcow.testing.LiveService;
import io.rawcow.testing.Tool;
import java.io.RandomAccessFile;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A real Prometheus scrapes the real service while it streams: every expression of the dashboard and of the alerts
 * finds what it looks for, and alerts fire and clear. The steps go on from each other.
 *
 * <p>The rules are the committed ones with shorter times: every window in brackets and every offset is 5 s, every
 * {@code for} is 1 s. Limits and all else are as committed.
 */
@Timeout(120)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PrometheusIT {
    private static final int MIB = 1 << 20;
    private static final int SIZE = 128 * MIB;
    private static final int SECTOR = 64 << 10;
    /** Slow enough to be streaming until the end. */
    private static final int SPEED = 512 << 10;

    private static final Duration SOON = Duration.ofSeconds(60);
    private static final String STALLED = "RawCowStreamStalled";
    private static final String DOWN = "RawCowBackingDown";
    private static final String HANG = "RawCowGuestsHang";

    private static final Pattern SELECTOR =
            Pattern.compile("\\b(rawcow_[a-z_]+|process_start_time_seconds|up)\\b(\\{[^}]*})?");

    /** What a panel shows if there is nothing to show: the zero at the end of an expression. */
    private static final Pattern FALLBACK =
            Pattern.compile("\\s+or (vector\\(0\\)|on \\(instance\\) 0 \\* rawcow_build_info\\{[^}]*})$");

    /** Reads everywhere, writes parts of sectors at the front, goes on after errors. */
    private static final String GUEST = """
            import random, time
            for n in range(1000000):
                try:
                    h.pread(65536, random.randrange(0, %1$d - 65536, 4096))
                    h.pwrite(b"g" * 4096, random.randrange(0, %2$d, 4096))
                    if n %% 10 == 0:
                        h.zero(65536, random.randrange(0, %2$d, 65536))
                        h.trim(65536, random.randrange(0, %2$d, 65536))
                        h.flush()
                except nbd.Error:
                    pass
                time.sleep(0.02)
            """.formatted(SIZE, 8 * MIB);

    @TempDir
    static Path folder;

    private static FuseBacking backing;
    private static LiveService service;
    private static Prometheus prometheus;
    private static Tool guest;

    @BeforeAll
    static void start() throws Exception {
        Path content = folder.resolve("content.img");
        makeContent(content, SIZE);
        makeContent(folder.resolve("golden.img"), 4 * MIB);
        backing = FuseBacking.of(folder, content);
        Certificates.makeAll(folder);
        Path secret = Files.writeString(folder.resolve("secret"), "whsec_" + "c2VjcmV0".repeat(5) + "\n");
        Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rw-------"));
        service = LiveService.start(
                folder,
                "127.0.0.1:0",
                List.of(
                        "-Drawcow.webhooks.nobody.url=http://127.0.0.1:1/",
                        "-Drawcow.webhooks.nobody.secret-file=" + secret,
                        "-Drawcow.nbd.tls.mode=optional",
                        "-Drawcow.nbd.tls.certificate=" + folder.resolve("server-cert.pem"),
                        "-Drawcow.nbd.tls.key=" + folder.resolve("server-key.pem")));
        prometheus = Prometheus.start(folder, service.base(), hastened(Files.readString(AlertRules.FILE)));
        service.expect(201, "PUT", "/v1/images/vm", """
                {"sidecar": "vm.raw-cow", "rawFile": "vm.img", "backingFile": "%s", "sectorSize": %d}
                """.formatted(backing.file(), SECTOR));
        String uri = service.export("vm").getFirst();
        service.stream("vm", SPEED);
        guest = Tool.start(folder, List.of("nbdsh", "-u", uri, "-c", GUEST));
        misbehave(URI.create(uri));
    }

    @AfterAll
    static void stop() throws Exception {
        var all = new ArrayList<AutoCloseable>();
        all.add(guest);
        all.add(prometheus);
        all.add(() -> backing.lose()); // a service stops in any case, but sooner if nothing hangs
        all.add(service);
        all.add(backing);
        for (AutoCloseable each : all) {
            if (each != null) {
                each.close();
            }
        }
    }

    /** Asks for more than there is, and breaks the protocol: options are to have a magic number. */
    private static void misbehave(URI uri) throws Exception {
        String script = """
                import socket
                h.set_strict_mode(0)
                try:
                    h.pread(512, %d)
                except nbd.Error:
                    pass
                with socket.create_connection(("%s", %d)) as other:
                    other.recv(18, socket.MSG_WAITALL)
                    other.sendall(bytes(20))
                    assert other.recv(1) == b""
                """.formatted(SIZE, uri.getHost(), uri.getPort());
        var _ = Tool.run(folder, "nbdsh", "-u", uri.toString(), "-c", script);
    }

    /** Every fourth mebibyte is zeros, the first among them. */
    private static void makeContent(Path file, int size) throws Exception {
        var random = new SplittableRandom(1);
        byte[] data = new byte[MIB];
        try (var out = new RandomAccessFile(file.toFile(), "rw")) {
            out.setLength(size);
            for (int at = 0; at < size; at += MIB) {
                if (at / MIB % 4 != 0) {
                    random.nextBytes(data);
                    out.seek(at);
                    out.write(data);
                }
            }
        }
    }

    private static String hastened(String rules) {
        return rules.replaceAll("\\[\\d+[smhd]]", "[5s]")
                .replaceAll("offset \\d+[smhd]", "offset 5s")
                .replaceAll("for: \\d+[smhd]", "for: 1s");
    }

    /** As Grafana does it for one instance and all images; the interval is as long as a step may take. */
    private static String substituted(String expression) {
        return expression
                .replace("$instance", service.base().getAuthority().replace(".", "\\\\."))
                .replace("$image", ".*")
                .replace("$__rate_interval", "1m");
    }

    /** Those of all expressions that find nothing, not even minutes ago. */
    private static List<String> withoutData(Stream<String> expressions) throws Exception {
        Set<String> selectors = expressions
                .flatMap(expression -> SELECTOR.matcher(expression).results())
                .map(MatchResult::group)
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(selectors).hasSizeGreaterThan(15);
        var empty = new ArrayList<String>();
        for (String selector : selectors) {
            if (!prometheus.hasDataFor("last_over_time(" + selector + "[5m])")) {
                empty.add(selector);
            }
        }
        return empty;
    }

    @Test
    @Order(1)
    void namesAreAsPrometheusWantsThem() throws Exception {
        var request = HttpRequest.newBuilder(service.base().resolve("/actuator/prometheus"));
        String scraped;
        try (var http = HttpClient.newHttpClient()) {
            scraped = http.send(request.build(), BodyHandlers.ofString()).body();
        }
        String ours = scraped.lines()
                .filter(line -> line.matches("(# (HELP|TYPE) )?rawcow_.*"))
                .collect(Collectors.joining("\n", "", "\n"));

        assertThat(ours).contains("rawcow_image_size_bytes{");
        assertThat(Tool.run(folder, ours, List.of("promtool", "check", "metrics")))
                .isEmpty();
    }

    @Test
    @Order(2)
    void everyQueryOfTheDashboardHasData() throws Exception {
        service.create("done", SECTOR, 0);
        service.stream("done", 0);
        service.detach("done");
        assertThat(prometheus.labelValues("instance", "rawcow_build_info"))
                .containsExactly(service.base().getAuthority());
        String images = substituted("rawcow_image_size_bytes{instance=~\"$instance\"}");
        await().atMost(SOON)
                .untilAsserted(() ->
                        assertThat(prometheus.labelValues("image", images)).containsExactly("done", "vm"));
        var empty = new ArrayList<Dashboard.Query>();
        for (Dashboard.Query query : Dashboard.read().queries()) {
            String real = FALLBACK.matcher(query.expression()).replaceFirst("");
            assertThat(real).as(query.where()).doesNotContain("vector(", " 0 * ");
            empty.add(new Dashboard.Query(query.where(), substituted(real)));
        }

        await().atMost(SOON).untilAsserted(() -> {
            var found = new ArrayList<Dashboard.Query>();
            for (Dashboard.Query query : empty) {
                if (prometheus.hasDataFor(query.expression())) {
                    found.add(query);
                }
            }
            empty.removeAll(found);
            assertThat(empty).isEmpty();
        });
    }

    @Test
    @Order(3)
    void aBackingThatHangsIsAlertedUntilItAnswersAgain() throws Exception {
        await().atMost(SOON).untilAsserted(() -> assertThat(prometheus.active()).doesNotContain(STALLED, DOWN, HANG));

        backing.hang();
        await().atMost(SOON).untilAsserted(() -> assertThat(prometheus.firing()).contains(STALLED, DOWN, HANG));
        assertThat(service.job("vm").get("status").asString()).isEqualTo("running");

        backing.answer();
        await().atMost(SOON).untilAsserted(() -> assertThat(prometheus.active()).doesNotContain(STALLED, DOWN, HANG));
    }

    @Test
    @Order(4)
    void aBackingThatFailsIsAlertedAsWhatStreamAndGuestMeet() throws Exception {
        backing.lose();

        var fired = new TreeSet<String>();
        await().atMost(SOON).untilAsserted(() -> {
            fired.addAll(prometheus.firing());
            assertThat(fired).contains("RawCowStreamFailed", "RawCowStreamErrors", "RawCowGuestErrors", DOWN);
        });
    }

    /** By now everything has happened that counters count. */
    @Test
    @Order(5)
    void everyAlertLooksAtSomethingThatIsThere() throws Exception {
        List<String> expressions =
                AlertRules.all().stream().map(AlertRules::expressionOf).toList();

        assertThat(withoutData(expressions.stream())).isEmpty();
        for (String expression : expressions) {
            prometheus.query(expression);
        }
    }

    /** Each part of each expression by itself: of what is joined by "or", one would be enough for a panel. */
    @Test
    @Order(6)
    void everyPartOfTheDashboardLooksAtSomethingThatIsThere() throws Exception {
        assertThat(withoutData(Dashboard.read().queries().stream().map(query -> substituted(query.expression()))))
                .isEmpty();
    }
}
