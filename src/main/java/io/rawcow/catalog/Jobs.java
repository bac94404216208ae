package io.rawcow.catalog;

import io.rawcow.block.BlockException;
import io.rawcow.block.ByteRange;
import io.rawcow.block.RequestCounts;
import io.rawcow.catalog.CatalogStore.Kind;
import io.rawcow.image.LiveImage;
import io.rawcow.stream.JobSnapshot;
import io.rawcow.stream.StreamJob;
import io.rawcow.stream.StreamRunner;
import io.rawcow.stream.WrongJobStatusException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/**
 * Jobs by id. Requests can be repeated: a job that was started with the same body is answered as it is, concluded or
 * not, and nothing is started. Safe from many threads.
 */
public final class Jobs {
    private static final Duration HALT_PATIENCE = Duration.ofSeconds(3);

    private final Images images;
    private final JobKeeper keeper;
    private final InstantSource clock;
    private final ConcurrentSkipListMap<String, ManagedJob> jobs;
    /** An id is held before the name of its image, by whoever starts or forgets a job. */
    private final NameLocks ids = new NameLocks("job");

    Jobs(Images images, JobKeeper keeper, InstantSource clock) {
        this.images = images;
        this.keeper = keeper;
        this.clock = clock;
        this.jobs = keeper.jobs();
    }

    // ---- looking

    /**
     * A job as it is, or once it rests: concluded, pending, paused by an error, or when the time is up.
     *
     * @throws ProblemException JOB_NOT_FOUND
     */
    public JobView get(String id, Duration wait) throws InterruptedException {
        ManagedJob job = require(id);
        if (wait.isPositive()) {
            job.awaitRest(wait);
        }
        return job.view();
    }

    public Page<JobView> list(int limit, @Nullable String cursor) {
        return Page.of(jobs.values().stream(), ManagedJob::id, ManagedJob::view, limit, cursor);
    }

    private ManagedJob require(String id) {
        Names.require("job", id);
        ManagedJob job = jobs.get(id);
        if (job == null) {
            throw new ProblemException(ProblemCode.JOB_NOT_FOUND, "there is no job of this id: job=" + id);
        }
        return job;
    }

    /** The ids of an image's jobs that are not concluded. */
    List<String> active(String image) {
        return jobs.values().stream()
                .filter(job -> job.record().request().image().equals(image) && !job.isConcluded())
                .map(ManagedJob::id)
                .toList();
    }

    /** The ranges of an image that its jobs are copying at this moment. */
    List<ByteRange> copying(String image) {
        return active(image).stream()
                .map(jobs::get)
                .map(job -> job == null ? null : job.stream())
                .filter(Objects::nonNull)
                .flatMap(stream -> stream.inFlight().stream())
                .toList();
    }

    /** Those that are not concluded, and the latest one of each image. */
    List<JobNow> current() {
        Map<String, ManagedJob> latest = new HashMap<>();
        for (ManagedJob job : jobs.values()) {
            latest.merge(job.image(), job, (one, other) -> one.isNewerThan(other) ? one : other);
        }
        return jobs.values().stream()
                .filter(job -> latest.get(job.image()) == job || !job.isConcluded())
                .map(ManagedJob::now)
                .toList();
    }

    RequestCounts.Snapshot detaches() {
        return keeper.detaches();
    }

    // ---- starting

    /** Starts a job, or answers the one that the same request started. */
    public EnsuredJob put(String id, JobRequest request) {
        Names.require("job", id);
        Names.require("image", request.image());
        try (var _ = ids.holdForRequest(id);
                var _ = images.locks().holdForRequest(request.image())) {
            images.requireServing();
            ManagedJob known = jobs.get(id);
            return known != null ? again(known, request) : new EnsuredJob(start(id, request), true);
        } catch (BlockException e) {
            throw ProblemException.of(e);
        }
    }

