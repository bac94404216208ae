package io.rawcow.stream;

import io.rawcow.stream.StepResult.Drained;
import io.rawcow.stream.StepResult.Hydrated;
import io.rawcow.stream.StepResult.Stopped;
import io.rawcow.stream.StepResult.Throttled;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The threads of one job: some that take steps, and a keeper that saves bits, ends the pass and detaches. They end by
 * themselves when the job leaves RUNNING. Platform threads, because reads and writes block in the kernel; daemons,
 * because one that hangs there must not hold up the end of the process.
 */
public final class StreamRunner {
    private static final Duration TICK = Duration.ofMillis(50);
    private static final Duration MOST_SLEEP = Duration.ofMillis(100);

    private final StreamJob job;
    private final String name;
    private final int workers;
    private final List<Thread> threads = new ArrayList<>();

    /** @param name for thread names */
    public StreamRunner(StreamJob job, String name, int workers) {
        this.job = job;
        this.name = name;
        this.workers = workers;
    }

    /** Lets the job run if it waits for its turn. */
    public void start() {
        int run = job.begin();
        if (run > 0) {
            synchronized (threads) {
                threads.removeIf(thread -> !thread.isAlive());
                launch("keeper", () -> keep(run));
                for (int i = 0; i < workers; i++) {
                    launch("worker-" + i, () -> work(run));
                }
            }
        }
    }

    /**
     * Lets a pending job detach.
     *
     * @throws WrongJobStatusException if it is not pending
     */
    public void finalizeJob() throws WrongJobStatusException {
        if (job.beginFinalize()) {
            synchronized (threads) {
                launch("detach", job::finish);
            }
        }
    }

    private void launch(String role, Runnable body) {
        threads.add(Thread.ofPlatform()
                .name("stream-%s-%s".formatted(name, role))
                .daemon()
                .start(() -> guarded(body)));
    }

    /** A job must not stay as it is for ever because a thread of it has died. */
    private void guarded(Runnable body) {
        try {
            body.run();
        } catch (RuntimeException | Error e) {
            job.crash(e);
            throw e;
        }
    }

    // A thread that was stuck over a pause must not go on in the next run, which has threads of its own.

    private void work(int run) {
        for (StreamPass pass = job.passOf(run); pass != null; pass = job.passOf(run)) {
            switch (job.work().step(pass)) {
                case Hydrated _, Stopped _ -> {}
                case Throttled(long nanos, boolean bySpeed) -> rest(Math.min(nanos, MOST_SLEEP.toNanos()), bySpeed);
                case Drained _ -> await(TICK.toNanos());
            }
        }
    }

    private void rest(long nanos, boolean bySpeed) {
        long began = System.nanoTime();
        await(nanos);
        if (bySpeed) {
            job.work().waited(System.nanoTime() - began);
        }
    }

    private void keep(int run) {
        for (StreamPass pass = job.passOf(run); pass != null; pass = job.passOf(run)) {
            var _ = job.work().save(false);
            job.endIfDrained(pass);
            if (job.passOf(run) == pass) {
                await(TICK.toNanos());
            }
        }
        var _ = job.work().save(true);
    }

    private void await(long nanos) {
        try {
            job.monitor().awaitSignal(nanos);
        } catch (InterruptedException e) {
            // Nobody interrupts these threads: whoever does wants them to end.
            Thread.currentThread().interrupt();
            job.halt();
        }
    }

    /**
     * Stops working without a word to the job, as when the process ends: its status stays.
     *
     * @param patience how long to wait for threads that are in the middle of something
     */
    public void halt(Duration patience) {
        job.halt();
        long deadline = System.nanoTime() + patience.toNanos();
        for (Thread thread : snapshot()) {
            if (thread != Thread.currentThread()) {
                join(thread, deadline);
            }
        }
    }

    private List<Thread> snapshot() {
        synchronized (threads) {
            return List.copyOf(threads);
        }
    }

    private static void join(Thread thread, long deadline) {
        try {
            boolean _ = thread.join(Duration.ofNanos(Math.max(1, deadline - System.nanoTime())));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The job it runs. */
    public StreamJob job() {
        return job;
    }
}
