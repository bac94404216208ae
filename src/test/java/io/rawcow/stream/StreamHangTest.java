package io.rawcow.stream;

import static io.rawcow.stream.StreamLab.BASE;
import static io.rawcow.stream.StreamLab.KIB;
import static io.rawcow.stream.StreamLab.MIB;
import static io.rawcow.stream.StreamLab.SECTOR;
import static io.rawcow.stream.StreamLab.SOON;
import static io.rawcow.stream.StreamLab.readAll;
import static io.rawcow.testing.Tampering.Call.READ;
import static io.rawcow.testing.Tampering.Call.SEEK;
import static io.rawcow.testing.Tampering.calls;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.rawcow.block.ByteRange;
import io.rawcow.block.Zeroing;
import io.rawcow.image.LiveImage;
import io.rawcow.testing.QuickTempDir;
import io.rawcow.testing.Tampering.Call;
import io.rawcow.testing.Tampering.Trouble;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A backing that does not answer. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StreamHangTest {
    @TempDir(factory = QuickTempDir.class)
    Path temp;

    private StreamLab lab;
    private byte[] expected;
    private LiveImage image;

    @BeforeEach
    void open() throws Exception {
        lab = new StreamLab(temp);
        expected = lab.backing(4 * MIB);
        image = lab.image(SECTOR);
    }

    @AfterEach
    void close() throws Exception {
        lab.close();
    }

    private static void awaitHits(Trouble trouble, int count) {
        await().atMost(SOON).until(() -> trouble.hits() == count);
    }

    private static void awaitEndOfThreads() {
        await().atMost(SOON).until(() -> StreamRunnerTest.threadsOf("test") == 0);
    }

    /** As many buffers as there are free ones. */
    private static int freeBuffers(BufferPool pool) {
        var buffer = pool.tryAcquire(Duration.ZERO);
        if (buffer == null) {
            return 0;
        }
        int free = 1 + freeBuffers(pool);
        pool.release(buffer);
        return free;
    }

    @ParameterizedTest
    @EnumSource(
            value = Call.class,
            names = {"READ", "SEEK"})
    void aCancelDoesNotWaitForReadsThatHang(Call call) throws Exception {
        int buffers = freeBuffers(lab.buffers);
        StreamJob job = lab.job(image, StreamOptions.DEFAULT);
        try (Trouble hang = lab.tampering.hang(calls(BASE, call))) {
            lab.started(job);
            // The others wait for the one that looks.
            awaitHits(hang, call == READ ? 4 : 1);
            await().atMost(SOON).until(() -> freeBuffers(lab.buffers) == buffers - 4);
            long start = System.nanoTime();
            job.cancel();
            image.close();

            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(1));
            assertThat(job.status()).isEqualTo(JobStatus.CONCLUDED);
            assertThat(job.snapshot().error()).isEqualTo(JobError.CANCELLED);
        }
        awaitEndOfThreads();

        assertThat(lab.bytes("a.img")).containsOnly(0);
        assertThat(lab.allocated("a.img")).isZero();
        assertThat(freeBuffers(lab.buffers)).isEqualTo(buffers);
        LiveImage again = lab.reopen("a");
        assertThat(again.sectorsAllocated()).isZero();
        assertThat(readAll(again)).isEqualTo(expected);
    }

    @Test
    void whoComesBackToACancelledJobWritesNothing() throws Exception {
        StreamJob job = lab.job(image, StreamOptions.DEFAULT);
        try (Trouble hang = lab.tampering.hang(calls(BASE, READ))) {
            lab.started(job);
            awaitHits(hang, 4);
            job.cancel();
        }
        awaitEndOfThreads();

        assertThat(image.sectorsAllocated()).isZero();
        assertThat(lab.allocated("a.img")).isZero();
        assertThat(readAll(image)).isEqualTo(expected);
    }

    @ParameterizedTest
    @EnumSource(
            value = Call.class,
            names = {"READ", "SEEK"})
    void whoComesBackLateWritesNothingIntoAnImageThatWentOn(Call call) throws Exception {
        StreamJob job = lab.job(image, StreamOptions.DEFAULT);
        try (Trouble hang = lab.tampering.hang(call == READ ? 3 : 1, calls(BASE, call))) {
            StreamRunner runner = lab.started(job);
            awaitHits(hang, call == READ ? 3 : 1);
            job.pause();
            job.resume();
            runner.start();
            job.awaitRest(SOON);
            assertThat(job.snapshot().error()).isNull();
            assertThat(image.isStandalone()).isTrue();
            assertThat(lab.bytes("a.img")).isEqualTo(expected);
            image.zero(new ByteRange(0, 4 * MIB), Zeroing.PUNCH);
        }
        awaitEndOfThreads();

        assertThat(lab.bytes("a.img")).containsOnly(0);
    }

    @Test
    void allButTheRangeThatHangsIsCopiedAndThenThat() throws Exception {
        StreamJob job = lab.job(image, StreamOptions.DEFAULT);
        try (Trouble hang = lab.tampering.hang(calls(BASE, READ, MIB, MIB + 1))) {
            lab.started(job);
            awaitHits(hang, 1);
            await().atMost(SOON)
                    .until(() -> job.snapshot().currentProgress() == 4 * MIB - 64 * KIB && !image.hasUnsavedBits());
            assertThat(job.status()).isEqualTo(JobStatus.RUNNING);
        }
        job.awaitRest(SOON);

        assertThat(job.snapshot().error()).isNull();
        assertThat(lab.bytes("a.img")).isEqualTo(expected);
    }

    /** Bits go on being saved while somebody hangs where the next chunk is looked for. */
    @Test
    void bitsAreSavedWhileTheBackingHangs() throws Exception {
        StreamContext base = lab.context(StreamLab.settings(64 * KIB, 1L << 30, Duration.ofMillis(400)));
        var job = new StreamJob(image, StreamOptions.DEFAULT, base, JobHistory.NONE);
        try (Trouble hang = lab.tampering.hang(calls(BASE, SEEK).and(seek -> seek.offset() >= MIB))) {
            lab.started(job);
            awaitHits(hang, 1);
            await().atMost(SOON).until(() -> image.sectorsAllocated() == MIB / SECTOR);

            await().atMost(SOON).until(() -> !image.hasUnsavedBits());
            job.cancel();
        }
    }

    @Test
    void aHaltDoesNotWaitLongerThanItIsTold() throws Exception {
        StreamJob job = lab.job(image, StreamOptions.DEFAULT);
        try (Trouble hang = lab.tampering.hang(calls(BASE, READ))) {
            StreamRunner runner = lab.started(job);
            awaitHits(hang, 4);
            long start = System.nanoTime();
            runner.halt(Duration.ofMillis(50));
            image.close();

            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(2));
            assertThat(job.status()).isEqualTo(JobStatus.RUNNING);
        }
        awaitEndOfThreads();
        assertThat(job.status()).isEqualTo(JobStatus.RUNNING);
        assertThat(lab.bytes("a.img")).containsOnly(0);
    }

    /** What a guest does to a range that the stream is reading from the backing. */
    enum Deed {
        WRITE,
        ZERO,
        TRIM;

        /** @return the first byte that is the guest's now, and the first behind it */
        int[] of(LiveImage image, byte[] expected, int value) throws IOException {
            int start = 8 * SECTOR;
            var range = new ByteRange(start, this == TRIM ? 4 * SECTOR + 7 : 4 * SECTOR);
            byte[] bytes = new byte[4 * SECTOR];
            switch (this) {
                case WRITE -> {
                    Arrays.fill(bytes, (byte) value);
                    StreamLab.write(image, start, bytes);
                }
                case ZERO -> image.zero(range, Zeroing.PUNCH);
                case TRIM -> image.trim(range);
            }
            System.arraycopy(bytes, 0, expected, start, bytes.length);
            return new int[] {start, start + bytes.length};
        }
    }

    /** The stream stands between reading the backing and taking the range: the guest goes first, and its bytes stay. */
    @ParameterizedTest
    @EnumSource(Deed.class)
    void aGuestGoesBeforeTheStreamThatHoldsTheBackingsBytes(Deed deed) throws Exception {
        StreamJob job = lab.job(image, StreamOptions.DEFAULT);
        var done = new CountDownLatch(1);
        // In the stream's own thread, when it has read and is about to write: the guest comes in between.
        Trouble between = lab.tampering.once(calls("a.raw-cow", Call.ALLOCATE), () -> {
            deed.of(image, expected, 77);
            done.countDown();
        });
        lab.started(job);
        job.awaitRest(SOON);

        assertThat(between.hits()).isOne();
        assertThat(done.getCount()).isZero();
        assertThat(job.snapshot().error()).isNull();
        assertThat(image.isStandalone()).isTrue();
        assertThat(lab.bytes("a.img")).isEqualTo(expected);
    }

    /** Reads of the backing that hang for good: the guest is not held up, and its bytes stay after a late answer. */
    @ParameterizedTest
    @EnumSource(Deed.class)
    void aGuestDoesNotWaitForTheStreamsReads(Deed deed) throws Exception {
        StreamJob job = lab.job(image, StreamOptions.DEFAULT);
        try (Trouble hang = lab.tampering.hang(calls(BASE, READ))) {
            lab.started(job);
            awaitHits(hang, 4);

            int[] own = deed.of(image, expected, 33);
            image.flush();

            assertThat(StreamLab.read(image, own[0], own[1] - own[0]))
                    .isEqualTo(Arrays.copyOfRange(expected, own[0], own[1]));
            assertThat(job.status()).isEqualTo(JobStatus.RUNNING);
        }
        job.awaitRest(SOON);

        assertThat(job.snapshot().error()).isNull();
        assertThat(lab.bytes("a.img")).isEqualTo(expected);
    }

    /** A guest's read that hangs in the backing of a sector which was taken over meanwhile. */
    @Test
    void aDetachDoesNotWaitForAGuestsReadThatHangs() throws Exception {
        StreamJob job = lab.job(image, StreamOptions.DEFAULT);
        var found = new byte[1][];
        Thread guest;
        try (Trouble hang = lab.tampering.hang(1, calls(BASE, READ))) {
            guest = Thread.ofPlatform().start(() -> {
                try {
                    found[0] = readAll(image);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            awaitHits(hang, 1);
            lab.started(job);
            job.awaitRest(SOON);
            assertThat(job.snapshot().error()).isNull();
            assertThat(image.isStandalone()).isTrue();
        }
        guest.join();

        assertThat(found[0]).isEqualTo(expected);
    }
}