    /** As {@link #put}; without an id it always starts a job, under a new one. */
    public EnsuredJob post(@Nullable String id, JobRequest request) {
        return put(id != null ? id : UUID.randomUUID().toString(), request);
    }

    private EnsuredJob again(ManagedJob known, JobRequest wanted) {
        List<Difference> differences = differences(wanted, known.record().request());
        if (!differences.isEmpty()) {
            throw ProblemException.differs(
                    ProblemCode.JOB_DIFFERS, "the job was started otherwise: job=" + known.id(), differences);
        }
        return new EnsuredJob(known.view(), false);
    }

    private static List<Difference> differences(JobRequest wanted, JobRequest is) {
        var found = new ArrayList<Difference>();
        compare(found, "type", wanted.type(), is.type());
        compare(found, "image", wanted.image(), is.image());
        compare(found, "speed", wanted.speed(), is.speed());
        compare(found, "onError", wanted.onError().word(), is.onError().word());
        compare(found, "autoFinalize", wanted.autoFinalize(), is.autoFinalize());
        compare(found, "autoDismiss", wanted.autoDismiss(), is.autoDismiss());
        compare(found, "keepSidecar", wanted.keepSidecar(), is.keepSidecar());
        return found;
    }

    private static void compare(List<Difference> found, String field, Object wanted, Object is) {
        if (!Objects.equals(wanted, is)) {
            found.add(new Difference(field, wanted, is));
        }
    }

    private JobView start(String id, JobRequest request) throws BlockException {
        LiveImage image = images.requireOpen(request.image());
        if (image.failure() != null) {
            throw new ProblemException(ProblemCode.IMAGE_FAILED, "a sync of the image failed: image=" + request.image())
                    .withAction("mend the disk below, DELETE the image and open it again");
        }
        List<String> active = active(request.image());
        if (!active.isEmpty()) {
            throw new ProblemException(
                            ProblemCode.JOB_ACTIVE,
                            "the image has a job that is not concluded: job=" + active.getFirst())
                    .withAction("use that job, or cancel it first");
        }
        Instant now = clock.instant();
        JobSnapshot first = JobKeeper.notStarted(image, request.speed());
        var job = new ManagedJob(new JobRecord(id, request, now, warnings(request.image(), image), first));
        keeper.attach(job, image);
        keeper.store().save(Kind.JOBS, id, job.record());
        keeper.created(job);
        if (image.isStandalone()) {
            // Nothing to do: it waits for no turn, and the answer shows it concluded.
            Objects.requireNonNull(job.runner()).start();
            restBriefly(job);
        }
        return job.view();
    }

