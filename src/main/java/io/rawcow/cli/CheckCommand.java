package io.rawcow.cli;

import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import io.rawcow.image.CheckReport;
import io.rawcow.image.CheckReport.Finding;
import io.rawcow.image.CheckReport.Severity;
import io.rawcow.image.ImageCheck;
import io.rawcow.posix.PosixException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "check",
        description = {
            "Look for faults in an image, changing nothing.",
            "Exit codes: 0 none; 1 the check could not be done; 2 data is in danger; 3 files or space that nobody "
                    + "needs; 63 the format has nothing to check."
        },
        footer = {"  rawcow check vm.raw-cow", "  rawcow check --output=json vm.raw-cow | jq .findings"})
final class CheckCommand extends InspectionCommand {
    @Option(names = "-q", description = "Print errors only.")
    private boolean quiet;

    @Parameters(paramLabel = "FILE", description = "The sidecar.")
    private String file = "";

    @Override
    int run() throws BlockException, PosixException, CommandFailure {
        String name = require(file);
        CheckReport report = check(name);
        if (report == null || report.format().equals("raw")) {
            err().println("rawcow: This image format does not support checks");
            return ExitCode.CHECK_UNSUPPORTED;
        }
        if (wantsJson()) {
            out().println(Json.write(json(name, report)));
        } else {
            human(report);
        }
        return report.checkErrors() > 0
                ? ExitCode.FAILED
                : report.corruptions() > 0 ? ExitCode.CORRUPTIONS : report.leaks() > 0 ? ExitCode.LEAKS : ExitCode.OK;
    }

    /** Null for a format that is not ours. */
    private @Nullable CheckReport check(String name) throws BlockException, PosixException, CommandFailure {
        try (Workspace workspace = Workspace.open()) {
            return ImageCheck.check(workspace.roots(), workspace.locate(name), live(), format());
        } catch (BlockException e) {
            if (e.kind() == FaultKind.BACKING_FORMAT_UNCLEAR) {
                return null;
            }
            throw e;
        }
    }

    private static Map<String, Object> json(String name, CheckReport report) {
        var json = new LinkedHashMap<String, Object>();
        json.put("filename", name);
        json.put("format", report.format());
        json.put("check-errors", report.checkErrors());
        json.put("corruptions", report.corruptions());
        json.put("leaks", report.leaks());
        json.put("total-clusters", report.sectorsTotal());
        json.put("allocated-clusters", report.sectorsAllocated());
        json.put("findings", report.findings().stream().map(CheckCommand::json).toList());
        return json;
    }

    private static Map<String, Object> json(Finding finding) {
        var json = new LinkedHashMap<String, Object>();
        json.put("code", finding.code());
        json.put("severity", finding.severity().word());
        json.put("detail", finding.detail());
        if (finding.offset() != null) {
            json.put("offset", finding.offset());
        }
        return json;
    }

    private void human(CheckReport report) {
        for (Finding finding : report.findings()) {
            String line = label(finding.severity()) + " " + finding.detail()
                    + (finding.offset() == null ? "" : " offset=" + finding.offset());
            if (finding.severity() == Severity.LEAK || finding.severity() == Severity.NOTE) {
                say(line);
            } else {
                err().println(line);
            }
        }
        summary(report).forEach(this::say);
    }

    private void say(String line) {
        if (!quiet) {
            out().println(line);
        }
    }

    private static String label(Severity severity) {
        return switch (severity) {
            case ERROR -> "ERROR, not checked:";
            case CORRUPTION -> "ERROR";
            case LEAK -> "Leaked:";
            case NOTE -> "Note:";
        };
    }

    /** In qemu-img's words. */
    private static List<String> summary(CheckReport report) {
        var lines = new java.util.ArrayList<String>();
        if (report.checkErrors() + report.corruptions() + report.leaks() == 0) {
            lines.add("No errors were found on the image.");
        }
        if (report.corruptions() > 0) {
            lines.add("%n%d errors were found on the image.%n".formatted(report.corruptions())
                    + "Data may be corrupted, or further writes to the image may corrupt it.");
        }
        if (report.leaks() > 0) {
            lines.add("%n%d leaks were found on the image.%n".formatted(report.leaks())
                    + "This means waste of disk space, but no harm to data.");
        }
        if (report.checkErrors() > 0) {
            lines.add("%n%d internal errors have occurred during the check.".formatted(report.checkErrors()));
        }
        if (report.sectorsTotal() > 0) {
            lines.add(String.format(
                    Locale.ROOT,
                    "%d/%d = %.2f%% allocated",
                    report.sectorsAllocated(),
                    report.sectorsTotal(),
                    100.0 * report.sectorsAllocated() / report.sectorsTotal()));
        }
        return lines;
    }
}
