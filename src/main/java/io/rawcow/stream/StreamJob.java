package io.rawcow.stream;

import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import io.rawcow.image.LiveImage;
import io.rawcow.stream.StepResult.Hydrated;
import io.rawcow.stream.StepResult.Stopped;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
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
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private long changes;
    private JobStatus status;
    private IoStatus ioStatus;
    private @Nullable JobError error;
    private @Nullable JobError ignored;
    private @Nullable StreamPass pass;
    private boolean finishing;
    private @Nullable Instant startedAt;
    private @Nullable Instant finishedAt;
    private @Nullable JobSnapshot last;

    /** @param history its status must be CREATED, PAUSED or PENDING */
    public StreamJob(LiveImage image, StreamOptions options, StreamContext context, JobHistory history) {
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
        return locked(() -> last != null ? last : take());
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
        return locked(() -> status);
    }

    /** Waits for a status in which nothing more happens by itself, or until the time is up. */
    public void awaitRest(Duration patience) throws InterruptedException {
        long nanos = patience.toNanos();
        lock.lock();
        try {
            while (nanos > 0 && !isAtRest()) {
                nanos = changed.awaitNanos(nanos);
            }
        } finally {
            lock.unlock();
        }
    }

    private boolean isAtRest() {
        return switch (status) {
            case CONCLUDED -> true;
            case PENDING -> !finishing;
            case PAUSED -> error != null;
            case CREATED, RUNNING, ABORTING -> false;
        };
    }

    // ---- verbs

    /** Its turn has come: CREATED becomes RUNNING, with a new pass. False if it is not CREATED any more. */
    boolean begin() {
        lock.lock();
        try {
            if (status != JobStatus.CREATED) {
                return false;
            }
            if (startedAt == null) {
                startedAt = context.clock().instant();
            }
            pass = newPass();
            ignored = null;
            work.restart();
            become(JobStatus.RUNNING);
        } finally {
            lock.unlock();
        }
        tell();
        return true;
    }

    private StreamPass newPass() {
        int window =
                Math.min(context.settings().windowBytes(), context.buffers().bufferBytes());
        return new StreamPass(image, limiter, window);
    }

    public void pause() throws WrongJobStatusException {
        lock.lock();
        try {
            if (status == JobStatus.PAUSED) {
                return;
            }
            require("pause", (status == JobStatus.CREATED || status == JobStatus.RUNNING) && !finishing);
            become(JobStatus.PAUSED);
        } finally {
            lock.unlock();
        }
        tell();
    }

    /** Back into the line of those that wait for their turn. */
    public void resume() throws WrongJobStatusException {
        lock.lock();
        try {
            if (status == JobStatus.CREATED || status == JobStatus.RUNNING) {
                return;
            }
            require("resume", status == JobStatus.PAUSED);
            ioStatus = IoStatus.OK;
            error = null;
            become(JobStatus.CREATED);
        } finally {
            lock.unlock();
        }
        tell();
    }

    /** Ends the job at once. What was copied stays, and so does the backing. */
    public void cancel() throws WrongJobStatusException {
        lock.lock();
        try {
            if (status == JobStatus.CONCLUDED && JobError.CANCELLED.equals(error)) {
                return;
            }
            require("cancel", status != JobStatus.CONCLUDED && !finishing);
            become(JobStatus.ABORTING);
        } finally {
            lock.unlock();
        }
        tell();
        conclude(JobError.CANCELLED);
    }

    /** Lets a pending job detach; {@link #finish} does it. True if that is still to be done. */
    boolean beginFinalize() throws WrongJobStatusException {
        lock.lock();
        try {
            if (finishing || (status == JobStatus.CONCLUDED && error == null)) {
                return false;
            }
            require("finalize", status == JobStatus.PENDING);
            finishing = true;
            signalChange();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** @param bytesPerSecond 0 for no limit; holds at once, also for those that wait on the old one */
    public void setSpeed(long bytesPerSecond) throws WrongJobStatusException {
        lock.lock();
        try {
            require(
                    "change the speed of",
                    status == JobStatus.CREATED || status == JobStatus.RUNNING || status == JobStatus.PAUSED);
            limiter.setSpeed(bytesPerSecond);
            signalChange();
        } finally {
            lock.unlock();
        }
    }

    private void require(String verb, boolean fits) throws WrongJobStatusException {
        if (!fits) {
            throw new WrongJobStatusException(
                    verb, status, finishing ? "it is detaching already" : "it does not fit its status");
        }
    }

    private void signalChange() {
        changes++;
        changed.signalAll();
    }

    private void become(JobStatus next) {
        status = next;
        if (next != JobStatus.RUNNING) {
            pass = null;
        }
        signalChange();
    }

    private <T extends @Nullable Object> T locked(Supplier<T> body) {
        lock.lock();
        try {
            return body.get();
        } finally {
            lock.unlock();
        }
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
        return locked(() -> pass);
    }

    /** Waits for a change of status or speed, but not longer than that. */
    void awaitChange(long nanos) throws InterruptedException {
        lock.lock();
        try {
            long seen = changes;
            for (long left = nanos; left > 0 && changes == seen; ) {
                left = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Ends the pass if nothing is left of it: the detach, or the wait for it, or the error that was ignored. */
    void endIfDrained(StreamPass current) {
        if (!current.isDrained()) {
            return;
        }
        if (!image.isComplete()) {
            endIncomplete(current);
            return;
        }
        work.save(true);
        boolean detach;
        lock.lock();
        try {
            if (pass != current) {
                return;
            }
            detach = options.autoFinalize() || image.isStandalone();
            if (detach) {
                finishing = true;
            } else {
                become(JobStatus.PENDING);
            }
        } finally {
            lock.unlock();
        }
        if (detach) {
            finish();
        } else {
            tell();
        }
    }

    private void endIncomplete(StreamPass current) {
        JobError left = locked(() -> {
            if (pass == current && ignored == null) {
                // What an earlier pass had under way came back undone: walk again.
                pass = newPass();
            }
            return pass == current ? ignored : null;
        });
        if (left != null) {
            conclude(left);
        }
    }

    /** Detaches and concludes. */
    void finish() {
        try {
            image.detach(options.keepSidecar(), context.record());
            conclude(null);
        } catch (BlockException e) {
            conclude(JobError.of(e, "detach", null));
        }
    }

    /** Answers an error as the policy has it: the step it happened in ends with what is returned. */
    StepResult fault(StreamPass current, BlockException fault, String operation, @Nullable Long offset) {
        JobError found = JobError.of(fault, operation, offset);
        if (fault.kind() == FaultKind.IMAGE_CLOSED) {
            return new Stopped();
        }
        switch (options.onError().answerTo(fault.kind())) {
            case IGNORE -> {
                ignore(current, found);
                return new Hydrated();
            }
            case STOP -> pauseBy(current, found, fault.kind() == FaultKind.NO_SPACE);
            case REPORT, ENOSPC -> {
                if (currentPass() == current) {
                    conclude(found);
                }
            }
        }
        return new Stopped();
    }

    private void ignore(StreamPass current, JobError found) {
        locked(() -> {
            if (pass == current && ignored == null) {
                ignored = found;
                ioStatus = IoStatus.FAILED;
            }
            return null;
        });
    }

    private void pauseBy(StreamPass current, JobError found, boolean noSpace) {
        lock.lock();
        try {
            if (pass != current) {
                return;
            }
            error = found;
            ioStatus = noSpace ? IoStatus.NOSPACE : IoStatus.FAILED;
            become(JobStatus.PAUSED);
        } finally {
            lock.unlock();
        }
        tell();
    }

    private void conclude(@Nullable JobError outcome) {
        lock.lock();
        try {
            if (status == JobStatus.CONCLUDED) {
                return;
            }
            error = outcome;
            if (outcome == null) {
                ioStatus = IoStatus.OK;
            }
            finishing = false;
            finishedAt = context.clock().instant();
            become(JobStatus.CONCLUDED);
            last = take();
        } finally {
            lock.unlock();
        }
        tell();
    }
}
