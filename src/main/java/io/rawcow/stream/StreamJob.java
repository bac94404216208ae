package io.rawcow.stream;

import io.rawcow.block.BlockException;
import io.rawcow.block.ByteRange;
import io.rawcow.block.FaultKind;
import io.rawcow.image.LiveImage;
import io.rawcow.stream.StepResult.Hydrated;
import io.rawcow.stream.StepResult.Stopped;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A stream: hydrates every clear sector of an image, saves the bits in batches, and detaches. Its verbs and their rules
 * are those of QEMU's jobs; a verb that finds its work done already does nothing. Safe from many threads.
 *
 * <p>{@link StreamWork#step} does a bounded piece of work and never sleeps; {@link StreamRunner} has the threads. No
 * verb waits for a step: one that hangs in a read keeps nobody, and writes nothing when it comes back to a job that
 * went on without it.
 */
public final class StreamJob {

    private final LiveImage image;
    private final StreamOptions options;
    private final StreamContext context;
    private final RateLimiter limiter;
    private final Progress progress;
    private final StreamWork work;
    private final JobMonitor monitor = new JobMonitor();
    private JobStatus status;
    private IoStatus ioStatus;
    private @Nullable JobError error;
    private @Nullable JobError ignored;
    private @Nullable StreamPass pass;
    private int runs;
    private boolean finishing;
    private boolean halted;
    private @Nullable Instant startedAt;
    private @Nullable Instant finishedAt;
    private @Nullable JobSnapshot last;

    /** @param history its status must be CREATED, PAUSED or PENDING */
    public StreamJob(LiveImage image, StreamOptions options, StreamContext context, JobHistory history) {
        if (context.buffers().bufferBytes() < image.geometry().sectorSize()) {
            throw new IllegalArgumentException("a buffer must hold a sector: buffer=%d sector=%d"
                    .formatted(context.buffers().bufferBytes(), image.geometry().sectorSize()));
        }
        this.image = image;
        this.options = options;
        this.context = context;
        this.limiter = new RateLimiter(options.speed(), context.nanoClock());
        this.progress = new Progress(image, context.clock(), history);
        this.work = new StreamWork(this, image, context, progress);
        this.status = history.status();
        this.ioStatus = history.ioStatus();
        this.error = history.error();
        this.startedAt = history.startedAt();
    }

    // ---- looking

    public JobSnapshot snapshot() {
        try (var _ = monitor.enter()) {
            return last != null ? last : take();
        }
    }

    private JobSnapshot take() {
        boolean running = status == JobStatus.RUNNING;
        return new JobSnapshot(
                status,
                JobSnapshot.detailOf(status, error, finishing),
                ioStatus,
                error,
                limiter.speed(),
                progress.current(),
                progress.total(),
                progress.ratio(),
                running ? progress.rate() : 0,
                running ? progress.etaSeconds() : null,
                progress.copied(),
                progress.skippedZero(),
                progress.writtenByGuest(),
                startedAt,
                progress.lastProgressAt(),
                finishedAt);
    }

    public JobStatus status() {
        try (var _ = monitor.enter()) {
            return status;
        }
    }

    /** Waits for a status in which nothing more happens by itself, or until the time is up. */
    public void awaitRest(Duration patience) throws InterruptedException {
        monitor.await(this::isAtRest, patience);
    }

    private boolean isAtRest() {
        return switch (status) {
            case CONCLUDED -> true;
            case PENDING -> !finishing;
            case PAUSED -> error != null;
            case CREATED, RUNNING, ABORTING -> false;
        };
    }

    /** The ranges that its threads are working on at this moment. */
    public List<ByteRange> inFlight() {
        StreamPass now = currentPass();
        return now == null ? List.of() : now.inFlight();
    }

    // ---- verbs

    /**
     * Its turn has come: CREATED becomes RUNNING, with a new pass.
     *
     * @return the number of this run, from 1; 0 if it is not CREATED any more
     */
    int begin() {
        int run;
        try (var _ = monitor.enter()) {
            if (status != JobStatus.CREATED || halted) {
                return 0;
            }
            if (startedAt == null) {
                startedAt = context.clock().instant();
            }
            run = ++runs;
            ignored = null;
            limiter.restart();
            work.restart();
            pass = newPass();
            become(JobStatus.RUNNING);
        }
        tell();
        return run;
    }

    private StreamPass newPass() {
        int window =
                Math.min(context.settings().windowBytes(), context.buffers().bufferBytes());
        return new StreamPass(image, limiter, window, monitor::signal);
    }

    public void pause() throws WrongJobStatusException {
        try (var _ = monitor.enter()) {
            if (status == JobStatus.PAUSED) {
                return;
            }
            require("pause", (status == JobStatus.CREATED || status == JobStatus.RUNNING) && !finishing);
            become(JobStatus.PAUSED);
        }
        tell();
    }

    /** Back into the line of those that wait for their turn. */
    public void resume() throws WrongJobStatusException {
        try (var _ = monitor.enter()) {
            if (status == JobStatus.CREATED || status == JobStatus.RUNNING) {
                return;
            }
            require("resume", status == JobStatus.PAUSED);
            ioStatus = IoStatus.OK;
            error = null;
            become(JobStatus.CREATED);
        }
        tell();
    }

    /** Ends the job at once. What was copied stays, and so does the backing. */
    public void cancel() throws WrongJobStatusException {
        try (var _ = monitor.enter()) {
            if (status == JobStatus.CONCLUDED && JobError.CANCELLED.equals(error)) {
                return;
            }
            require("cancel", status != JobStatus.CONCLUDED && !finishing);
            become(JobStatus.ABORTING);
        }
        try {
            tell();
        } finally {
            conclude(JobError.CANCELLED);
        }
    }

    /** Lets a pending job detach; {@link #finish} does it. True if that is still to be done. */
    boolean beginFinalize() throws WrongJobStatusException {
        try (var _ = monitor.enter()) {
            if (finishing || (status == JobStatus.CONCLUDED && error == null)) {
                return false;
            }
            require("finalize", status == JobStatus.PENDING);
            finishing = true;
            monitor.signal();
            return true;
        }
    }

    /** @param bytesPerSecond 0 for no limit; holds at once, also for those that wait on the old one */
    public void setSpeed(long bytesPerSecond) throws WrongJobStatusException {
        try (var _ = monitor.enter()) {
            require(
                    "change the speed of",
                    status == JobStatus.CREATED || status == JobStatus.RUNNING || status == JobStatus.PAUSED);
            limiter.setSpeed(bytesPerSecond);
            monitor.signal();
        }
    }

    private void require(String verb, boolean fits) throws WrongJobStatusException {
        if (!fits) {
            throw new WrongJobStatusException(
                    verb, status, finishing ? "it is detaching already" : "it does not fit its status");
        }
    }

    private void become(JobStatus next) {
        status = next;
        if (next != JobStatus.RUNNING) {
            pass = null;
        }
        monitor.signal();
    }

    private void tell() {
        context.listener().changed(this);
    }

    // ---- working

    StreamWork work() {
        return work;
    }

    /** The pass that is on; null unless RUNNING. */
    @Nullable
    StreamPass currentPass() {
        try (var _ = monitor.enter()) {
            return pass;
        }
    }

    /** The pass that is on, if it belongs to that run. */
    @Nullable
    StreamPass passOf(int run) {
        try (var _ = monitor.enter()) {
            return runs == run ? pass : null;
        }
    }

    /** Signals changes of status and speed, and that something is to be saved or ended. */
    JobMonitor monitor() {
        return monitor;
    }

    /** Takes the work from its threads, for good, and keeps its status: the process ends, or another one goes on. */
    void halt() {
        try (var _ = monitor.enter()) {
            halted = true;
            pass = null;
            monitor.signal();
        }
    }

    /** Ends the pass if nothing is left of it: the detach, or the wait for it, or the error that was ignored. */
    void endIfDrained(StreamPass current) {
        if (!current.isDrained()) {
            return;
        }
        boolean saved = work.save(true);
        if (!saved || !image.isComplete()) {
            endIncomplete(current);
            return;
        }
        boolean detach;
        try (var _ = monitor.enter()) {
            if (pass != current) {
                return;
            }
            detach = options.autoFinalize() || image.isStandalone();
            if (detach) {
                finishing = true;
            } else {
                become(JobStatus.PENDING);
            }
        }
        if (detach) {
            finish();
        } else {
            tell();
        }
    }

    private void endIncomplete(StreamPass current) {
        JobError left;
        try (var _ = monitor.enter()) {
            if (pass != current) {
                return;
            }
            left = ignored;
            if (left == null) {
                // Every sector was handed out, and none failed: so this cannot be, but a new walk puts it right.
                pass = newPass();
            }
        }
        if (left != null) {
            conclude(current, left);
        }
    }

    /** Detaches and concludes. */
    void finish() {
        try {
            context.detach(image, options.keepSidecar());
            conclude(null);
        } catch (BlockException e) {
            conclude(JobError.of(e, "detach", null));
        }
    }

    /** Something that should never happen has ended a thread of the job: the job ends too. */
    void crash(Throwable cause) {
        conclude(new JobError("internal", "the job has crashed: " + cause, null, null, null));
    }

    /** Answers an error as the policy has it: the step it happened in ends with what is returned. */
    StepResult fault(StreamPass current, BlockException fault, String operation, @Nullable Long offset) {
        JobError found = fault.kind() == FaultKind.IMAGE_FAILED
                ? JobError.of(fault, "sync", null)
                : JobError.of(fault, operation, offset);
        switch (options.onError().answerTo(fault.kind())) {
            case IGNORE -> {
                ignore(current, found);
                return new Hydrated();
            }
            case STOP -> pauseBy(current, found, fault.kind() == FaultKind.NO_SPACE);
            case REPORT, ENOSPC -> conclude(current, found);
        }
        return new Stopped();
    }

    private void ignore(StreamPass current, JobError found) {
        try (var _ = monitor.enter()) {
            if (pass == current && ignored == null) {
                ignored = found;
                ioStatus = IoStatus.FAILED;
            }
        }
    }

    private void pauseBy(StreamPass current, JobError found, boolean noSpace) {
        try (var _ = monitor.enter()) {
            if (pass != current) {
                return;
            }
            error = found;
            ioStatus = noSpace ? IoStatus.NOSPACE : IoStatus.FAILED;
            become(JobStatus.PAUSED);
        }
        tell();
    }

    /** Concludes with an error of a pass, unless the job went on without that pass. */
    private void conclude(StreamPass current, JobError outcome) {
        try (var _ = monitor.enter()) {
            if (pass != current) {
                return;
            }
            settle(outcome);
        }
        tell();
    }

    private void conclude(@Nullable JobError outcome) {
        try (var _ = monitor.enter()) {
            if (status == JobStatus.CONCLUDED) {
                return;
            }
            settle(outcome);
        }
        tell();
    }

    private void settle(@Nullable JobError outcome) {
        error = outcome;
        if (outcome == null) {
            ioStatus = IoStatus.OK;
        }
        finishing = false;
        finishedAt = context.clock().instant();
        become(JobStatus.CONCLUDED);
        last = take();
    }
}
