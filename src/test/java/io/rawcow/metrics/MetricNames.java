package io.rawcow.metrics;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Names of our metrics, where they are promised and where they are used. */
final class MetricNames {
    private static final Path DOCUMENT = Path.of("docs/metrics.md");
    private static final Pattern DOCUMENTED = Pattern.compile("(?m)^\\|\\s*`(rawcow_[a-z_]+)");
    private static final Pattern USED = Pattern.compile("\\brawcow_[a-z_]+");
    private static final Pattern PART = Pattern.compile("_(bucket|count|sum)$");

    private MetricNames() {}

    /** The first column of the tables in the document. */
    static Set<String> documented() throws IOException {
        return DOCUMENTED
                .matcher(Files.readString(DOCUMENT))
                .results()
                .map(match -> match.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Those that an expression uses, as they stand there. */
    private static Set<String> usedIn(String expression) {
        return USED.matcher(expression)
                .results()
                .map(MatchResult::group)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Those that an expression uses and the document does not have, neither alone nor as part of a histogram. */
    static Set<String> unknownIn(String expression) throws IOException {
        Set<String> known = documented();
        Set<String> unknown = usedIn(expression);
        unknown.removeIf(name ->
                known.contains(name) || known.contains(PART.matcher(name).replaceFirst("")));
        return unknown;
    }

    /** Those that an expression uses, histograms under their own name. */
    static Set<String> in(String expression) {
        return usedIn(expression).stream()
                .map(name -> PART.matcher(name).replaceFirst(""))
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
