package io.rawcow.image;

import io.rawcow.block.BlockException;
import io.rawcow.image.CheckReport.Finding;
import io.rawcow.image.CheckReport.Severity;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Collects what a check finds. For one thread. */
final class Findings {
    private final Map<Severity, List<Finding>> kept = new EnumMap<>(Severity.class);
    private final Map<Severity, Long> counts = new EnumMap<>(Severity.class);

    void add(Severity severity, String code, String detail) {
        add(severity, code, detail, null);
    }

    void add(Severity severity, String code, String detail, @Nullable Long offset) {
        counts.merge(severity, 1L, Long::sum);
        List<Finding> same = kept.computeIfAbsent(severity, _ -> new ArrayList<>());
        if (same.size() < CheckReport.MOST_FINDINGS) {
            same.add(new Finding(code, severity, detail, offset));
        }
    }

    /** A check that could not be done. */
    void unchecked(String code, BlockException why) {
        add(Severity.ERROR, code, String.valueOf(why.getMessage()));
    }

    CheckReport report(String format, long sectorsTotal, long sectorsAllocated) {
        List<Finding> gravestFirst = kept.values().stream()
                .flatMap(List::stream)
                .sorted(Comparator.comparing(Finding::severity))
                .limit(CheckReport.MOST_FINDINGS)
                .toList();
        return new CheckReport(
                format,
                count(Severity.ERROR),
                count(Severity.CORRUPTION),
                count(Severity.LEAK),
                sectorsTotal,
                sectorsAllocated,
                gravestFirst);
    }

    private long count(Severity severity) {
        return counts.getOrDefault(severity, 0L);
    }
}
