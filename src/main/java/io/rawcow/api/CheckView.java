package io.rawcow.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.rawcow.image.CheckReport;
import io.rawcow.image.CheckReport.Severity;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The report of a check, counted in the words of {@code qemu-img check --output=json}. */
record CheckView(
        String image,
        String format,
        long checkErrors,
        long corruptions,
        long leaks,
        long sectorsTotal,
        long sectorsAllocated,
        List<Finding> findings) {

    /** One thing that was found; without a place in the file {@code offset} is left out. */
    record Finding(
            String code,
            Severity severity,
            String detail,

            @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            Long offset) {}

    static CheckView of(String image, CheckReport report) {
        return new CheckView(
                image,
                report.format(),
                report.checkErrors(),
                report.corruptions(),
                report.leaks(),
                report.sectorsTotal(),
                report.sectorsAllocated(),
                report.findings().stream()
                        .map(found -> new Finding(found.code(), found.severity(), found.detail(), found.offset()))
                        .toList());
    }
}
