package io.rawcow.stream;

import io.rawcow.stream.StepResult.Drained;
import io.rawcow.stream.StepResult.Hydrated;
import io.rawcow.stream.StepResult.Stopped;
import io.rawcow.stream.StepResult.Throttled;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The threads of one job: some that take steps, and a keeper that saves bits, ends the pass and detaches. They end by
 * themselves when the job leaves RUNNING. Platform threads, because reads and writes block in the kernel; daemons,
 * because one that hangs there must not hold up the end of the process.
 */
public final class StreamRunner {
    private static final Duration TICK = Duration.ofMillis(50);

    private final StreamJob job;
    private final String name;
    private final int workers;
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean halted;

    /** @param name for thread names */
    public StreamRunner(StreamJob job, String name, int workers) {
        this.job = job;
        this.name = name;
        this.workers = workers;
    }

    /** Lets the job run if it waits for its turn. */
    public void start() {
        if (job.begin()) {
            synchronized (threads) {
                threads.removeIf(thread -> !thread.isAlive());
                launch("keeper", this::keep);
                for (int i = 0; i < workers; i++) {
                    launch("worker-" + i, this::work);
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
                .start(body));
    }

    private void work() {
        StreamPass pass = job.currentPass();
        while (pass != null && !halted) {
            switch (job.work().step(pass)) {
                case Hydrated _ -> {}
                case Throttled(long nanos) ->
                    await(Math.min(nanos, Duration.ofMillis(100).toNanos()));
                case Drained _ -> await(TICK.toNanos());
                case Stopped _ -> {}
            }
            pass = job.currentPass();
        }
    }

    private void keep() {
        StreamPass pass = job.currentPass();
        while (pass != null && !halted) {
            job.work().save(false);
            job.endIfDrained(pass);
            pass = job.currentPass();
            if (pass != null) {
                await(pass.hasEnded() ? Duration.ofMillis(2).toNanos() : TICK.toNanos());
            }
        }
        job.work().save(true);
    }

    private void await(long nanos) {
        try {
            job.awaitChange(nanos);
        } catch (InterruptedException e) {
            // Only a halt interrupts.
            Thread.currentThread().interrupt();
            halted = true;
        }
    }

    /**
     * Stops working without a word to the job, as when the process ends: its status stays.
     *
     * @param patience how long to wait for threads that are in the middle of something
     */
    public void halt(Duration patience) {
        halted = true;
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
    public @Nullable StreamJob job() {
        return job;
    }
}
