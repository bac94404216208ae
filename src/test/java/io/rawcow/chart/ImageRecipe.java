package io.rawcow.chart;

import com.google.gson.JsonArray;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.StreamSupport;

/** What the {@code Dockerfile} gives the image that the chart runs: its last {@code ENV} and {@code ENTRYPOINT}. */
final class ImageRecipe {
    private ImageRecipe() {}

    /** The environment, which the service places above any file that {@code --config} names. */
    static Map<String, String> environment() throws IOException {
        Map<String, String> variables = new TreeMap<>();
        for (String pair : last("ENV ").split(" ", -1)) {
            String[] parts = pair.split("=", 2);
            variables.put(parts[0], parts[1]);
        }
        return variables;
    }

    static List<String> entryPoint() throws IOException {
        JsonArray words = JsonParser.parseString(last("ENTRYPOINT ")).getAsJsonArray();
        return StreamSupport.stream(words.spliterator(), false)
                .map(word -> word.getAsString())
                .toList();
    }

    private static String last(String instruction) throws IOException {
        return Files.readAllLines(Path.of("Dockerfile")).stream()
                .filter(line -> line.startsWith(instruction))
                .toList()
                .getLast()
                .substring(instruction.length());
    }
}