    private static void restBriefly(ManagedJob job) {
        try {
            Objects.requireNonNull(job.stream()).awaitRest(Duration.ofSeconds(2));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private List<Warning> warnings(String name, LiveImage image) throws BlockException {
        String rawFile = images.get(name).rawFile();
        long remaining = image.sizeBytes() - image.bytesAllocated();
        long free = rawFile == null ? Long.MAX_VALUE : images.files().availableBytes(rawFile);
        boolean device = images.get(name).bytesOnDisk() == null;
        return device || free >= remaining
                ? List.of()
                : List.of(new Warning(
                        "low_space",
                        "less space is free than may be needed: free=%d remaining=%d".formatted(free, remaining)));
    }

    // ---- verbs

    private interface Verb {
        void apply(StreamJob stream) throws WrongJobStatusException;
    }

    private JobView apply(String id, Verb verb) {
        ManagedJob job = require(id);
        images.requireServing();
        StreamJob stream = job.stream();
        if (stream == null) {
            throw job.isConcluded()
                    ? wrongStatus("the job is concluded", job)
                    : new ProblemException(ProblemCode.IMAGE_UNAVAILABLE, "the job's image is not open: job=" + id)
                            .withAction("remove the cause and repeat the image's PUT");
        }
        try {
            verb.apply(stream);
            // Before the answer: what was answered holds after a crash too.
            keeper.writeDown(job);
        } catch (WrongJobStatusException e) {
            throw wrongStatus(String.valueOf(e.getMessage()), job);
        } catch (BlockException e) {
            throw ProblemException.of(e);
        }
        return job.view();
    }

    private static ProblemException wrongStatus(String detail, ManagedJob job) {
        return ProblemException.ofField(
                ProblemCode.WRONG_JOB_STATUS,
                detail,
                "status",
                job.snapshot().status().word(),
                "look at the job and wait for the status that the verb needs");
    }

    public JobView pause(String id) {
        return apply(id, StreamJob::pause);
    }

    public JobView resume(String id) {
        return apply(id, StreamJob::resume);
    }

    public JobView cancel(String id) {
        ManagedJob job = require(id);
        if (job.stream() == null && (!job.isConcluded() || isCancelled(job))) {
            return cancelDetached(job);
        }
        return apply(id, StreamJob::cancel);
    }

    private JobView cancelDetached(ManagedJob job) {
        try {
            return keeper.cancelDetached(job);
        } catch (WrongJobStatusException e) {
            throw wrongStatus(String.valueOf(e.getMessage()), job);
        } catch (BlockException e) {
            throw ProblemException.of(e);
        }
    }

    private static boolean isCancelled(ManagedJob job) {
        return job.record().last().error() != null
                && job.record().last().error().wasCancelled();
    }

    public JobView finalizeJob(String id) {
        ManagedJob job = require(id);
        if (job.runner() == null && job.isConcluded() && job.record().last().error() == null) {
            return job.view();
        }
        return apply(id, _ -> Objects.requireNonNull(job.runner()).finalizeJob());
    }

    /** @param bytesPerSecond 0 for no limit */
    public JobView setSpeed(String id, long bytesPerSecond) {
        ManagedJob job = require(id);
        JobView view = apply(id, stream -> stream.setSpeed(bytesPerSecond));
        keeper.changed(job);
        return view;
    }

    /** Forgets a concluded job. */
    public void dismiss(String id) {
        try (var _ = ids.holdForRequest(id)) {
            ManagedJob job = require(id);
            if (!job.isConcluded()) {
                throw wrongStatus("only a concluded job can be dismissed", job);
            }
            keeper.forget(job);
        } catch (BlockException e) {
            throw ProblemException.of(e);
        }
    }

    // ---- restart and end

    /** Reads the jobs that an earlier run of the service left; none runs yet. */
    void restore() throws BlockException {
        List<JobRecord> records = new ArrayList<>(keeper.store().load(Kind.JOBS, JobRecord.class));
        records.sort(Comparator.comparing(JobRecord::createdAt));
        for (JobRecord record : records) {
            jobs.put(record.id(), new ManagedJob(record.withLast(record.last().interrupted())));
        }
        keeper.forgetOld();
    }

    /** Goes on with them. */
    void resume() {
        for (String image : images.names()) {
            try (var _ = images.locks().hold(image)) {
                adopt(image);
            }
        }
    }

    /** Gives an image that was opened the jobs that wait for it. */
    void adopt(String image) {
        for (String id : active(image)) {
            ManagedJob job = jobs.get(id);
            if (job != null && !images.isUnavailable(image)) {
                keeper.adopt(job, images.requireOpen(image));
            }
        }
    }

    /** Stops all work; the jobs go on with the next start. */
    void halt() {
        List<StreamRunner> runners = jobs.values().stream()
                .map(ManagedJob::runner)
                .filter(Objects::nonNull)
                .toList();
        runners.forEach(runner -> runner.halt(Duration.ZERO));
        long deadline = System.nanoTime() + HALT_PATIENCE.toNanos();
        runners.forEach(runner -> runner.halt(Duration.ofNanos(Math.max(0, deadline - System.nanoTime()))));
        keeper.close();
    }

    /** Whether a job is there and has ended, well or with an error. */
    boolean isConcluded(String id) {
        ManagedJob job = jobs.get(id);
        return job != null && job.isConcluded();
    }
}
