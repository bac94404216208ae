package io.rawcow.cli;

import io.rawcow.stream.JobSnapshot;
import io.rawcow.stream.JobStatus;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** How far a stream is: a line that is drawn over and over on a terminal, or a line now and then elsewhere. */
final class ProgressLine {
    private static final int CELLS = 12; // with the rest it fits 80 columns
    private static final long NANOS_BETWEEN_LINES = Duration.ofSeconds(5).toNanos();

    private final PrintWriter out;
    private final boolean terminal;
    private int width;
    private long shownAtNanos;
    private @Nullable String shown;

    /** @param terminal whether a line can be drawn over */
    ProgressLine(PrintWriter out, boolean terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    void update(JobSnapshot job, long nanoTime) {
        if (terminal) {
            draw(bar(job) + tail(job));
        } else if (shown == null || nanoTime - shownAtNanos >= NANOS_BETWEEN_LINES) {
            shownAtNanos = nanoTime;
            printLine(percent(job) + tail(job));
        }
    }

    /** The last state, which stays. */
    void finish(JobSnapshot job) {
        if (terminal) {
            draw(bar(job) + tail(job));
            end();
        } else {
            printLine(percent(job) + tail(job));
        }
    }

    /** Leaves what was drawn as it is; what follows begins a line of its own. */
    void end() {
        if (terminal && width > 0) {
            out.println();
            out.flush();
            width = 0;
        }
    }

    private void printLine(String line) {
        if (!line.equals(shown)) {
            shown = line;
            out.println(line);
            out.flush();
        }
    }

    private void draw(String line) {
        out.print("\r" + line + " ".repeat(Math.max(0, width - line.length())));
        out.flush();
        width = line.length();
    }

    private static String bar(JobSnapshot job) {
        int filled = (int) (job.progress() * CELLS);
        return "[" + "#".repeat(filled) + ".".repeat(CELLS - filled) + "]" + percent(job);
    }

    private static String percent(JobSnapshot job) {
        return String.format(Locale.ROOT, "    (%.2f/100%%)", job.progress() * 100);
    }

    private static String tail(JobSnapshot job) {
        var tail = new StringBuilder("  ")
                .append(ByteSize.words(job.currentProgress()))
                .append(" of ")
                .append(ByteSize.words(job.totalProgress()));
        if (job.status() == JobStatus.RUNNING) {
            tail.append(", ").append(ByteSize.words(job.rate())).append("/s");
            if (job.etaSeconds() != null && job.currentProgress() < job.totalProgress()) {
                tail.append(", ").append(words(job.etaSeconds())).append(" left");
            }
        }
        return tail.toString();
    }

    /** As 4:05 or 1:02:03. */
    static String words(long seconds) {
        return seconds >= 3600
                ? "%d:%02d:%02d".formatted(seconds / 3600, seconds / 60 % 60, seconds % 60)
                : "%d:%02d".formatted(seconds / 60, seconds % 60);
    }
}
