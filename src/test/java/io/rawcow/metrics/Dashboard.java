package io.rawcow.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The dashboard as Grafana gets it. */
final class Dashboard {
    private static final Path FILE = Path.of("helm/rawcow/files/rawcow.dashboard.json");

    /** A query of a panel; {@code where} is for people. */
    record Query(String where, String expression) {}

    private final JsonNode root;

    private Dashboard(JsonNode root) {
        this.root = root;
    }

    static Dashboard read() throws IOException {
        return new Dashboard(new JsonMapper().readTree(Files.readString(FILE)));
    }

    JsonNode root() {
        return root;
    }

    List<JsonNode> rows() {
        return all().filter(Dashboard::isRow).toList();
    }

    /** Without rows. */
    List<JsonNode> panels() {
        return all().filter(panel -> !isRow(panel)).toList();
    }

    /** Panels lie side by side with the rows' headings; a row that is folded up would hold its own. */
    private Stream<JsonNode> all() {
        return root.get("panels").valueStream();
    }

    /** Those below a row's heading, until the next one. */
    List<JsonNode> panelsIn(String row) {
        List<JsonNode> found = all().dropWhile(
                        panel -> !isRow(panel) || !titleOf(panel).equals(row))
                .skip(1)
                .takeWhile(panel -> !isRow(panel))
                .toList();
        assertThat(found).as(row).isNotEmpty();
        return found;
    }

    private static boolean isRow(JsonNode panel) {
        return panel.get("type").asString().equals("row");
    }

    static String titleOf(JsonNode panel) {
        return panel.get("title").asString();
    }

    List<Query> queries() {
        return queries(panels());
    }

    static List<Query> queries(List<JsonNode> panels) {
        return panels.stream()
                .flatMap(panel -> panel.get("targets")
                        .valueStream()
                        .map(target -> new Query(
                                titleOf(panel) + " " + target.get("refId").asString(),
                                target.get("expr").asString())))
                .toList();
    }

    JsonNode variable(String name) {
        return root.at("/templating/list")
                .valueStream()
                .filter(variable -> variable.get("name").asString().equals(name))
                .findAny()
                .orElseThrow();
    }
}
