package io.rawcow.stream;

import static io.rawcow.stream.StreamLab.BASE;
import static io.rawcow.stream.StreamLab.KIB;
import static io.rawcow.stream.StreamLab.MIB;
import static io.rawcow.stream.StreamLab.SECTOR;
import static io.rawcow.stream.StreamLab.SOON;
import static io.rawcow.stream.StreamLab.onError;
import static io.rawcow.stream.StreamLab.read;
import static io.rawcow.stream.StreamLab.readAll;
import static io.rawcow.stream.StreamLab.write;
import static io.rawcow.testing.Tampering.Call.ALLOCATE;
import static io.rawcow.testing.Tampering.Call.DATA_SYNC;
import static io.rawcow.testing.Tampering.Call.READ;
import static io.rawcow.testing.Tampering.Call.SEEK;
import static io.rawcow.testing.Tampering.Call.WRITE;
import static io.rawcow.testing.Tampering.calls;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import io.rawcow.image.Crash;
import io.rawcow.image.LiveImage;
import io.rawcow.image.OpenOptions;
import io.rawcow.posix.Errno;
import io.rawcow.testing.QuickTempDir;
import io.rawcow.testing.Tampering.Call;
import io.rawcow.testing.Tampering.Trouble;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StreamErrorTest {
    private static final int SIZE = 2 * MIB;
    /** A window in the middle. */
    private static final int BAD = MIB;

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

    /** Policy, call, errno, whether it pauses (else it ends the job), and the io-status. */
    static Stream<Arguments> answers() {
        return Stream.of(
                Arguments.of(ErrorPolicy.REPORT, READ, Errno.EIO, false, IoStatus.OK),
                Arguments.of(ErrorPolicy.REPORT, WRITE, Errno.EIO, false, IoStatus.OK),
                Arguments.of(ErrorPolicy.REPORT, WRITE, Errno.ENOSPC, false, IoStatus.OK),
                Arguments.of(ErrorPolicy.STOP, READ, Errno.EIO, true, IoStatus.FAILED),
                Arguments.of(ErrorPolicy.STOP, WRITE, Errno.EIO, true, IoStatus.FAILED),
                Arguments.of(ErrorPolicy.STOP, WRITE, Errno.ENOSPC, true, IoStatus.NOSPACE),
                Arguments.of(ErrorPolicy.ENOSPC, READ, Errno.EIO, false, IoStatus.OK),
                Arguments.of(ErrorPolicy.ENOSPC, WRITE, Errno.EIO, false, IoStatus.OK),
                Arguments.of(ErrorPolicy.ENOSPC, WRITE, Errno.ENOSPC, true, IoStatus.NOSPACE),
                Arguments.of(ErrorPolicy.ENOSPC, WRITE, Errno.EDQUOT, true, IoStatus.NOSPACE));
    }

    @ParameterizedTest
    @MethodSource("answers")
    void thePolicyAnswers(ErrorPolicy policy, Call call, int errno, boolean pauses, IoStatus ioStatus)
            throws Exception {
        StreamJob job = lab.job(image, onError(policy));
        StreamRunner runner;
        String name = call == READ ? BASE : "a.img";
        try (var _ = lab.tampering.fail(errno, calls(name, call, BAD, BAD + 1))) {
            runner = lab.started(job);
            job.awaitRest(SOON);
        }

        JobSnapshot now = job.snapshot();
        assertThat(now.status()).isEqualTo(pauses ? JobStatus.PAUSED : JobStatus.CONCLUDED);
        assertThat(now.ioStatus()).isEqualTo(ioStatus);
        assertThat(now.error().operation()).isEqualTo(call == READ ? "read" : "write");
        assertThat(now.error().errno()).isEqualTo(Errno.name(errno));
        assertThat(now.error().offset()).isEqualTo(BAD);
        assertThat(now.error().code()).isEqualTo(errno == Errno.EIO ? "io_error" : "no_space");
        assertThat(image.isStandalone()).isFalse();
        assertThat(readAll(image)).isEqualTo(expected);
        if (pauses) {
            job.resume();
            assertThat(job.snapshot().error()).isNull();
            assertThat(job.snapshot().ioStatus()).isEqualTo(IoStatus.OK);
            runner.start();
        } else {
            job = lab.job(image, onError(policy));
            lab.started(job);
        }
        assertStreamed(job);
    }

    private void assertStreamed(StreamJob job) throws Exception {
        job.awaitRest(SOON);
        assertThat(job.snapshot().error()).isNull();
        assertThat(lab.bytes("a.img")).isEqualTo(expected);
        assertThat(image.isStandalone()).isTrue();
    }

    @ParameterizedTest
    @EnumSource(
            value = Call.class,
            names = {"READ", "WRITE"})
    void ignoreCopiesAllElseEndsWithTheErrorAndKeepsTheBacking(Call call) throws Exception {
        StreamJob job = lab.job(image, onError(ErrorPolicy.IGNORE));
        String name = call == READ ? BASE : "a.img";
        try (var _ = lab.tampering.fail(Errno.EIO, calls(name, call, BAD, BAD + 1))) {
            lab.started(job);
            job.awaitRest(SOON);

            JobSnapshot now = job.snapshot();
            assertThat(now.status()).isEqualTo(JobStatus.CONCLUDED);
            assertThat(now.error().code()).isEqualTo("io_error");
            assertThat(now.error().offset()).isEqualTo(BAD);
            assertThat(now.ioStatus()).isEqualTo(IoStatus.FAILED);
            assertThat(now.currentProgress()).isEqualTo(SIZE - 64 * KIB);
            assertThat(image.backing()).isPresent();
        }
        assertThat(image.hasUnsavedBits()).isFalse();
        StreamJob next = lab.job(image, StreamOptions.DEFAULT);
        lab.started(next);
        assertStreamed(next);
    }

    /** What cannot be read but was written by the guest before the end needs no backing any more. */
    @Test
    void ignoreForgetsAnErrorWhoseRangeTheGuestHasTakenOver() throws Exception {
        StreamJob job = lab.job(image, new StreamOptions(0, ErrorPolicy.IGNORE, true, false));
        byte[] guest = new byte[64 * KIB];
        try (Trouble bad = lab.tampering.fail(Errno.EIO, calls(BASE, READ, BAD, BAD + 1));
                Trouble slow = lab.tampering.hang(1, calls(BASE, READ, SIZE - 1, SIZE))) {
            lab.started(job);
            await().atMost(SOON).until(() -> bad.hits() > 0 && slow.hits() > 0);
            write(image, BAD, guest);
            System.arraycopy(guest, 0, expected, BAD, guest.length);
        }
        assertStreamed(job);
    }

    @Test
    void aBackingThatCannotTellItsHolesIsRead() throws Exception {
        StreamJob job = lab.job(image, StreamOptions.DEFAULT);
        try (var _ = lab.tampering.fail(Errno.EIO, calls(BASE, SEEK))) {
            lab.started(job);
            assertStreamed(job);
        }
    }

    // ---- syncs and saves

    static Stream<Arguments> failedSyncs() {
        return Stream.of(ErrorPolicy.values())
                .flatMap(policy -> Stream.of("a.img", "a.raw-cow")
                        .flatMap(name ->
                                Stream.of(Errno.EIO, Errno.ENOSPC).map(errno -> Arguments.of(policy, name, errno))));
    }

    @ParameterizedTest
    @MethodSource("failedSyncs")
    void aFailedSyncEndsTheJobWhateverThePolicy(ErrorPolicy policy, String name, int errno) throws Exception {
        write(image, 0, new byte[SECTOR]); // sets a bit
        System.arraycopy(new byte[SECTOR], 0, expected, 0, SECTOR);
        StreamJob job = lab.job(image, onError(policy));
        try (var _ = lab.tampering.failOnce(errno, calls(name, DATA_SYNC))) {
            lab.started(job);
            job.awaitRest(SOON);
        }

        JobSnapshot now = job.snapshot();
        assertThat(now.status()).isEqualTo(JobStatus.CONCLUDED);
        assertThat(now.error().code()).isEqualTo("image_failed");
        assertThat(now.error().operation()).isEqualTo("sync");
        assertThat(now.error().errno()).isEqualTo(Errno.name(errno));
        assertThat(image.failure()).isNotNull();
        assertThat(image.isStandalone()).isFalse();
        assertImageFailed(() -> write(image, SIZE - 1, new byte[1]));
        assertImageFailed(image::flush);
        assertImageFailed(() -> read(image, 0, 1));
        Crash.of(image);
        assertThatExceptionOfType(BlockException.class)
                .isThrownBy(() -> lab.reopen("a"))
                .matches(e -> e.kind() == FaultKind.ANSWERED_WRITES_LOST);
        image = lab.reopen("a", new OpenOptions(false, true, false));
        StreamJob next = lab.job(image, StreamOptions.DEFAULT);
        lab.started(next);
        next.awaitRest(SOON);
        // The guest's sector was never flushed: it is old or new.
        assertThat(next.snapshot().error()).isNull();
        assertThat(Arrays.copyOfRange(lab.bytes("a.img"), SECTOR, SIZE))
                .isEqualTo(Arrays.copyOfRange(expected, SECTOR, SIZE));
    }

    private interface Use {
        void run() throws Exception;
    }

    private static void assertImageFailed(Use use) {
        assertThatExceptionOfType(BlockException.class)
                .isThrownBy(use::run)
                .matches(e -> e.kind() == FaultKind.IMAGE_FAILED);
    }

    /** A guest's flush finds out; the job learns of it at its next step. */
    @ParameterizedTest
    @EnumSource(ErrorPolicy.class)
    void aSyncThatFailsForTheGuestEndsTheJobToo(ErrorPolicy policy) throws Exception {
        StreamJob job = lab.job(image, new StreamOptions(MIB / 4, policy, true, false));
        lab.started(job);
        await().atMost(SOON).until(() -> image.sectorsAllocated() > 0);
        try (var _ = lab.tampering.fail(Errno.EIO, calls("a.img", DATA_SYNC))) {
            try {
                image.flush();
            } catch (BlockException _) {
                // Expected, from this flush or from an earlier save.
            }
            job.awaitRest(SOON);
        }

        assertThat(job.status()).isEqualTo(JobStatus.CONCLUDED);
        assertThat(job.snapshot().error().code()).isEqualTo("image_failed");
    }

    @Test
    void afterAFailedSyncSavedSectorsAndTheBackingCanBeRead() throws Exception {
        write(image, SIZE - 10, new byte[10]);
        image.flush();
        // Bits are kept track of by pages; these two images have one, so a new bit taints it.
        assertThat(read(image, SIZE - 10, 10)).containsOnly(0);
        try (var _ = lab.tampering.fail(Errno.EIO, calls("a.img", DATA_SYNC))) {
            assertImageFailed(image::flush);
        }

        assertThat(read(image, SIZE - 10, 10)).containsOnly(0);
        assertThat(read(image, 0, SECTOR)).isEqualTo(Arrays.copyOf(expected, SECTOR));
    }

    @Test
    void aSaveThatCannotBeWrittenIsTriedAgain() throws Exception {
        StreamJob job = lab.job(image, onError(ErrorPolicy.IGNORE));
        try (Trouble trouble =
                lab.tampering.failOnce(Errno.EIO, calls("a.raw-cow", WRITE).and(write -> write.offset() == 2080))) {
            lab.started(job);
            assertStreamed(job);
            assertThat(trouble.hits()).isOne();
        }
    }

    @ParameterizedTest
    @EnumSource(ErrorPolicy.class)
    void withBitsThatCannotBeSavedNoJobEndsWell(ErrorPolicy policy) throws Exception {
        StreamJob job = lab.job(image, new StreamOptions(0, policy, false, false));
        try (var _ = lab.tampering.fail(Errno.EIO, calls("a.raw-cow", WRITE).and(write -> write.offset() == 2080))) {
            lab.started(job);
            job.awaitRest(SOON);
            assertThat(job.status()).isEqualTo(policy == ErrorPolicy.STOP ? JobStatus.PAUSED : JobStatus.CONCLUDED);
            assertThat(job.snapshot().error().operation()).isEqualTo("sync");
            assertThat(image.failure()).isNull();
        }
        image.flush();
        StreamJob next = lab.job(image, StreamOptions.DEFAULT);
        lab.started(next);
        assertStreamed(next);
    }

    @Test
    void noSpaceForTheBitsPausesToo() throws Exception {
        StreamJob job = lab.job(image, StreamOptions.DEFAULT);
        StreamRunner runner;
        try (var _ = lab.tampering.fail(Errno.ENOSPC, calls("a.raw-cow", ALLOCATE))) {
            runner = lab.started(job);
            job.awaitRest(SOON);
            assertThat(job.status()).isEqualTo(JobStatus.PAUSED);
            assertThat(job.snapshot().ioStatus()).isEqualTo(IoStatus.NOSPACE);
            assertThatExceptionOfType(BlockException.class)
                    .isThrownBy(() -> write(image, 0, new byte[1]))
                    .matches(e -> e.kind() == FaultKind.NO_SPACE);
        }
        job.resume();
        runner.start();
        assertStreamed(job);
    }

    @Test
    void aJobPausedByAnErrorTellsWhy() throws Exception {
        StreamJob job = lab.job(image, onError(ErrorPolicy.STOP));
        try (var _ = lab.tampering.fail(Errno.EIO, calls(BASE, READ))) {
            lab.started(job);
            job.awaitRest(Duration.ofSeconds(30));
        }

        assertThat(job.snapshot().statusDetail())
                .startsWith("paused by an error")
                .contains("Input/output error");
    }
}
