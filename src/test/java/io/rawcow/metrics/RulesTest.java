package io.rawcow.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** What promtool does not ask of the alert rules; it runs in {@code scripts/monitoring.sh}. */
class RulesTest {
    private static final Path RUNBOOKS = Path.of("docs/runbooks");
    private static final Path INDEX = RUNBOOKS.resolve("README.md");
    private static final Path TESTS = Path.of("src/test/prometheus/rawcow.rules.test.yml");

    private static Set<String> names() throws IOException {
        return AlertRules.all().stream().map(AlertRules::nameOf).collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void everyAlertSaysHowBadItIsAndWhatItMeans() throws Exception {
        for (JsonNode rule : AlertRules.all()) {
            String name = AlertRules.nameOf(rule);
            assertThat(name).startsWith("RawCow");
            assertThat(rule.at("/labels/severity").asString()).as(name).isIn("critical", "warning", "info");
            assertThat(rule.at("/annotations/summary").asString()).as(name).isNotBlank();
            assertThat(rule.at("/annotations/description").asString()).as(name).endsWith(".");
            assertThat(rule.at("/annotations/runbook_url").asString())
                    .as(name)
                    .isEqualTo(RUNBOOKS.resolve(name + ".md").toString());
        }
    }

    @Test
    void everyAlertHasARunbookAndEveryRunbookAnAlert() throws Exception {
        try (Stream<Path> files = Files.list(RUNBOOKS)) {
            assertThat(files.filter(file -> !file.equals(INDEX))
                            .map(file -> file.getFileName().toString().replace(".md", "")))
                    .containsExactlyInAnyOrderElementsOf(names());
        }
        String index = Files.readString(INDEX);
        for (String name : names()) {
            assertThat(index).contains("[%1$s](%1$s.md)".formatted(name));
        }
    }

    @Test
    void everyRunbookAnswersTheSameQuestions() throws Exception {
        for (String name : names()) {
            List<String> headings = Files.readAllLines(RUNBOOKS.resolve(name + ".md")).stream()
                    .filter(line -> line.startsWith("#"))
                    .toList();
            assertThat(headings)
                    .as(name)
                    .containsExactly(
                            "# " + name,
                            "## What it means",
                            "## What guests feel",
                            "## Look at",
                            "## Do",
                            "## When it clears");
        }
    }

    @Test
    void everyAlertIsTestedFiringAndQuiet() throws Exception {
        var firing = new TreeSet<String>();
        var quiet = new TreeSet<String>();
        AlertRules.yaml(TESTS)
                .get("tests")
                .valueStream()
                .flatMap(group -> group.get("alert_rule_test").valueStream())
                .forEach(test -> {
                    JsonNode expected = test.get("exp_alerts");
                    String name = test.get("alertname").asString();
                    if (expected.isEmpty()) {
                        quiet.add(name);
                    }
                    expected.forEach(alert ->
                            firing.add(name + alert.at("/exp_labels/severity").asString()));
                });

        assertThat(quiet).containsExactlyElementsOf(names());
        assertThat(firing)
                .containsExactlyInAnyOrderElementsOf(AlertRules.all().stream()
                        .map(rule -> AlertRules.nameOf(rule)
                                + rule.at("/labels/severity").asString())
                        .toList());
    }

    @Test
    void everyMetricIsDocumented() throws Exception {
        for (JsonNode rule : AlertRules.all()) {
            assertThat(MetricNames.unknownIn(AlertRules.expressionOf(rule)))
                    .as(AlertRules.nameOf(rule))
                    .isEmpty();
        }
    }
}
