package io.rawcow.stream;

import static io.rawcow.stream.StreamLab.KIB;
import static io.rawcow.stream.StreamLab.SECTOR;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

import io.rawcow.image.LiveImage;
import io.rawcow.testing.QuickTempDir;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Which verb fits which status, and what it makes of it. No threads. */
class StreamVerbsTest {
    @TempDir(factory = QuickTempDir.class)
    Path temp;

    private StreamLab lab;
    private LiveImage image;

    @BeforeEach
    void open() throws Exception {
        lab = new StreamLab(temp);
        lab.backing(256 * KIB);
        image = lab.image(SECTOR);
    }

    @AfterEach
    void close() throws Exception {
        lab.close();
    }

    /** Where a job can stand. */
    enum Situation {
        CREATED,
        RUNNING,
        PAUSED,
        PENDING,
        PENDING_AND_DETACHING,
        RUNNING_AND_DETACHING,
        ABORTING,
        CANCELLED,
        FINISHED,
        FAILED
    }

    enum Verb {
        PAUSE,
        RESUME,
        CANCEL,
        FINALIZE,
        SET_SPEED
    }

    private interface Attempt {
        void make(StreamJob job) throws Exception;
    }

    private static Attempt attempt(Verb verb) {
        return switch (verb) {
            case PAUSE -> StreamJob::pause;
            case RESUME -> StreamJob::resume;
            case CANCEL -> StreamJob::cancel;
            case FINALIZE -> StreamJob::beginFinalize;
            case SET_SPEED -> job -> job.setSpeed(5000);
        };
    }

    private static final Map<Verb, Set<Situation>> FITS = Map.of(
            Verb.PAUSE, Set.of(Situation.CREATED, Situation.RUNNING, Situation.PAUSED),
            Verb.RESUME,
                    Set.of(Situation.CREATED, Situation.RUNNING, Situation.RUNNING_AND_DETACHING, Situation.PAUSED),
            Verb.CANCEL,
                    Set.of(
                            Situation.CREATED,
                            Situation.RUNNING,
                            Situation.PAUSED,
                            Situation.PENDING,
                            Situation.ABORTING,
                            Situation.CANCELLED),
            Verb.FINALIZE,
                    Set.of(
                            Situation.PENDING,
                            Situation.PENDING_AND_DETACHING,
                            Situation.RUNNING_AND_DETACHING,
                            Situation.FINISHED),
            Verb.SET_SPEED,
                    Set.of(Situation.CREATED, Situation.RUNNING, Situation.RUNNING_AND_DETACHING, Situation.PAUSED));

    private static JobStatus after(Verb verb, Situation situation) {
        return switch (situation) {
            case CREATED, RUNNING, PAUSED ->
                switch (verb) {
                    case PAUSE -> JobStatus.PAUSED;
                    case RESUME -> situation == Situation.RUNNING ? JobStatus.RUNNING : JobStatus.CREATED;
                    case CANCEL -> JobStatus.CONCLUDED;
                    case FINALIZE, SET_SPEED -> JobStatus.valueOf(situation.name());
                };
            case PENDING -> verb == Verb.CANCEL ? JobStatus.CONCLUDED : JobStatus.PENDING;
            case PENDING_AND_DETACHING -> JobStatus.PENDING;
            case RUNNING_AND_DETACHING -> JobStatus.RUNNING;
            case ABORTING -> verb == Verb.CANCEL ? JobStatus.CONCLUDED : JobStatus.ABORTING;
            case CANCELLED, FINISHED, FAILED -> JobStatus.CONCLUDED;
        };
    }

    static Stream<Arguments> table() {
        return Stream.of(Situation.values())
                .flatMap(situation -> Stream.of(Verb.values()).map(verb -> Arguments.of(situation, verb)));
    }

