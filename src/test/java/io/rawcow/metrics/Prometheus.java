package io.rawcow.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.rawcow.testing.Tool;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A real Prometheus that scrapes one service every second, and a client of its interface. */
final class Prometheus implements AutoCloseable {
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final Pattern LISTENING = Pattern.compile("msg=\"Listening on\" address=(\\S+)");
    private static final JsonMapper JSON = new JsonMapper();
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private final Tool server;
    private final URI base;

    private Prometheus(Tool server, URI base) {
        this.server = server;
        this.base = base;
    }

    /**
     * Starts it on a free port of the loopback and waits until it has scraped the service.
     *
     * @param rules the text of a rule file
     */
    static Prometheus start(Path folder, URI service, String rules) throws Exception {
        Files.writeString(folder.resolve("test.rules.yml"), rules);
        Path configuration = Files.writeString(folder.resolve("prometheus.yml"), """
                global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
                rule_files: [test.rules.yml]
                scrape_configs:
                  - job_name: vms
                    metrics_path: /actuator/prometheus
                    static_configs: [{targets: ["%s"]}]
                """.formatted(service.getAuthority()));
        Tool server = Tool.start(
                folder,
                List.of(
                        "prometheus",
                        "--config.file=" + configuration,
                        "--storage.tsdb.path=" + folder.resolve("prometheus"),
                        "--web.listen-address=127.0.0.1:0"));
        try {
            await().atMost(SOON).until(() -> LISTENING.matcher(server.output()).find());
            var found = LISTENING.matcher(server.output()).results().findFirst().orElseThrow();
            var prometheus = new Prometheus(server, URI.create("http://" + found.group(1)));
            await().atMost(SOON).until(() -> prometheus.query("up == 1").size() == 1);
            return prometheus;
        } catch (Exception | AssertionError e) {
            e.addSuppressed(new AssertionError(server.output()));
            server.close();
            throw e;
        }
    }

    /** What an expression is at this moment; one that it cannot parse is an error. */
    JsonNode query(String expression) throws IOException, InterruptedException {
        JsonNode answer = get("query?query=" + URLEncoder.encode(expression, StandardCharsets.UTF_8));
        assertThat(answer.get("status").asString())
                .as("%s: %s", expression, answer)
                .isEqualTo("success");
        return answer.at("/data/result");
    }

    boolean hasDataFor(String expression) throws IOException, InterruptedException {
        return !query(expression).isEmpty();
    }

    /** The values of a label, as the variables of a dashboard are filled. */
    List<String> labelValues(String label, String selector) throws IOException, InterruptedException {
        String match = URLEncoder.encode(selector, StandardCharsets.UTF_8);
        return get("label/" + label + "/values?match[]=" + match)
                .get("data")
                .valueStream()
                .map(JsonNode::asString)
                .toList();
    }

    /** Names of the alerts that fire. */
    Set<String> firing() throws IOException, InterruptedException {
        return alerts(alert -> alert.get("state").asString().equals("firing"));
    }

    /** Names of the alerts that fire, and of those whose condition holds but not for long enough. */
    Set<String> active() throws IOException, InterruptedException {
        return alerts(_ -> true);
    }

    private Set<String> alerts(Predicate<JsonNode> which) throws IOException, InterruptedException {
        var names = new TreeSet<String>();
        get("alerts")
                .at("/data/alerts")
                .valueStream()
                .filter(which)
                .forEach(alert -> names.add(alert.at("/labels/alertname").asString()));
        return names;
    }

    private JsonNode get(String path) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(base.resolve("/api/v1/" + path.replace("[]", "%5B%5D")))
                .timeout(SOON)
                .build();
        return JSON.readTree(HTTP.send(request, BodyHandlers.ofString()).body());
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
