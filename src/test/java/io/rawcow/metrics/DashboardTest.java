package io.rawcow.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** What the types of Grafana do not ask of the dashboard; they are held against it in {@code scripts/monitoring.sh}. */
class DashboardTest {
    private static final int WIDTH = 24;
    private static final Pattern COUNTER = Pattern.compile("(\\w*)\\(?\\b\\w+_(total|count|sum|bucket)\\b");
    private static final Pattern SELECTOR = Pattern.compile("\\b(rawcow|jvm|process|http)_[a-z_]+\\{([^}]*)}");
    /** Over all images at once. */
    private static final Pattern AGGREGATED = Pattern.compile("^sum by \\((le|instance, kind)\\)");

    private static final Pattern FEW =
            Pattern.compile("(.* > 0\nand on \\(instance, image\\) )?(top|bottom)k\\(20,\\s.*", Pattern.DOTALL);
    private static final Pattern METRIC = Pattern.compile("\\b(rawcow|jvm|process|http)_[a-z_]+");

    private static Dashboard dashboard;

    @BeforeAll
    static void read() throws Exception {
        dashboard = Dashboard.read();
    }

    @Test
    void oneChoosesSourceInstancesAndImages() {
        assertThat(dashboard.variable("datasource").get("type").asString()).isEqualTo("datasource");
        for (String name : List.of("instance", "image")) {
            JsonNode variable = dashboard.variable(name);
            assertThat(variable.get("multi").asBoolean()).isTrue();
            assertThat(variable.get("includeAll").asBoolean()).isTrue();
        }
    }

    @Test
    void itHasAFixedIdAndItsRows() {
        assertThat(dashboard.root().get("uid").asString()).isEqualTo("rawcow");
        assertThat(dashboard.rows().stream().map(Dashboard::titleOf))
                .containsExactly("Fleet", "Images: $image", "NBD", "Service", "JVM");
    }

    @Test
    void panelsHaveAnIdOfTheirOwnAndSayWhatTheyShow() {
        var ids = new HashSet<Integer>();
        for (JsonNode panel : dashboard.panels()) {
            assertThat(ids.add(panel.get("id").asInt()))
                    .as("%s", panel.get("id"))
                    .isTrue();
            assertThat(Dashboard.titleOf(panel)).isNotBlank();
            assertThat(panel.get("description").asString())
                    .as(Dashboard.titleOf(panel))
                    .endsWith(".");
        }
    }

    @Test
    void numbersHaveAUnit() {
        for (JsonNode panel : dashboard.panels()) {
            String type = panel.get("type").asString();
            assertThat(type).isIn("stat", "timeseries", "table", "state-timeline", "heatmap");
            if (type.equals("stat") || type.equals("timeseries")) {
                assertThat(panel.at("/fieldConfig/defaults/unit").asString())
                        .as(Dashboard.titleOf(panel))
                        .isNotBlank();
            }
        }
    }

    @Test
    void panelsLieSideBySide() {
        Set<String> taken = new HashSet<>();
        Stream.concat(dashboard.panels().stream(), dashboard.rows().stream()).forEach(panel -> {
            JsonNode place = panel.get("gridPos");
            int left = place.get("x").asInt();
            int top = place.get("y").asInt();
            assertThat(left + place.get("w").asInt()).isLessThanOrEqualTo(WIDTH);
            for (int x = left; x < left + place.get("w").asInt(); x++) {
                for (int y = top; y < top + place.get("h").asInt(); y++) {
                    assertThat(taken.add(x + "," + y))
                            .as("%s at %d,%d", Dashboard.titleOf(panel), x, y)
                            .isTrue();
                }
            }
        });
    }

    @Test
    void everyTargetAsksTheChosenSource() {
        for (JsonNode panel : dashboard.panels()) {
            assertThat(panel.get("targets").size()).as(Dashboard.titleOf(panel)).isPositive();
            for (JsonNode target : panel.get("targets")) {
                assertThat(target.get("expr").asString()).isNotBlank();
                assertThat(target.at("/datasource/uid").asString()).isEqualTo("${datasource}");
            }
        }
    }

    @Test
    void everySelectorIsForTheChosenInstancesAndImages() {
        for (Dashboard.Query query : dashboard.queries()) {
            var selectors = SELECTOR.matcher(query.expression()).results().toList();
            assertThat(selectors)
                    .as(query.where())
                    .hasSameSizeAs(METRIC.matcher(query.expression()).results().toList());
            assertThat(selectors)
                    .as(query.where())
                    .allMatch(match -> match.group(2).contains("instance=~\"$instance\""));
        }
    }

    @Test
    void whoPicksAnImageSeesTheRestOfTheFleetStill() {
        assertThat(Dashboard.queries(dashboard.panelsIn("Fleet")))
                .allMatch(query -> !query.expression().contains("$image"));
    }

    /** A thousand images, each with lines of its own, are no picture. */
    @Test
    void panelsOfImagesAndExportsDrawAFewOfThem() {
        List<JsonNode> many = new ArrayList<>(dashboard.panelsIn("Images: $image"));
        many.addAll(dashboard.panelsIn("NBD"));

        for (Dashboard.Query query : Dashboard.queries(many)) {
            assertThat(query.expression()).as(query.where()).contains("$instance");
            if (!AGGREGATED.matcher(query.expression()).find()) {
                assertThat(query.expression()).as(query.where()).matches(FEW);
            }
        }
    }

    @Test
    void countersAreRates() {
        for (Dashboard.Query query : dashboard.queries()) {
            assertThat(COUNTER.matcher(query.expression()).results())
                    .as(query.where())
                    .allMatch(match ->
                            match.group(1).equals("rate") || match.group(1).equals("increase"));
        }
    }

    @Test
    void everyMetricIsDocumented() throws Exception {
        for (Dashboard.Query query : dashboard.queries()) {
            assertThat(MetricNames.unknownIn(query.expression()))
                    .as(query.where())
                    .isEmpty();
        }
    }

    /** Who is alerted finds on the dashboard what the alert saw. */
    @Test
    void whatIsAlertedIsShown() throws Exception {
        var shown = new TreeSet<String>();
        dashboard.queries().forEach(query -> shown.addAll(MetricNames.in(query.expression())));

        for (JsonNode rule : AlertRules.all()) {
            assertThat(shown).as(AlertRules.nameOf(rule)).containsAll(MetricNames.in(AlertRules.expressionOf(rule)));
        }
    }
}
