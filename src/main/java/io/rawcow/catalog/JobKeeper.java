package io.rawcow.catalog;

import io.rawcow.block.BlockException;
import io.rawcow.block.RequestCounts;
import io.rawcow.catalog.CatalogStore.Kind;
import io.rawcow.format.SidecarHeader;
import io.rawcow.image.LiveImage;
import io.rawcow.stream.BufferPool;
import io.rawcow.stream.IoStatus;
import io.rawcow.stream.JobHistory;
import io.rawcow.stream.JobSnapshot;
import io.rawcow.stream.JobStatus;
import io.rawcow.stream.StreamContext;
import io.rawcow.stream.StreamJob;
import io.rawcow.stream.StreamRunner;
import io.rawcow.stream.WrongJobStatusException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * Keeps jobs going: writes down every change of status, tells of it, and lets the next one run when there is room. One
 * thread does that, in the order in which changes are reported, so that no worker of a stream waits for the catalog.
 */
final class JobKeeper implements AutoCloseable {
    private static final Logger LOG = System.getLogger(JobKeeper.class.getName());

    private final CatalogStore store;
    private final Images images;
    private final EventLog events;
    private final InstantSource clock;
    private final CatalogSettings settings;
    private final BufferPool buffers;
    private final ConcurrentSkipListMap<String, ManagedJob> jobs = new ConcurrentSkipListMap<>();
    private final RequestCounts detaches = new RequestCounts();
    private final ExecutorService bookkeeping = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().name("jobs").daemon().factory());

    JobKeeper(CatalogStore store, Images images, EventLog events, InstantSource clock, CatalogSettings settings) {
        this.store = store;
        this.images = images;
        this.events = events;
        this.clock = clock;
        this.settings = settings;
        int window = Math.max(settings.stream().windowBytes(), SidecarHeader.MAX_SECTOR_SIZE);
        this.buffers = new BufferPool(settings.bufferBytes(), window);
    }

    CatalogStore store() {
        return store;
    }

    ConcurrentSkipListMap<String, ManagedJob> jobs() {
        return jobs;
    }

    /** How many images were detached, and how long that took. */
    RequestCounts.Snapshot detaches() {
        return detaches.snapshot();
    }

    static JobSnapshot notStarted(LiveImage image, long speed) {
        return new JobSnapshot(
                JobStatus.CREATED,
                "waits for its turn",
                IoStatus.OK,
                null,
                speed,
                image.bytesAllocated(),
                image.sizeBytes(),
                0,
                0,
                null,
                0,
                0,
                0,
                null,
                null,
                null);
    }

    /** Brings a job to life on an open image, where an earlier life left it. */
    void attach(ManagedJob job, LiveImage image) {
        JobRecord record = job.record();
        JobSnapshot last = record.last();
        String name = record.request().image();
        boolean keep = record.request().keepSidecar();
        var context = new StreamContext(
                settings.stream(),
                buffers,
                clock,
                System::nanoTime,
                () -> images.recordStandalone(name, keep),
                new Reporter(job));
        boolean paused = last.status() == JobStatus.PAUSED;
        var history = new JobHistory(
                paused ? JobStatus.PAUSED : JobStatus.CREATED,
                paused ? last.ioStatus() : IoStatus.OK,
                paused ? last.error() : null,
                last.bytesCopied(),
                last.bytesSkippedZero(),
                last.bytesWrittenByGuest(),
                last.startedAt(),
                last.lastProgressAt());
        var stream = new StreamJob(image, record.request().options(last.speed()), context, history);
        job.attach(
                stream, new StreamRunner(stream, record.id(), settings.stream().workers()));
    }

    /** As {@link #attach}, unless somebody was faster, or the job was cancelled meanwhile. */
    void adopt(ManagedJob job, LiveImage image) {
        synchronized (job) {
            if (isKnown(job) && job.stream() == null && !job.isConcluded()) {
                attach(job, image);
            }
        }
        pump();
    }

    /** From here on the job is one of the catalog's. */
    void created(ManagedJob job) {
        JobView view = job.view();
        LOG.log(Level.INFO, "job created: job={0} image={1}", view.id(), view.image());
        jobs.put(job.id(), job);
        submit(() -> events.job(view.id(), "created", view));
        pump();
    }

    private boolean isKnown(ManagedJob job) {
        return jobs.get(job.id()) == job;
    }

    /** Told by a job. */
    private final class Reporter implements StreamContext.Listener {
        private final ManagedJob job;

        Reporter(ManagedJob job) {
            this.job = job;
        }

        @Override
        public void changed(StreamJob stream) {
            report(job);
        }

        @Override
        public void detached(long nanos) {
            detaches.add(0, nanos, false);
        }
    }

    /** Called by whoever changed the status, on any thread. */
    private void report(ManagedJob job) {
        JobView view = job.view();
        submit(() -> {
            LOG.log(Level.INFO, "job {0}: job={1} image={2}{3}", view.status(), view.id(), view.image(), reason(view));
            writeDownLater(job);
            synchronized (job) {
                if (isKnown(job)) {
                    events.job(view.id(), "status", view);
                }
            }
            images.announceState(view.image());
            if (view.status() == JobStatus.CONCLUDED) {
                afterConclusion(job);
            }
            startWaiting();
        });
    }

    private static String reason(JobView view) {
        return view.error() == null ? "" : " error=" + view.error().detail();
    }

    /** Another field than the status changed. */
    void changed(ManagedJob job) {
        JobView view = job.view();
        submit(() -> events.job(view.id(), "changed", view));
    }

    /** Lets jobs run that wait for their turn. */
    void pump() {
        submit(this::startWaiting);
    }

    private void submit(Runnable task) {
        try {
            bookkeeping.execute(() -> {
                try {
                    task.run();
                } catch (RuntimeException e) {
                    LOG.log(Level.ERROR, "cannot keep jobs", e);
                }
            });
        } catch (RejectedExecutionException e) {
            LOG.log(Level.DEBUG, "the service is shutting down: the next start reads the bitmap");
        }
    }

    /**
     * Writes down how the job stands, unless that is what stands there. Holds the job, as {@link #forget} does: what
     * was dismissed meanwhile must not come back as a file.
     */
    void writeDown(ManagedJob job) throws BlockException {
        synchronized (job) {
            JobRecord now = job.record().withLast(job.snapshot());
            if (isKnown(job) && !now.equals(job.record())) {
                store.save(Kind.JOBS, job.id(), now);
                job.record(now);
            }
        }
    }

    private void writeDownLater(ManagedJob job) {
        try {
            writeDown(job);
        } catch (BlockException e) {
            // The job itself must not end for that; the next change writes again, and a restart reads the bitmap.
            LOG.log(Level.WARNING, "job not written down: job={0} {1}", job.id(), e.getMessage());
        }
    }

    private void startWaiting() {
        long running = jobs.values().stream().filter(JobKeeper::isRunning).count();
        List<ManagedJob> waiting = jobs.values().stream()
                .filter(job -> job.stream() != null && job.snapshot().status() == JobStatus.CREATED)
                .sorted(Comparator.comparing(job -> job.record().createdAt()))
                .limit(Math.max(0, settings.runningJobs() - running))
                .toList();
        for (ManagedJob job : waiting) {
            StreamRunner runner = job.runner();
            if (runner != null) {
                runner.start();
            }
        }
    }

    private static boolean isRunning(ManagedJob job) {
        return job.snapshot().status() == JobStatus.RUNNING;
    }

    private void afterConclusion(ManagedJob job) {
        if (job.record().request().autoDismiss()) {
            forgetQuietly(job);
        }
        forgetOld();
    }

    /** Forgets concluded jobs that are too many, and those that were to be forgotten when a crash came. */
    void forgetOld() {
        List<ManagedJob> concluded = jobs.values().stream()
                .filter(ManagedJob::isConcluded)
                .sorted(Comparator.comparing(JobKeeper::finishedAt))
                .toList();
        int tooMany = Math.max(0, concluded.size() - settings.keptJobs());
        concluded.subList(0, tooMany).forEach(this::forgetQuietly);
        concluded.stream().filter(job -> job.record().request().autoDismiss()).forEach(this::forgetQuietly);
    }

    private void forgetQuietly(ManagedJob job) {
        try {
            forget(job);
        } catch (BlockException e) {
            LOG.log(Level.WARNING, "job not forgotten: job={0} {1}", job.id(), e.getMessage());
        }
    }

    private static Instant finishedAt(ManagedJob job) {
        Instant finished = job.snapshot().finishedAt();
        return finished == null ? job.record().createdAt() : finished;
    }

    void forget(ManagedJob job) throws BlockException {
        synchronized (job) {
            if (isKnown(job)) {
                store.remove(Kind.JOBS, job.id());
                jobs.remove(job.id(), job);
                events.job(job.id(), "dismissed", null);
            }
        }
    }

    /** Cancels a job whose image is not open. */
    JobView cancelDetached(ManagedJob job) throws BlockException, WrongJobStatusException {
        synchronized (job) {
            StreamJob stream = job.stream();
            if (stream != null) {
                stream.cancel();
                writeDown(job);
            } else if (!job.isConcluded()) {
                JobRecord cancelled = job.record().withLast(job.record().last().cancelled(clock.instant()));
                store.save(Kind.JOBS, job.id(), cancelled);
                job.record(cancelled);
                report(job);
            }
            return job.view();
        }
    }

    @Override
    public void close() {
        bookkeeping.shutdown();
        try {
            if (!bookkeeping.awaitTermination(10, TimeUnit.SECONDS)) {
                LOG.log(Level.WARNING, "jobs not written down in time: the next start reads the bitmap");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        jobs.values().forEach(this::writeDownLater);
    }
}
