package io.rawcow.chart;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The chart's values, their schema and their documentation are one list. */
class ChartValuesTest {
    private static final Pattern ROW =
            Pattern.compile("^\\| `([A-Za-z_.]+)` \\| `(.*)` \\| (.+) \\|$", Pattern.MULTILINE);
    private static final Pattern APP_VERSION = Pattern.compile("^appVersion: (\\S+)$", Pattern.MULTILINE);
    private static final Pattern PROJECT_VERSION =
            Pattern.compile("<artifactId>rawcow</artifactId>\\s*<version>([^<]+)</version>");
    private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();

    @Test
    void everyValueIsDocumentedWithItsDefault() throws IOException {
        Map<String, JsonElement> documented = ROW.matcher(read("README.md"))
                .results()
                .collect(Collectors.toMap(
                        row -> row.group(1), row -> JsonParser.parseString(row.group(2)), (a, b) -> a, TreeMap::new));

        assertThat(documented).isEqualTo(values());
    }

    @Test
    void theSchemaKnowsEveryValue() throws IOException {
        JsonObject schema = schema();
        for (String name : values().keySet()) {
            JsonObject at = schema;
            for (String part : name.split("\\.", -1)) {
                at = property(schema, at, part);
                assertThat(at).as(name).isNotNull();
            }
        }
    }

    @Test
    void theSchemaLeavesNoObjectOpen() throws IOException {
        List<String> open = new ArrayList<>();
        findOpen("", schema(), open);

        // What other charts share, and three objects of Kubernetes that are as they are.
        assertThat(open)
                .containsExactlyInAnyOrder(
                        ".properties.global",
                        ".properties.affinity.properties.nodeAffinity",
                        ".properties.affinity.properties.podAffinity",
                        ".properties.affinity.properties.podAntiAffinity");
    }

    @Test
    void theChartIsOfThisVersionOfTheService() throws IOException {
        var application = APP_VERSION.matcher(read("Chart.yaml"));
        var project = PROJECT_VERSION.matcher(Files.readString(Path.of("pom.xml")));

        assertThat(application.find()).isTrue();
        assertThat(project.find()).isTrue();
        assertThat(application.group(1)).isEqualTo(project.group(1));
    }

    private static String read(String name) throws IOException {
        return Files.readString(Chart.FOLDER.resolve(name));
    }

    private static JsonObject schema() throws IOException {
        return JsonParser.parseString(read("values.schema.json")).getAsJsonObject();
    }

    /** The leaves of values.yaml by their paths; empty objects are leaves. */
    private static Map<String, JsonElement> values() throws IOException {
        Map<String, JsonElement> leaves = new TreeMap<>();
        collect("", GSON.toJsonTree(Chart.documents(read("values.yaml")).getFirst()), leaves);
        return leaves;
    }

    private static void collect(String path, JsonElement value, Map<String, JsonElement> leaves) {
        if (!value.isJsonObject() || value.getAsJsonObject().isEmpty()) {
            leaves.put(path, value);
            return;
        }
        value.getAsJsonObject()
                .entrySet()
                .forEach(entry -> collect(
                        path.isEmpty() ? entry.getKey() : path + "." + entry.getKey(), entry.getValue(), leaves));
    }

    /** What a schema says of a property; null if that is nothing. */
    private static JsonObject property(JsonObject root, JsonObject schema, String name) {
        JsonObject object = resolve(root, schema);
        if (object.has("properties") && object.getAsJsonObject("properties").has(name)) {
            return resolve(root, object.getAsJsonObject("properties").getAsJsonObject(name));
        }
        JsonElement others = object.get("additionalProperties");
        return others != null && others.isJsonObject() ? resolve(root, others.getAsJsonObject()) : null;
    }

    private static JsonObject resolve(JsonObject root, JsonObject schema) {
        if (!schema.has("$ref")) {
            return schema;
        }
        String name = schema.get("$ref").getAsString().replace("#/definitions/", "");
        return root.getAsJsonObject("definitions").getAsJsonObject(name);
    }

    private static void findOpen(String path, JsonElement schema, List<String> open) {
        if (!schema.isJsonObject()) {
            return;
        }
        JsonObject object = schema.getAsJsonObject();
        JsonElement type = object.get("type");
        if (type != null && type.isJsonPrimitive() && type.getAsString().equals("object")) {
            JsonElement others = object.get("additionalProperties");
            if (others == null || others.equals(new JsonPrimitive(true))) {
                open.add(path);
            }
        }
        object.entrySet().forEach(entry -> findOpen(path + "." + entry.getKey(), entry.getValue(), open));
    }
}
