package io.rawcow.stream;

import io.rawcow.image.LiveImage;
import io.rawcow.image.StandaloneRecord;
import java.time.Duration;
import java.time.InstantSource;

/** A stream without threads: the test takes each step of its worker and each turn of its keeper. */
public final class SteppedStream {
    private static final BufferPool BUFFERS = new BufferPool(16 << 20, 4 << 20);

    private final StreamJob job;
    private long nanos;

    /** @param saveBytes bits are saved when this much was hydrated; never for a reason of time */
    public SteppedStream(
            LiveImage image, StreamOptions options, StandaloneRecord record, int windowBytes, long saveBytes) {
        var settings = new StreamSettings(1, windowBytes, saveBytes, Duration.ofDays(1));
        var context = new StreamContext(settings, BUFFERS, InstantSource.system(), () -> nanos, record, _ -> {});
        this.job = new StreamJob(image, options, context, JobHistory.NONE);
        job.begin();
    }

    /** One step and one turn. */
    public void step() {
        nanos += 1_000_000;
        StreamPass pass = job.currentPass();
        if (pass != null) {
            var _ = job.work().step(pass);
            job.work().save(false);
            job.endIfDrained(pass);
        }
    }

    public void pauseAndResume() throws WrongJobStatusException {
        if (job.status() == JobStatus.RUNNING) {
            job.pause();
            job.work().save(true);
            job.resume();
            job.begin();
        }
    }

    public boolean isRunning() {
        return job.status() == JobStatus.RUNNING;
    }

    public JobSnapshot snapshot() {
        return job.snapshot();
    }
}
