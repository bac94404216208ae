package io.rawcow.cli;

import io.rawcow.block.BlockException;
import io.rawcow.image.LiveImage;
import io.rawcow.stream.JobError;
import io.rawcow.stream.JobSnapshot;
import io.rawcow.stream.JobStatus;
import io.rawcow.stream.StreamJob;
import io.rawcow.stream.StreamRunner;
import io.rawcow.stream.StreamSettings;
import io.rawcow.stream.WrongJobStatusException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** One stream from its start to its end, or to the signal that ends the process. */
final class OfflineStream {
    private static final Duration GLANCE = Duration.ofMillis(200);
    private static final Duration BEFORE_RETRY = Duration.ofSeconds(5);
    /** How long threads that are in the middle of something may take before the bits are saved without them. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final LiveImage image;
    private final StreamJob job;
    private final StreamRunner runner;
    private final PrintWriter err;
    private final @Nullable ProgressLine line;
    private volatile boolean ending;

    /** @param line null to show no progress */
    OfflineStream(LiveImage image, StreamJob job, PrintWriter err, @Nullable ProgressLine line) {
        this.image = image;
        this.job = job;
        this.runner = new StreamRunner(job, "offline", StreamSettings.DEFAULT.workers());
        this.err = err;
        this.line = line;
    }

    /**
     * Streams and detaches.
     *
     * @param again what to call to go on after an interruption
     */
    void run(String again) throws CommandFailure {
        Thread onSignal = new Thread(() -> interrupted(again), "interrupted");
        Runtime.getRuntime().addShutdownHook(onSignal);
        try {
            runner.start();
            await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            removeHook(onSignal);
        }
        JobSnapshot end = job.snapshot();
        if (line != null) {
            line.finish(end);
        }
        JobError error = end.error();
        if (error != null || end.status() != JobStatus.CONCLUDED) {
            runner.halt(PATIENCE);
            String why = error == null ? "the stream was interrupted" : error.detail();
            throw new CommandFailure(why, "what was copied is kept; once that is mended, go on with: " + again);
        }
    }

    private static void removeHook(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The signal has come: it has the last word, and ends the process.
            waitForTheEnd();
        }
    }

    private static void waitForTheEnd() {
        while (true) {
            try {
                Thread.sleep(Duration.ofDays(1));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private void await() throws InterruptedException {
        while (true) {
            job.awaitRest(GLANCE);
            JobSnapshot now = job.snapshot();
            switch (now.status()) {
                case CONCLUDED -> {
                    return;
                }
                case PAUSED -> retry(now);
                case CREATED, RUNNING, PENDING, ABORTING -> {
                    if (line != null && !ending) {
                        line.update(now, System.nanoTime());
                    }
                }
            }
        }
    }

    private void retry(JobSnapshot paused) throws InterruptedException {
        if (line != null) {
            line.end();
        }
        JobError error = paused.error();
        err.println("rawcow: %s; trying again in %d seconds"
                .formatted(error == null ? "paused" : error.detail(), BEFORE_RETRY.toSeconds()));
        err.flush();
        Thread.sleep(BEFORE_RETRY);
        if (ending) {
            return;
        }
        try {
            job.resume();
        } catch (WrongJobStatusException e) {
            // It has moved on by itself: the next look tells where to.
            return;
        }
        runner.start();
    }

    /** The process is being ended: saves what there is and says how to go on. */
    private void interrupted(String again) {
        ending = true;
        runner.halt(PATIENCE);
        JobSnapshot now = job.snapshot();
        if (line != null) {
            line.end();
        }
        try {
            image.close();
            if (now.status() == JobStatus.CONCLUDED && now.error() == null) {
                err.println("rawcow: interrupted, but all was done already");
            } else {
                err.println(String.format(
                        Locale.ROOT,
                        "rawcow: interrupted at %.2f%%: what was copied is kept%nGo on with: %s",
                        now.progress() * 100,
                        again));
            }
        } catch (BlockException e) {
            err.println("rawcow: interrupted, and not all that was copied could be noted: " + e.getMessage()
                    + System.lineSeparator() + "Go on with: " + again);
        }
        err.flush();
    }
}
