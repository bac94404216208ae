package io.rawcow.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.rawcow.image.Tool;
import io.rawcow.metrics.Scrape.Sample;
import io.rawcow.nbd.server.Certificates;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What Prometheus is told of a service in which everything happens that there are metrics for. */
class MetricsIT {
    private static final int MIB = 1 << 20;
    private static final Pattern ROW =
            Pattern.compile("(?m)^\\| `(rawcow_[a-z_]+)` \\| ([a-z]+) \\| ([^|]*) \\| ([^|]*) \\|$");
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private record Documented(String type, TreeSet<String> labels, String help) {}

    @TempDir
    static Path folder;

    private static Path data;
    private static MetricsService service;
    private static Tool.Running client;

    @BeforeAll
    static void letEverythingHappen() throws Exception {
        data = Files.createDirectory(folder.resolve("data"));
        Certificates.makeAll(folder);
        for (String golden : List.of("golden.img", "small.img", "cut.img")) {
            byte[] bytes = new byte[golden.equals("small.img") ? MIB : 4 * MIB];
            new SplittableRandom(bytes.length).nextBytes(bytes);
            Files.write(data.resolve(golden), bytes);
        }
        Path secret = Files.writeString(folder.resolve("secret"), "whsec_" + "c2VjcmV0".repeat(5) + "\n");
        Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rw-------"));
        service = new MetricsService(
                data,
                "rawcow.webhooks.nobody.url=http://127.0.0.1:1/",
                "rawcow.webhooks.nobody.secret-file=" + secret,
                "rawcow.nbd.tls.mode=optional",
                "rawcow.nbd.tls.certificate=" + folder.resolve("server-cert.pem"),
                "rawcow.nbd.tls.key=" + folder.resolve("server-key.pem"));

        String uri = service.export("vm", "golden.img");
        nbd(uri, """
                h.pread(1048576, 0)
                h.pwrite(b"x" * 1048576, 1048576)
                h.pread(65536, 1048576)
                h.flush()
                h.trim(1048576, 2097152)
                """);
        service.stream("vm", 4096);
        service.export("done", "small.img");
        service.stream("done", 0);
        readWhatIsCutOff(service.export("dying", "cut.img"));
        breakTheProtocol(URI.create(uri));
        client = new Tool.Running(folder, "/usr/bin/python3", "-m", "nbd", "-u", uri, "-c", """
                print("connected", flush=True)
                import sys
                sys.stdin.read()
                """);
        client.awaitOutput("connected");
        await().atMost(PATIENCE).until(() -> {
            Scrape now = service.scrape();
            return !now.all("rawcow_stream_eta_seconds", "image=vm").isEmpty()
                    && !now.all("rawcow_stream_last_progress_timestamp_seconds", "image=vm")
                            .isEmpty()
                    && now.value("rawcow_job_status", "image=dying", "status=concluded") == 1
                    && now.value("rawcow_job_status", "image=done", "status=concluded") == 1;
        });
    }

    @AfterAll
    static void stop() {
        service.close();
        client.close();
    }

    private static void nbd(String uri, String commands) throws Exception {
        Tool.run(folder, "/usr/bin/python3", "-m", "nbd", "-u", uri, "-c", commands)
                .succeeded();
    }

    private static void readWhatIsCutOff(String uri) throws Exception {
        nbd(uri, "h.pread(4096, 0)");
        assertThat(service.scrape().value("rawcow_backing_up", "image=dying")).isEqualTo(1);
        try (var file = FileChannel.open(data.resolve("cut.img"), StandardOpenOption.WRITE)) {
            file.truncate(MIB);
        }
        Tool.run(folder, "/usr/bin/python3", "-m", "nbd", "-u", uri, "-c", "h.pread(4096, 2097152)")
                .failedWith("Input/output error");
        service.stream("dying", 0);
    }