    @ParameterizedTest
    @MethodSource("table")
    void everyVerbInEveryStatus(Situation situation, Verb verb) throws Exception {
        inSituation(situation, job -> {
            if (FITS.get(verb).contains(situation)) {
                assertThatNoException().isThrownBy(() -> attempt(verb).make(job));
                // A repeat changes nothing.
                assertThatNoException().isThrownBy(() -> attempt(verb).make(job));
            } else {
                JobStatus status = job.status();
                assertThatExceptionOfType(WrongJobStatusException.class)
                        .isThrownBy(() -> attempt(verb).make(job))
                        .matches(e -> e.status() == status)
                        .withMessageContaining("status=" + status.word());
            }
            assertThat(job.status()).isEqualTo(after(verb, situation));
        });
    }

    /** A job with something to be tried on it in the midst of its detach, or while it says that it is aborting. */
    private final class Bench {
        private final StreamJob job;
        private Attempt onDetach = _ -> {};
        private Attempt onAborting = _ -> {};
        private Exception failure;

        Bench(boolean autoFinalize) {
            StreamContext base = lab.context(StreamLab.small());
            var context = new StreamContext(
                    base.settings(), base.buffers(), base.clock(), base.nanoClock(), () -> run(onDetach), told -> {
                        if (told.status() == JobStatus.ABORTING) {
                            run(onAborting);
                        }
                    });
            var options = new StreamOptions(0, ErrorPolicy.ENOSPC, autoFinalize, false);
            job = new StreamJob(image, options, context, JobHistory.NONE);
        }

        private void run(Attempt what) {
            try {
                what.make(job);
            } catch (Exception e) {
                failure = e;
            }
        }
    }

    /** Brings a job there and makes an attempt on it. */
    private void inSituation(Situation situation, Attempt attempt) throws Exception {
        var bench = new Bench(situation != Situation.PENDING && situation != Situation.PENDING_AND_DETACHING);
        StreamJob job = bench.job;
        boolean now = true;
        switch (situation) {
            case CREATED -> {}
            case RUNNING -> job.begin();
            case PAUSED -> {
                job.begin();
                job.pause();
            }
            case PENDING, FINISHED -> drain(job);
            case PENDING_AND_DETACHING -> {
                drain(job);
                assertThat(job.beginFinalize()).isTrue();
            }
            case RUNNING_AND_DETACHING -> {
                bench.onDetach = attempt;
                drain(job);
                now = false;
            }
            case ABORTING -> {
                bench.onAborting = once(attempt);
                job.cancel();
                now = false;
            }
            case CANCELLED -> job.cancel();
            case FAILED -> job.crash(new IllegalStateException("for the test"));
        }
        if (now) {
            attempt.make(job);
        }
        if (bench.failure != null) {
            throw bench.failure;
        }
    }

    private static Attempt once(Attempt attempt) {
        var made = new boolean[1];
        return job -> {
            if (!made[0]) {
                made[0] = true;
                attempt.make(job);
            }
        };
    }

    private static void drain(StreamJob job) {
        job.begin();
        for (StreamPass pass = job.currentPass(); pass != null; pass = job.currentPass()) {
            var _ = job.work().step(pass);
            var _ = job.work().save(false);
            job.endIfDrained(pass);
        }
    }

    // ---- what a job says of itself

    @Test
    void aJobTellsWhatItDoes() throws Exception {
        StreamJob job = lab.job(image, StreamLab.WAIT);
        JobSnapshot created = job.snapshot();
        assertThat(created.statusDetail()).isEqualTo("waits for its turn");
        assertThat(created.startedAt()).isNull();
        assertThat(created.progress()).isZero();
        assertThat(created.totalProgress()).isEqualTo(256 * KIB);

        drain(job);

        JobSnapshot pending = job.snapshot();
        assertThat(pending.status()).isEqualTo(JobStatus.PENDING);
        assertThat(pending.statusDetail()).contains("finalize");
        assertThat(pending.currentProgress()).isEqualTo(pending.totalProgress());
        assertThat(pending.progress()).isBetween(0.99, 0.9999);
        assertThat(pending.startedAt()).isNotNull();
        assertThat(pending.finishedAt()).isNull();
        assertThat(job.beginFinalize()).isTrue();
        assertThat(job.snapshot().statusDetail()).contains("detaching");
        job.finish();
        assertThat(job.snapshot().progress()).isEqualTo(1);
        assertThat(job.snapshot().finishedAt()).isNotNull();
        assertThat(lab.told).containsExactly(JobStatus.RUNNING, JobStatus.PENDING, JobStatus.CONCLUDED);
    }

