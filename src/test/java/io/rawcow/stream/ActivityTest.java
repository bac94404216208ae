package io.rawcow.stream;

import static io.rawcow.stream.StreamLab.BASE;
import static io.rawcow.stream.StreamLab.KIB;
import static io.rawcow.stream.StreamLab.MIB;
import static io.rawcow.stream.StreamLab.SECTOR;
import static io.rawcow.testing.Tampering.Call.READ;
import static io.rawcow.testing.Tampering.calls;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import io.rawcow.block.BlockException;
import io.rawcow.block.ByteRange;
import io.rawcow.block.FaultKind;
import io.rawcow.block.Zeroing;
import io.rawcow.image.BlockMap;
import io.rawcow.image.ImageActivity;
import io.rawcow.image.ImageActivity.Copy;
import io.rawcow.image.ImageActivity.Side;
import io.rawcow.image.ImageActivity.Skip;
import io.rawcow.image.ImageActivity.Source;
import io.rawcow.image.LiveImage;
import io.rawcow.image.Preallocation;
import io.rawcow.posix.Errno;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an image counts, and the picture of it. */
class ActivityTest {
    @TempDir
    Path folder;

    private StreamLab lab;

    @BeforeEach
    void open() throws Exception {
        lab = new StreamLab(folder);
    }

    @AfterEach
    void close() {
        lab.close();
    }

    @Test
    void readsCountByWhoAnswers() throws Exception {
        lab.backing(MIB);
        lab.create("a", 2L * MIB, SECTOR, Preallocation.OFF);
        LiveImage image = lab.reopen("a");
        ImageActivity activity = image.activity();
        StreamLab.write(image, 0, new byte[8 * KIB]);

        StreamLab.readAll(image);

        assertThat(activity.served(Source.RAW)).isEqualTo(8 * KIB);
        assertThat(activity.served(Source.BACKING)).isEqualTo(MIB - 8 * KIB);
        assertThat(activity.served(Source.ZERO)).isEqualTo(MIB);
        assertThat(activity.backingReads().bytes()).isEqualTo(MIB - 8 * KIB);
    }

    @Test
    void everySectorOfACompleteImageCountsOnce() throws Exception {
        lab.backing(2 * MIB, 64 * KIB);
        LiveImage image = lab.image(SECTOR);
        ImageActivity activity = image.activity();
        StreamLab.write(image, 100, new byte[1000]);
        image.zero(new ByteRange(256 * KIB, 8 * KIB), Zeroing.PUNCH);
        image.prefetch(new ByteRange(512 * KIB, 16 * KIB));

        StreamJob job = lab.job(image, StreamLab.speed(0));
        lab.started(job);
        job.awaitRest(StreamLab.SOON);

        assertThat(image.isStandalone()).isTrue();
        assertThat(activity.copied(Copy.GUEST_COPYUP)).isEqualTo(SECTOR - 1000);
        assertThat(activity.copied(Copy.PREFETCH)).isEqualTo(16 * KIB);
        assertThat(activity.skipped(Skip.GUEST_OVERWRITE)).isEqualTo(SECTOR);
        assertThat(activity.skipped(Skip.DISCARD)).isEqualTo(8 * KIB);
        assertThat(activity.skipped(Skip.ZERO)).isPositive();
        assertThat(activity.copied(Copy.BACKGROUND)
                        + activity.copied(Copy.PREFETCH)
                        + activity.skipped(Skip.ZERO)
                        + activity.skipped(Skip.GUEST_OVERWRITE)
                        + activity.skipped(Skip.DISCARD))
                .isEqualTo(2 * MIB);
        assertThat(job.snapshot().bytesCopied()).isEqualTo(activity.copied(Copy.BACKGROUND));
        assertThat(activity.commits()).isPositive();
        assertThat(activity.unsavedNanos()).isZero();
    }

    @Test
    void readOnceStandaloneCountsForTheRawFile() throws Exception {
        lab.backing(64 * KIB);
        LiveImage image = lab.image(SECTOR);
        StreamJob job = lab.job(image, StreamLab.speed(0));
        lab.started(job);
        job.awaitRest(StreamLab.SOON);

        StreamLab.readAll(image);

        assertThat(image.activity().served(Source.RAW)).isEqualTo(64 * KIB);
        assertThat(image.activity().served(Source.BACKING)).isZero();
    }

    @Test
    void unsavedBitHasAnAgeUntilItIsSaved() throws Exception {
        lab.backing(64 * KIB);
        LiveImage image = lab.image(SECTOR);
        assertThat(image.activity().unsavedNanos()).isZero();

        StreamLab.write(image, 0, new byte[SECTOR]);
        long before = image.activity().unsavedNanos();
        assertThat(before).isPositive();
        StreamLab.write(image, SECTOR, new byte[SECTOR]);
        assertThat(image.activity().unsavedNanos()).isGreaterThanOrEqualTo(before);

        image.flush();
        assertThat(image.activity().unsavedNanos()).isZero();
    }

