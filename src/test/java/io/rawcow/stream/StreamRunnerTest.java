package io.rawcow.stream;

import static io.rawcow.stream.StreamLab.BASE;
import static io.rawcow.stream.StreamLab.KIB;
import static io.rawcow.stream.StreamLab.MIB;
import static io.rawcow.stream.StreamLab.SECTOR;
import static io.rawcow.stream.StreamLab.SOON;
import static io.rawcow.stream.StreamLab.WAIT;
import static io.rawcow.stream.StreamLab.readAll;
import static io.rawcow.stream.StreamLab.speed;
import static io.rawcow.testing.Tampering.Call.READ;
import static io.rawcow.testing.Tampering.Call.UNLINK;
import static io.rawcow.testing.Tampering.calls;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import io.rawcow.image.LiveImage;
import io.rawcow.posix.Errno;
import io.rawcow.testing.QuickTempDir;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole jobs, with their threads. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StreamRunnerTest {
    @TempDir(factory = QuickTempDir.class)
    Path temp;

    private StreamLab lab;

    @BeforeEach
    void open() throws Exception {
        lab = new StreamLab(temp);
    }

    @AfterEach
    void close() throws Exception {
        lab.close();
    }

    private static void awaitStatus(StreamJob job, JobStatus status) {
        await().atMost(SOON).pollInterval(Duration.ofMillis(2)).until(() -> job.status() == status);
    }

    private static void awaitSuccess(StreamJob job) throws InterruptedException {
        job.awaitRest(SOON);
        assertThat(job.snapshot().error()).isNull();
        assertThat(job.status()).isEqualTo(JobStatus.CONCLUDED);
    }

    /** An image has become a plain file that owes nothing to anybody. */
    private void assertFree(LiveImage image, String name, byte[] expected) throws IOException {
        assertThat(lab.bytes(name + ".img")).isEqualTo(expected);
        assertThat(readAll(image)).isEqualTo(expected);
        assertThat(image.isStandalone()).isTrue();
        assertThat(image.backing()).isEmpty();
        assertThat(lab.path(name + ".raw-cow")).doesNotExist();
    }

    @Test
    void aSparseImageIsStreamed() throws Exception {
        byte[] expected = lab.backing(64 * MIB, 3 * MIB);
        LiveImage image = lab.image(SECTOR);
        StreamJob job = lab.job(image, StreamOptions.DEFAULT);
        assertThat(job.snapshot().progress()).isZero();

        lab.started(job);
        awaitSuccess(job);

        assertFree(image, "a", expected);
        assertThat(lab.told).containsExactly(JobStatus.RUNNING, JobStatus.CONCLUDED);
        assertThat(job.snapshot().bytesCopied() + job.snapshot().bytesSkippedZero())
                .isEqualTo(64 * MIB);
        assertThat(job.snapshot().progress()).isEqualTo(1);
    }

    @Test
    void severalImagesOverOneBackingShareTheBuffers() throws Exception {
        byte[] expected = lab.backing(16 * MIB, MIB);
        var scarce = new BufferPool(4 << 20, 2 << 20); // two for sixteen workers
        List<StreamJob> jobs = new ArrayList<>();
        List<LiveImage> images = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            LiveImage image = lab.image("vm" + i, SECTOR);
            StreamContext base = lab.context(StreamLab.small());
            var context = new StreamContext(
                    base.settings(), scarce, base.clock(), base.nanoClock(), base.record(), base.listener());
            images.add(image);
            jobs.add(new StreamJob(image, speed(KIB), context, JobHistory.NONE));
        }
        for (StreamJob job : jobs) {
            lab.started(job);
        }
        for (StreamJob job : jobs.reversed()) {
            job.setSpeed(0);
        }
        for (int i = 0; i < 4; i++) {
            awaitSuccess(jobs.get(i));
            assertFree(images.get(i), "vm" + i, expected);
        }
    }

    @Test
    void aPausedJobStandsStillAndGoesOnWhenResumed() throws Exception {
        byte[] expected = lab.backing(8 * MIB);
        LiveImage image = lab.image(SECTOR);
        StreamJob job = lab.job(image, speed(4 * MIB));
        StreamRunner runner = lab.started(job);
        await().atMost(SOON).until(() -> job.snapshot().currentProgress() > 0);

        job.pause();
        await().atMost(SOON).until(() -> !image.hasUnsavedBits()); // its threads have come to rest
        JobSnapshot paused = job.snapshot();
        assertThat(paused.status()).isEqualTo(JobStatus.PAUSED);
        assertThat(paused.progress()).isBetween(0.001, 0.9);
        await().during(Duration.ofMillis(400))
                .atMost(SOON)
                .until(() -> job.snapshot().equals(paused));

        job.resume();
        assertThat(job.status()).isEqualTo(JobStatus.CREATED);
        job.setSpeed(0);
        runner.start();
        awaitSuccess(job);
        assertFree(image, "a", expected);
        assertThat(job.snapshot().startedAt()).isEqualTo(paused.startedAt());
        assertThat(lab.told)
                .containsExactly(
                        JobStatus.RUNNING, JobStatus.PAUSED, JobStatus.CREATED, JobStatus.RUNNING, JobStatus.CONCLUDED);
    }

    @Test
    void pausesInQuickSuccessionLeaveOneSetOfThreads() throws Exception {
        byte[] expected = lab.backing(4 * MIB);
        LiveImage image = lab.image(SECTOR);
        StreamJob job = lab.job(image, speed(MIB));
        StreamRunner runner = lab.started(job);
        for (int i = 0; i < 50; i++) {
            job.pause();
            job.resume();
            runner.start();
        }

        await().atMost(SOON).until(() -> threadsOf("test") <= 5);
        job.setSpeed(0);
        awaitSuccess(job);
        await().atMost(SOON).until(() -> threadsOf("test") == 0);
        assertFree(image, "a", expected);
    }

    static long threadsOf(String name) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("stream-%s-".formatted(name)))
                .count();
    }

    @Test
    void aNewSpeedWakesWhoWaitsOnTheOldOne() throws Exception {
        lab.backing(4 * MIB);
        LiveImage image = lab.image(SECTOR);
        StreamJob job = lab.job(image, speed(1)); // a sector takes more than an hour
        lab.started(job);
        await().atMost(SOON).until(() -> image.sectorsAllocated() == 1);
        assertThat(job.snapshot().speed()).isOne();

        job.setSpeed(0);

        awaitSuccess(job);
    }

    @Test
    void withoutAutoFinalizeItWaitsWithEverythingSaved() throws Exception {
        byte[] expected = lab.backing(4 * MIB, MIB);
        LiveImage image = lab.image(SECTOR);
        StreamJob job = lab.job(image, WAIT);
        StreamRunner runner = lab.started(job);
        job.awaitRest(SOON);

        assertThat(job.status()).isEqualTo(JobStatus.PENDING);
        assertThat(image.hasUnsavedBits()).isFalse();
        assertThat(image.isStandalone()).isFalse();
        assertThat(image.backing()).isPresent();
        assertThat(job.snapshot().progress()).isLessThan(1);
        runner.finalizeJob();
        runner.finalizeJob();
        awaitSuccess(job);
        runner.finalizeJob();
        assertFree(image, "a", expected);
    }

    @Test
    void aPendingJobCanBeCancelledAndDoneAgain() throws Exception {
        byte[] expected = lab.backing(MIB);
        LiveImage image = lab.image(SECTOR);
        StreamJob first = lab.job(image, WAIT);
        lab.started(first);
        awaitStatus(first, JobStatus.PENDING);
        first.cancel();
        assertThat(image.isStandalone()).isFalse();
        lab.tampering.forget();

        StreamJob second = lab.job(image, StreamOptions.DEFAULT);
        lab.started(second);
        awaitSuccess(second);

        assertThat(lab.tampering.touches(BASE, READ)).isEmpty();
        assertFree(image, "a", expected);
    }

    @Test
    void aKeptSidecarSaysThatTheImageIsStandalone() throws Exception {
        byte[] expected = lab.backing(MIB);
        LiveImage image = lab.image(SECTOR);
        StreamJob job = lab.job(image, new StreamOptions(0, ErrorPolicy.REPORT, true, true));
        lab.started(job);
        awaitSuccess(job);
        assertThat(lab.path("a.raw-cow")).exists();
        image.close();
        Files.delete(lab.path(BASE));

        LiveImage again = lab.reopen("a");

        assertThat(again.isStandalone()).isTrue();
        assertThat(readAll(again)).isEqualTo(expected);
    }

    @Test
    void aStandaloneImageIsDoneAtOnce() throws Exception {
        byte[] expected = lab.backing(MIB);
        LiveImage image = lab.image(SECTOR);
        lab.started(lab.job(image, StreamOptions.DEFAULT));
        await().atMost(SOON).until(image::isStandalone);

        StreamJob again = lab.job(image, WAIT);
        lab.started(again);
        awaitSuccess(again);

        assertThat(readAll(image)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void nothingIsDetachedFromABackingThatWasTouched(boolean autoFinalize) throws Exception {
        byte[] expected = lab.backing(MIB);
        LiveImage image = lab.image(SECTOR);
        StreamJob job =
                lab.job(image, new StreamOptions(autoFinalize ? MIB : 0, ErrorPolicy.STOP, autoFinalize, false));
        StreamRunner runner = lab.started(job);
        Files.setLastModifiedTime(lab.path(BASE), FileTime.fromMillis(1_000_000));
        if (!autoFinalize) {
            awaitStatus(job, JobStatus.PENDING);
            runner.finalizeJob();
        } else {
            job.setSpeed(0);
        }
        job.awaitRest(SOON);

        assertThat(job.status()).isEqualTo(JobStatus.CONCLUDED);
        assertThat(job.snapshot().error().code()).isEqualTo("backing_changed");
        assertThat(job.snapshot().error().operation()).isEqualTo("detach");
        assertThat(job.snapshot().progress()).isLessThan(1);
        assertThat(image.isStandalone()).isFalse();
        assertThat(lab.path("a.raw-cow")).exists();
        assertThat(readAll(image)).isEqualTo(expected);
    }

    @Test
    void aDetachWithoutItsLastStepIsFinishedByTheNextJob() throws Exception {
        byte[] expected = lab.backing(MIB);
        LiveImage image = lab.image(SECTOR);
        StreamJob job = lab.job(image, StreamOptions.DEFAULT);
        try (var _ = lab.tampering.fail(Errno.EIO, calls("a.raw-cow", UNLINK))) {
            lab.started(job);
            job.awaitRest(SOON);
        }
        assertThat(job.snapshot().error().errno()).isEqualTo("EIO");
        assertThat(image.isStandalone()).isTrue();
        assertThat(lab.path("a.raw-cow")).exists();

        StreamJob next = lab.job(image, StreamOptions.DEFAULT);
        lab.started(next);
        awaitSuccess(next);

        assertFree(image, "a", expected);
    }

    @Test
    void aRecordThatCannotBeWrittenLeavesTheImageAsItWas() throws Exception {
        byte[] expected = lab.backing(MIB);
        LiveImage image = lab.image(SECTOR);
        StreamContext base = lab.context(StreamLab.small());
        var context = new StreamContext(
                base.settings(),
                base.buffers(),
                base.clock(),
                base.nanoClock(),
                () -> {
                    throw new BlockException(FaultKind.NO_SPACE, "no space for the catalog");
                },
                base.listener());
        var job = new StreamJob(image, StreamOptions.DEFAULT, context, JobHistory.NONE);
        lab.started(job);
        job.awaitRest(SOON);

        assertThat(job.snapshot().error().code()).isEqualTo("no_space");
        assertThat(image.isStandalone()).isFalse();
        StreamLab.write(image, 0, new byte[] {1});
        expected[0] = 1;
        StreamJob next = lab.job(image, StreamOptions.DEFAULT);
        lab.started(next);
        awaitSuccess(next);
        assertFree(image, "a", expected);
    }

    @Test
    void haltedThreadsLeaveTheStatusAndTheNextLifeGoesOn() throws Exception {
        byte[] expected = lab.backing(4 * MIB);
        LiveImage image = lab.image(SECTOR);
        StreamJob job = lab.job(image, speed(MIB));
        StreamRunner runner = lab.started(job);
        await().atMost(SOON).until(() -> image.sectorsAllocated() > 10);

        runner.halt(SOON);

        assertThat(threadsOf("test")).isZero();
        assertThat(job.status()).isEqualTo(JobStatus.RUNNING);
        assertThat(image.hasUnsavedBits()).isFalse();
        long saved = image.bytesAllocated();
        image.close();
        LiveImage again = lab.reopen("a");
        StreamJob next = lab.job(again, StreamOptions.DEFAULT);
        assertThat(next.snapshot().currentProgress()).isEqualTo(saved);
        lab.started(next);
        awaitSuccess(next);
        assertFree(again, "a", expected);
    }

    @Test
    void aJobWhoseImageIsClosedUnderItEnds() throws Exception {
        lab.backing(4 * MIB);
        LiveImage image = lab.image(SECTOR);
        StreamJob job = lab.job(image, new StreamOptions(MIB, ErrorPolicy.IGNORE, true, false));
        lab.started(job);
        await().atMost(SOON).until(() -> image.sectorsAllocated() > 10);

        image.close();
        job.setSpeed(0);

        job.awaitRest(SOON);
        assertThat(job.status()).isEqualTo(JobStatus.CONCLUDED);
        assertThat(job.snapshot().error()).isNotNull();
    }

    @Test
    void aThreadThatDiesEndsTheJob() throws Exception {
        lab.backing(MIB);
        LiveImage image = lab.image(SECTOR);
        StreamJob job = lab.job(image, StreamOptions.DEFAULT);
        try (var _ = lab.tampering.once(calls(BASE, READ), () -> {
            throw new IllegalStateException("for the test");
        })) {
            lab.started(job);
            job.awaitRest(SOON);
        }

        assertThat(job.status()).isEqualTo(JobStatus.CONCLUDED);
        assertThat(job.snapshot().error().code()).isEqualTo("internal");
        assertThat(job.snapshot().error().detail()).contains("for the test");
        StreamJob next = lab.job(image, StreamOptions.DEFAULT);
        lab.started(next);
        awaitSuccess(next);
    }

    @Test
    void progressNeverGoesBack() throws Exception {
        lab.backing(32 * MIB, 100 * KIB);
        LiveImage image = lab.image(SECTOR);
        StreamJob job = lab.job(image, StreamOptions.DEFAULT);
        lab.started(job);
        double progress = 0;
        long current = 0;
        while (job.status() != JobStatus.CONCLUDED) {
            JobSnapshot now = job.snapshot();
            assertThat(now.progress()).isGreaterThanOrEqualTo(progress);
            assertThat(now.currentProgress()).isGreaterThanOrEqualTo(current);
            if (!image.isStandalone() && now.status() == JobStatus.RUNNING) {
                assertThat(now.progress()).isLessThan(1);
            }
            progress = now.progress();
            current = now.currentProgress();
        }
        awaitSuccess(job);
        assertThat(Arrays.asList(job.snapshot().progress())).containsExactly(1.0);
    }
}