    /** Options are to have a magic number, and this has none. */
    private static void breakTheProtocol(URI uri) throws Exception {
        try (var socket = new Socket(uri.getHost(), uri.getPort())) {
            InputStream answers = socket.getInputStream();
            assertThat(answers.readNBytes(18)).startsWith("NBDMAGIC".getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().write(new byte[20]);
            assertThat(answers.read()).isNegative();
        }
    }

    private static Map<String, Documented> documented() throws Exception {
        var rows = new TreeMap<String, Documented>();
        ROW.matcher(Files.readString(Path.of("docs/metrics.md"))).results().forEach(row -> {
            var labels = Arrays.stream(row.group(3).split("[`, ]+"))
                    .filter(label -> !label.isEmpty())
                    .collect(Collectors.toCollection(TreeSet::new));
            rows.put(row.group(1), new Documented(row.group(2), labels, row.group(4)));
        });
        return rows;
    }

    @Test
    void whatIsDocumentedIsScrapedAndWhatIsScrapedIsDocumented() throws Exception {
        Scrape scrape = service.scrape();

        var scraped = new TreeMap<String, Documented>();
        scrape.types()
                .forEach((name, type) -> scraped.put(
                        name,
                        new Documented(
                                type,
                                new TreeSet<>(scrape.labels(name)),
                                scrape.helps().get(name))));
        assertThat(scraped).isEqualTo(documented());
        assertThat(scraped.keySet())
                .containsExactlyInAnyOrderElementsOf(
                        Arrays.stream(Metric.values()).map(Metric::exposed).toList());
        assertThat(scrape.samples()).allMatch(sample -> scraped.containsKey(scrape.family(sample)));
    }

    @Test
    void promtoolFindsNothingWrong() throws Exception {
        Path text =
                Files.writeString(folder.resolve("scrape.txt"), service.scrape().text());

        Tool.Result result = Tool.run(folder, "sh", "-c", "promtool check metrics < " + text.getFileName());

        assertThat(result.output()).isEmpty();
        assertThat(result.status()).isZero();
    }

    @Test
    void scrapeAndRestSayTheSame() {
        // The stream goes on between two looks: what it does not touch is compared.
        JsonNode rest = service.get("/v1/images/vm/counters");
        Scrape scrape = service.scrape();

        assertThat(scrape.value("rawcow_nbd_bytes_total", "export=vm", "direction=read"))
                .isEqualTo(rest.at("/guest/read/bytes").asDouble())
                .isEqualTo(MIB + 65536);
        assertThat(scrape.value("rawcow_nbd_bytes_total", "export=vm", "direction=written"))
                .isEqualTo(rest.at("/guest/write/bytes").asDouble());
        assertThat(scrape.value("rawcow_nbd_requests_total", "export=vm", "cmd=trim", "result=ok"))
                .isEqualTo(rest.at("/guest/zero/requests").asDouble())
                .isEqualTo(1);
        assertThat(scrape.value("rawcow_nbd_reads_served_bytes_total", "image=vm", "from=backing"))
                .isEqualTo(rest.at("/served/backing").asDouble())
                .isEqualTo(MIB);
        assertThat(scrape.value("rawcow_nbd_reads_served_bytes_total", "image=vm", "from=raw"))
                .isEqualTo(rest.at("/served/raw").asDouble());
        assertThat(scrape.value("rawcow_stream_skipped_bytes_total", "image=vm", "cause=guest_overwrite"))
                .isEqualTo(rest.at("/skipped/guestOverwrite").asDouble())
                .isEqualTo(MIB);
        assertThat(scrape.value("rawcow_nbd_request_duration_seconds_count", "export=vm", "cmd=read"))
                .isEqualTo(rest.at("/guest/read/requests").asDouble())
                .isEqualTo(2);
        assertThat(scrape.value("rawcow_stream_rate_limit_bytes_per_second", "image=vm"))
                .isEqualTo(4096);
        assertThat(scrape.value("rawcow_stream_copied_bytes_total", "image=done", "cause=background"))
                .isEqualTo(MIB);
        assertThat(scrape.value("rawcow_detach_duration_seconds_count")).isEqualTo(1);
        assertThat(scrape.value("rawcow_nbd_connections", "export=vm", "tls=false"))
                .isEqualTo(1);
        assertThat(scrape.value("rawcow_data_root_remaining_bytes"))
                .isEqualTo(scrape.all("rawcow_image_remaining_bytes").stream()
                        .mapToDouble(Sample::value)
                        .sum());
    }

    @Test
    void everyImageIsInOneStateAndEveryJobHasOneStatus() {
        Scrape scrape = service.scrape();

        for (String image : List.of("vm", "done", "dying")) {
            assertThat(scrape.all("rawcow_image_state", "image=" + image).stream()
                            .mapToDouble(Sample::value)
                            .sum())
                    .isEqualTo(1);
        }
        assertThat(scrape.value("rawcow_image_state", "image=vm", "state=cow")).isEqualTo(1);
        assertThat(scrape.value("rawcow_image_state", "image=done", "state=standalone"))
                .isEqualTo(1);
        assertThat(scrape.value("rawcow_job_status", "image=vm", "status=running"))
                .isEqualTo(1);
        assertThat(scrape.value("rawcow_job_status", "image=done", "status=concluded"))
                .isEqualTo(1);
        assertThat(scrape.all("rawcow_job_status", "id=vm-stream").stream()
                        .mapToDouble(Sample::value)
                        .sum())
                .isEqualTo(1);
        assertThat(scrape.value("rawcow_job_failed", "id=done-stream")).isZero();
    }

    @Test
    void bucketsAddUpToTheCount() {
        Scrape scrape = service.scrape();

        for (Sample count : scrape.all("rawcow_nbd_request_duration_seconds_count", "export=vm")) {
            List<Sample> buckets = scrape.all(
                    "rawcow_nbd_request_duration_seconds_bucket",
                    "export=vm",
                    "cmd=" + count.labels().get("cmd"));
            assertThat(buckets).hasSize(20);
            assertThat(buckets).extracting(Sample::value).isSorted().last().isEqualTo(count.value());
            assertThat(buckets.getLast().labels()).containsEntry("le", "+Inf");
            assertThat(buckets)
                    .extracting(sample -> sample.labels().get("le").replace("+Inf", "Infinity"))
                    .extracting(Double::valueOf)
                    .isSorted()
                    .startsWith(0.000025)
                    .contains(30.0);
        }
    }

    @Test
    void backingThatFailsIsDown() {
        Scrape scrape = service.scrape();

        assertThat(scrape.value("rawcow_backing_up", "image=dying")).isZero();
        assertThat(scrape.value("rawcow_backing_up", "image=vm")).isEqualTo(1);
        assertThat(scrape.all("rawcow_backing_up", "image=done")).isEmpty();
        assertThat(scrape.value("rawcow_backing_errors_total", "image=dying"))
                .isEqualTo(service.get("/v1/images/dying/counters")
                        .at("/backing/errors")
                        .asDouble())
                .isPositive();
        assertThat(scrape.value("rawcow_nbd_requests_total", "export=dying", "cmd=read", "result=eio"))
                .isEqualTo(1);
    }

    @Test
    void jobThatMeetsAnErrorFails() {
        Scrape scrape = service.scrape();

        assertThat(scrape.value("rawcow_job_failed", "image=dying")).isEqualTo(1);
        assertThat(scrape.value("rawcow_stream_errors_total", "image=dying", "side=source", "class=io_error"))
                .isPositive();
    }

    @Test
    void certificateRunsOutWhenItSays() throws Exception {
        try (InputStream pem = Files.newInputStream(folder.resolve("server-cert.pem"))) {
            var certificate =
                    (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(pem);

            assertThat(service.scrape().value("rawcow_tls_certificate_expiry_timestamp_seconds", "listener=nbd"))
                    .isEqualTo((double) certificate.getNotAfter().toInstant().getEpochSecond());
        }
    }

    @Test
    void seriesGoWithTheirExportAndTheirImage() {
        service.export("brief", "small.img");
        service.stream("brief", 4096);
        assertThat(service.scrape().text()).contains("export=\"brief\"", "image=\"brief\"", "id=\"brief-stream\"");

        service.delete("/v1/exports/brief");

        Scrape withoutExport = service.scrape();
        assertThat(withoutExport.text()).doesNotContain("export=\"brief\"");
        assertThat(withoutExport.value("rawcow_image_state", "image=brief", "state=cow"))
                .isEqualTo(1);

        service.post("/v1/jobs/brief-stream/cancel");
        service.get("/v1/jobs/brief-stream?wait=30s");
        assertThat(service.scrape().all("rawcow_stream_rate_bytes_per_second", "image=brief"))
                .isEmpty();
        service.delete("/v1/images/brief");

        assertThat(service.scrape().text()).doesNotContain("brief");
    }

    @Test
    void scraperMayChooseMetricsAndFormat() {
        var one = service.prometheus("?includedNames=rawcow_backing_up", "text/plain");
        assertThat(one.statusCode()).isEqualTo(200);
        assertThat(Scrape.of(one.body()).types()).containsOnlyKeys("rawcow_backing_up");

        var open = service.prometheus("", "application/openmetrics-text; version=1.0.0");
        assertThat(open.statusCode()).isEqualTo(200);
        assertThat(open.body()).endsWith("# EOF\n").contains("# TYPE rawcow_build info", "rawcow_build_info{");
    }

    @Test
    void frameworksOwnMetricsAreThereTooExceptForADisks() {
        assertThat(service.prometheus("", "text/plain").body())
                .doesNotContain("\ndisk_")
                .contains(
                        "\nprocess_start_time_seconds ", "\njvm_memory_used_bytes{", "\nhttp_server_requests_seconds_");
    }
}
