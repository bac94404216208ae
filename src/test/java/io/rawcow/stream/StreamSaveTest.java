package io.rawcow.stream;

import static io.rawcow.stream.StreamLab.BASE;
import static io.rawcow.stream.StreamLab.KIB;
import static io.rawcow.stream.StreamLab.MIB;
import static io.rawcow.stream.StreamLab.SECTOR;
import static io.rawcow.stream.StreamLab.SOON;
import static io.rawcow.stream.StreamLab.speed;
import static io.rawcow.testing.Tampering.Call.DATA_SYNC;
import static io.rawcow.testing.Tampering.Call.READ;
import static io.rawcow.testing.Tampering.Call.WRITE;
import static io.rawcow.testing.Tampering.calls;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.rawcow.image.Crash;
import io.rawcow.image.LiveImage;
import io.rawcow.testing.QuickTempDir;
import io.rawcow.testing.Tampering.Touch;
import io.rawcow.testing.Tampering.Trouble;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** When a stream saves bits, and what a crash of the process costs. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StreamSaveTest {
    private static final int SIZE = 32 * MIB;
    private static final Duration NEVER = Duration.ofDays(1);

    @TempDir(factory = QuickTempDir.class)
    Path temp;

    private StreamLab lab;
    private byte[] expected;
    private LiveImage image;

    @BeforeEach
    void open() throws Exception {
        lab = new StreamLab(temp);
        expected = lab.backing(SIZE);
        image = lab.image(SECTOR);
    }

    @AfterEach
    void close() throws Exception {
        lab.close();
    }

    private StreamJob job(StreamOptions options, StreamSettings settings) {
        return new StreamJob(image, options, lab.context(settings), JobHistory.NONE);
    }

    private List<Touch> saves() {
        return lab.tampering.touches("a.raw-cow", WRITE).stream()
                .filter(write -> write.offset() == 2080)
                .toList();
    }

    @Test
    void bitsAreSavedEverySoManyBytes() throws Exception {
        lab.tampering.forget();
        StreamJob job = job(StreamLab.WAIT, StreamLab.settings(64 * KIB, 4 * MIB, NEVER));
        lab.started(job);
        job.awaitRest(SOON);

        assertThat(job.status()).isEqualTo(JobStatus.PENDING);
        // Steps may go on during a save, up to as much again.
        assertThat(saves().size()).isBetween(4, 9);
    }

    @Test
    void bitsAreSavedEverySoOften() throws Exception {
        lab.tampering.forget();
        StreamJob job = job(speed(16 * MIB), StreamLab.settings(64 * KIB, 1L << 30, Duration.ofMillis(200)));
        lab.started(job);

        await().atMost(SOON).until(() -> saves().size() >= 5);
        assertThat(job.status()).isEqualTo(JobStatus.RUNNING);
    }

    @Test
    void aSaveThatTakesLongHoldsUpTheStepsAfterAnotherBatch() throws Exception {
        StreamJob job = job(StreamOptions.DEFAULT, StreamLab.settings(64 * KIB, 4 * MIB, NEVER));
        try (Trouble slow = lab.tampering.hang(calls("a.img", DATA_SYNC))) {
            lab.started(job);
            await().atMost(SOON).until(() -> slow.hits() == 1);
            await().atMost(SOON).until(() -> image.bytesAllocated() >= 8 * MIB);
            long most = 8 * MIB + 8 * 64 * KIB; // each worker may have been in a step, twice
            await().during(Duration.ofMillis(200)).atMost(SOON).until(() -> image.bytesAllocated() <= most);
        }
        job.awaitRest(SOON);

        assertThat(job.snapshot().error()).isNull();
        assertThat(lab.bytes("a.img")).isEqualTo(expected);
    }

    @Test
    void whatWasSavedIsThereAfterACrashAndProgressGoesOnFromThere() throws Exception {
        long saveBytes = 2 * MIB;
        StreamJob job = job(speed(64 * MIB), StreamLab.settings(64 * KIB, saveBytes, NEVER));
        StreamRunner runner = lab.started(job);
        await().atMost(SOON).until(() -> image.bytesAllocated() >= 12 * MIB);
        Crash.of(image);
        long allocated = image.bytesAllocated();
        runner.halt(SOON);

        image = lab.reopen("a");
        assertThat(image.bytesAllocated()).isBetween(allocated - 2 * saveBytes - 8 * 64 * KIB, allocated);
        long saved = image.bytesAllocated();
        lab.tampering.forget();
        StreamJob next = job(StreamOptions.DEFAULT, StreamLab.small());
        assertThat(next.snapshot().currentProgress()).isEqualTo(saved);
        lab.started(next);
        next.awaitRest(SOON);
        assertThat(next.snapshot().error()).isNull();
        assertThat(lab.bytes("a.img")).isEqualTo(expected);
        long readAgain = lab.tampering.touches(BASE, READ).stream()
                .mapToLong(Touch::length)
                .sum();
        assertThat(readAgain).isEqualTo(SIZE - saved);
    }

    @Test
    void aFlushOfTheGuestWhileStreamingStallsNobody() throws Exception {
        StreamJob job = job(StreamOptions.DEFAULT, StreamLab.settings(64 * KIB, MIB, NEVER));
        lab.started(job);
        while (job.status() == JobStatus.RUNNING) {
            image.flush();
        }
        job.awaitRest(SOON);

        assertThat(job.snapshot().error()).isNull();
        assertThat(lab.bytes("a.img")).isEqualTo(expected);
    }
}
