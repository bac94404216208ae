package io.rawcow.image;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a check has found, counted in the words of {@code qemu-img check}.
 *
 * @param format {@code raw-cow} with a sidecar, {@code raw} without
 * @param checkErrors checks that could not be done
 * @param corruptions faults that endanger data
 * @param leaks things that take space and are not needed; harmless
 * @param sectorsTotal 0 if the header cannot be read
 * @param sectorsAllocated bits that are set and saved
 * @param findings the gravest first, at most {@link #MOST_FINDINGS}; the counts have all
 */
public record CheckReport(
        String format,
        long checkErrors,
        long corruptions,
        long leaks,
        long sectorsTotal,
        long sectorsAllocated,
        List<Finding> findings) {

    public static final int MOST_FINDINGS = 1000;

    /** Which count a finding is in. A note is in none. */
    public enum Severity {
        ERROR,
        CORRUPTION,
        LEAK,
        NOTE;

        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * One thing that was found.
     *
     * @param code for programs: lower case with underscores
     * @param detail for people, with the file's name
     * @param offset where in that file; null if it has no place
     */
    public record Finding(
            String code,
            Severity severity,
            String detail,
            @Nullable Long offset) {}

    public CheckReport {
        findings = List.copyOf(findings);
    }
}
