package io.rawcow.metrics;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The alert rules as their users get them. */
final class AlertRules {
    static final Path FILE = Path.of("helm/rawcow/files/rawcow.rules.yml");

    private AlertRules() {}

    static JsonNode yaml(Path file) throws IOException {
        try (Reader reader = Files.newBufferedReader(file)) {
            Object read = new Yaml(new SafeConstructor(new LoaderOptions())).load(reader);
            return new JsonMapper().valueToTree(read);
        }
    }

    static List<JsonNode> all() throws IOException {
        return yaml(FILE)
                .get("groups")
                .valueStream()
                .flatMap(group -> group.get("rules").valueStream())
                .toList();
    }

    static String nameOf(JsonNode rule) {
        return rule.get("alert").asString();
    }

    static String expressionOf(JsonNode rule) {
        return rule.get("expr").asString();
    }
}
