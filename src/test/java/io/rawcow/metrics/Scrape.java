package io.rawcow.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What Prometheus reads, in its text format. */
record Scrape(String text, Map<String, String> types, Map<String, String> helps, List<Sample> samples) {
    private static final Pattern HEAD = Pattern.compile("# (TYPE|HELP) (\\S+) (.*)");
    private static final Pattern SAMPLE = Pattern.compile("([a-z_]+)(\\{.*})? (\\S+)");
    private static final Pattern LABEL = Pattern.compile("([a-z_]+)=\"([^\"]*)\"");
    private static final Pattern PART = Pattern.compile("_(bucket|count|sum)$");

    /** One line. */
    record Sample(String name, Map<String, String> labels, double value) {}

    /** The lines of our own metrics. */
    static Scrape of(String all) {
        String text =
                all.lines().filter(line -> line.matches("(# \\S+ )?rawcow_.*")).collect(Collectors.joining("\n"))
                        + "\n";
        var types = new TreeMap<String, String>();
        var helps = new TreeMap<String, String>();
        var samples = new ArrayList<Sample>();
        text.lines().forEach(line -> {
            Matcher head = HEAD.matcher(line);
            if (head.matches()) {
                (head.group(1).equals("TYPE") ? types : helps).put(head.group(2), head.group(3));
            } else {
                samples.add(sample(line));
            }
        });
        return new Scrape(text, types, helps, samples);
    }

    private static Sample sample(String line) {
        Matcher sample = SAMPLE.matcher(line);
        assertThat(sample.matches()).as(line).isTrue();
        var labels = new TreeMap<String, String>();
        if (sample.group(2) != null) {
            LABEL.matcher(sample.group(2)).results().forEach(label -> labels.put(label.group(1), label.group(2)));
        }
        return new Sample(sample.group(1), labels, Double.parseDouble(sample.group(3)));
    }

    /** The name that a sample's metric has: that of its histogram or summary, if it is a part of one. */
    String family(Sample sample) {
        return types.containsKey(sample.name())
                ? sample.name()
                : PART.matcher(sample.name()).replaceFirst("");
    }

    /** Names of the labels of a metric, without the one that makes a histogram. */
    Set<String> labels(String family) {
        var names = new TreeSet<String>();
        samples.stream()
                .filter(sample -> family(sample).equals(family))
                .forEach(sample -> names.addAll(sample.labels().keySet()));
        names.remove("le");
        return names;
    }

    /** @param labels as {@code image=vm}: those that a sample must have, among others */
    List<Sample> all(String name, String... labels) {
        return samples.stream()
                .filter(sample -> sample.name().equals(name))
                .filter(sample -> Arrays.stream(labels)
                        .map(label -> label.split("=", 2))
                        .allMatch(label -> label[1].equals(sample.labels().get(label[0]))))
                .toList();
    }

    /** The value of the only sample that has these labels. */
    double value(String name, String... labels) {
        List<Sample> found = all(name, labels);
        assertThat(found).as("%s %s", name, List.of(labels)).hasSize(1);
        return found.getFirst().value();
    }
}
