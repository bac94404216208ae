package io.rawcow.chart;

import io.rawcow.testing.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.StreamSupport;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** The chart in {@code helm/rawcow}, rendered. */
final class Chart {
    static final Path FOLDER = Path.of("helm/rawcow").toAbsolutePath();

    private Chart() {}

    /** Renders the chart as release {@code test} with the newest Helm that it is for. */
    static List<Map<String, Object>> render(Path folder, List<String> options)
            throws IOException, InterruptedException {
        String helms =
                Tool.run(folder, Path.of("scripts/helm.sh").toAbsolutePath().toString());
        List<String> command = new ArrayList<>(List.of(helms.lines().toList().getLast()));
        command.addAll(List.of("template", "test", FOLDER.toString()));
        command.addAll(options);
        return documents(Tool.run(folder, "", command));
    }

    /** Renders what {@code scripts/chart.sh} has sets of values for, with every Helm: a file for each. */
    static void renderAll(Path folder) throws IOException, InterruptedException {
        Path script = Path.of("scripts/chart.sh").toAbsolutePath();
        Tool.run(Path.of("").toAbsolutePath(), script.toString(), "--render", folder.toString());
    }

    static List<Map<String, Object>> read(Path file) throws IOException {
        return documents(Files.readString(file));
    }

    /** YAML as the API server's clients read it: 1.1. A key that is there twice is refused. */
    @SuppressWarnings("unchecked")
    static List<Map<String, Object>> documents(String yaml) {
        var options = new LoaderOptions();
        options.setAllowDuplicateKeys(false);
        var all = new Yaml(new SafeConstructor(options)).loadAll(yaml);
        return StreamSupport.stream(all.spliterator(), false)
                .filter(Objects::nonNull)
                .map(document -> (Map<String, Object>) document)
                .toList();
    }
}