    @Test
    void failedReadTurnsTheBackingDownUntilOneSucceeds() throws Exception {
        lab.backing(MIB);
        LiveImage image = lab.image(SECTOR);
        ImageActivity activity = image.activity();
        assertThat(activity.isBackingUp(Long.MAX_VALUE)).isTrue();

        try (var _ = lab.tampering.fail(Errno.EIO, calls(BASE, READ))) {
            assertThatThrownBy(() -> StreamLab.read(image, 0, SECTOR)).isInstanceOf(BlockException.class);
        }
        assertThat(activity.isBackingUp(Long.MAX_VALUE)).isFalse();
        assertThat(activity.backingReads().errors()).isEqualTo(1);

        StreamLab.read(image, 0, SECTOR);
        assertThat(activity.isBackingUp(Long.MAX_VALUE)).isTrue();
        assertThat(activity.served(Source.BACKING)).isEqualTo(SECTOR);
    }

    @Test
    void backingIsDownWhileAllItsReadsHang() throws Exception {
        lab.backing(MIB);
        LiveImage image = lab.image(SECTOR);
        ImageActivity activity = image.activity();
        StreamJob job = lab.job(image, StreamLab.speed(0));

        try (var hang = lab.tampering.hang(calls(BASE, READ))) {
            lab.started(job);
            await().until(() -> hang.hits() == 4);
            await().until(() -> !activity.isBackingUp(1));
            assertThat(activity.isBackingUp(Long.MAX_VALUE)).isTrue();
            assertThat(job.inFlight()).hasSize(4);
            assertThat(BlockMap.of(image, 16, job.inFlight()).copying()).containsExactly(0, 1, 2, 3);
        }
        job.awaitRest(StreamLab.SOON);

        assertThat(activity.isBackingUp(1)).isTrue();
        assertThat(job.inFlight()).isEmpty();
    }

    @Test
    void errorsOfAStreamCountBySideAndKind() throws Exception {
        lab.backing(MIB);
        LiveImage image = lab.image(SECTOR);
        StreamJob job = lab.job(image, StreamLab.onError(ErrorPolicy.REPORT));

        try (var _ = lab.tampering.failOnce(Errno.EIO, calls(BASE, READ))) {
            lab.started(job);
            job.awaitRest(StreamLab.SOON);
        }

        assertThat(image.activity().streamErrors(Side.SOURCE, FaultKind.IO_ERROR))
                .isEqualTo(1);
        assertThat(image.activity().streamErrors(Side.TARGET, FaultKind.IO_ERROR))
                .isZero();
    }

    @Test
    void waitForTheSpeedLimitIsCounted() throws Exception {
        lab.backing(256 * KIB);
        LiveImage image = lab.image(SECTOR);
        StreamJob job = lab.job(image, StreamLab.speed(512 * KIB));

        lab.started(job);
        job.awaitRest(StreamLab.SOON);

        assertThat(image.activity().throttledNanos()).isPositive();
    }

    @Test
    void pictureAgreesWithAModel() throws Exception {
        for (long seed = 0; seed < 20; seed++) {
            picture(new SplittableRandom(seed), "image" + seed);
        }
    }

    private void picture(SplittableRandom random, String name) throws Exception {
        int sectors = random.nextInt(1, 300);
        lab.create(name, (long) sectors * SECTOR, SECTOR, Preallocation.OFF);
        LiveImage image = lab.reopen(name);
        boolean[] written = new boolean[sectors];
        boolean[] zeroed = new boolean[sectors];
        for (int change = 0; change < 20; change++) {
            int first = random.nextInt(sectors);
            int end = Math.min(sectors, first + random.nextInt(1, 8));
            boolean zero = random.nextBoolean();
            for (int sector = first; sector < end; sector++) {
                if (!written[sector] && !zeroed[sector]) {
                    (zero ? zeroed : written)[sector] = true;
                }
            }
            if (zero) {
                image.zero(new ByteRange((long) first * SECTOR, (long) (end - first) * SECTOR), Zeroing.PUNCH);
            } else {
                StreamLab.write(image, (long) first * SECTOR, new byte[(end - first) * SECTOR]);
            }
        }
        int cells = random.nextInt(1, 400);

        BlockMap map = BlockMap.of(image, cells, List.of());

        int each = (int) (map.cellSize() / SECTOR);
        assertThat(map.allocated()).hasSizeLessThanOrEqualTo(cells).hasSize((sectors - 1) / each + 1);
        for (int cell = 0; cell < map.allocated().size(); cell++) {
            int from = cell * each;
            int to = Math.min(sectors, from + each);
            double guest = count(written, from, to) / (double) (to - from);
            double zeros = count(zeroed, from, to) / (double) (to - from);
            assertThat(map.allocated().get(cell)).as(name).isCloseTo(guest + zeros, within(0.0001));
            assertThat(map.guest().get(cell)).as(name).isCloseTo(guest, within(0.0001));
            assertThat(map.zero().get(cell)).as(name).isCloseTo(zeros, within(0.0001));
        }
    }

    private static int count(boolean[] bits, int from, int to) {
        return (int) IntStream.range(from, to).filter(i -> bits[i]).count();
    }

    @Test
    void oneSectorOfManyIsSeen() throws Exception {
        lab.create("large", 1L << 40, SECTOR, Preallocation.OFF);
        LiveImage image = lab.reopen("large");
        StreamLab.write(image, 1L << 39, new byte[SECTOR]);

        BlockMap map = BlockMap.of(image, 1024, List.of());

        assertThat(map.cellSize()).isEqualTo(1L << 30);
        assertThat(map.allocated()).hasSize(1024);
        assertThat(map.allocated().get(512)).isEqualTo(0.0001);
        assertThat(map.allocated().stream().filter(share -> share > 0)).hasSize(1);
        assertThat(map.guest().get(512)).isEqualTo(0.0001);
    }
}