    @Test
    void aCancelIsToldInTwoSteps() throws Exception {
        StreamJob job = lab.job(image, StreamOptions.DEFAULT);
        job.cancel();

        assertThat(lab.told).containsExactly(JobStatus.ABORTING, JobStatus.CONCLUDED);
        assertThat(job.snapshot().error()).isEqualTo(JobError.CANCELLED);
        assertThat(job.begin()).isZero();
    }

    @Test
    void aListenerThatFailsDoesNotHoldUpACancel() {
        StreamContext base = lab.context(StreamLab.small());
        var job = new StreamJob(
                image,
                StreamOptions.DEFAULT,
                new StreamContext(base.settings(), base.buffers(), base.clock(), base.nanoClock(), () -> {}, told -> {
                    if (told.status() == JobStatus.ABORTING) {
                        throw new IllegalStateException("for the test");
                    }
                }),
                JobHistory.NONE);

        assertThatExceptionOfType(IllegalStateException.class).isThrownBy(job::cancel);
        assertThat(job.status()).isEqualTo(JobStatus.CONCLUDED);
    }

    @Test
    void whatAConcludedJobSaysNeverChanges() throws Exception {
        StreamJob job = lab.job(image, StreamOptions.DEFAULT);
        job.begin();
        StreamPass pass = job.currentPass();
        var _ = job.work().step(pass);
        job.cancel();
        JobSnapshot concluded = job.snapshot();
        StreamLab.write(image, 128 * KIB, new byte[KIB]);

        assertThat(job.snapshot()).isEqualTo(concluded);
        assertThat(concluded.currentProgress()).isEqualTo(64 * KIB);
    }

    @ParameterizedTest
    @EnumSource(names = {"CREATED", "PAUSED", "PENDING"})
    void aJobGoesOnWhereItsEarlierLifeEnded(JobStatus status) throws Exception {
        StreamJob first = lab.job(image, StreamLab.WAIT);
        drain(first);
        JobSnapshot then = first.snapshot();
        var history = new JobHistory(
                status,
                IoStatus.OK,
                null,
                then.bytesCopied(),
                then.bytesSkippedZero(),
                then.bytesWrittenByGuest(),
                then.startedAt(),
                then.lastProgressAt());
        var job = new StreamJob(image, StreamLab.WAIT, lab.context(StreamLab.small()), history);

        JobSnapshot now = job.snapshot();
        assertThat(now.status()).isEqualTo(status);
        assertThat(now.bytesCopied()).isEqualTo(256 * KIB);
        assertThat(now.startedAt()).isEqualTo(then.startedAt());
        if (status == JobStatus.PAUSED) {
            job.resume();
        }
        if (status != JobStatus.PENDING) {
            drain(job);
        }
        assertThat(job.beginFinalize()).isTrue();
        job.finish();
        assertThat(image.isStandalone()).isTrue();
    }

    @Test
    void waitingEndsWithTheTimeOrWhenAJobRests() throws Exception {
        StreamJob job = lab.job(image, StreamLab.WAIT);
        job.awaitRest(Duration.ofMillis(20));
        assertThat(job.status()).isEqualTo(JobStatus.CREATED);
        job.pause(); // somebody's wish is no news to him
        job.awaitRest(Duration.ofMillis(20));
        job.resume();
        drain(job);

        job.awaitRest(Duration.ofDays(300));

        assertThat(job.status()).isEqualTo(JobStatus.PENDING);
        assertThat(List.of(JobStatus.values()).stream().map(JobStatus::word))
                .containsExactly("created", "running", "paused", "pending", "aborting", "concluded");
    }

    @Test
    void aHaltedJobKeepsItsStatusAndStartsNoMore() throws Exception {
        StreamJob job = lab.job(image, StreamOptions.DEFAULT);
        job.begin();
        job.halt();

        assertThat(job.status()).isEqualTo(JobStatus.RUNNING);
        assertThat(job.currentPass()).isNull();
        job.pause();
        job.resume();
        assertThat(job.begin()).isZero();
    }
}
