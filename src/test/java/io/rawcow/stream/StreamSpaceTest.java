package io.rawcow.stream;

import static io.rawcow.stream.StreamLab.BASE;
import static io.rawcow.stream.StreamLab.KIB;
import static io.rawcow.stream.StreamLab.MIB;
import static io.rawcow.stream.StreamLab.SECTOR;
import static io.rawcow.stream.StreamLab.noise;
import static io.rawcow.stream.StreamLab.readAll;
import static io.rawcow.stream.StreamLab.write;
import static io.rawcow.testing.Tampering.Call.READ;
import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.image.LiveImage;
import io.rawcow.image.Preallocation;
import io.rawcow.testing.Tampering.Touch;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a stream reads, and what space it leaves taken. On a file system of a disk. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StreamSpaceTest {
    @TempDir
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

    private JobSnapshot stream(LiveImage image) throws Exception {
        StreamJob job = lab.job(image, StreamOptions.DEFAULT);
        lab.started(job);
        job.awaitRest(StreamLab.SOON);
        assertThat(job.snapshot().error()).isNull();
        assertThat(job.status()).isEqualTo(JobStatus.CONCLUDED);
        return job.snapshot();
    }

    @Test
    void holesAreNeverReadAndStayHoles() throws Exception {
        byte[] expected = lab.backing(8 * MIB, MIB);
        lab.create("a", 64L * MIB, SECTOR, Preallocation.OFF);
        LiveImage image = lab.reopen("a");
        lab.tampering.forget();

        JobSnapshot done = stream(image);

        assertThat(lab.tampering.touches(BASE, READ))
                .isNotEmpty()
                .allSatisfy(read -> assertThat(read.offset() / MIB % 2 + (read.end() - 1) / MIB % 2)
                        .isZero());
        assertThat(lab.tampering.touches(BASE, READ).stream()
                        .mapToLong(Touch::length)
                        .sum())
                .isEqualTo(4 * MIB);
        assertThat(Arrays.copyOf(lab.bytes("a.img"), 8 * MIB)).isEqualTo(expected);
        assertThat(lab.allocated("a.img")).isBetween(4L * MIB, 4L * MIB + 64 * KIB);
        assertThat(done.bytesCopied()).isEqualTo(4 * MIB);
        assertThat(done.bytesSkippedZero()).isEqualTo(60 * MIB);
        assertThat(done.bytesWrittenByGuest()).isZero();
    }

    @Test
    void zerosAmongDataBecomeHolesWithTheirBitsSet() throws Exception {
        byte[] expected = lab.backing(4 * MIB);
        Arrays.fill(expected, 64 * KIB, 3 * MIB, (byte) 0);
        Arrays.fill(expected, 3 * MIB + 100, 3 * MIB + 3000, (byte) 0);
        Files.write(lab.path(BASE), expected);
        LiveImage image = lab.image(SECTOR);

        stream(image);

        assertThat(lab.bytes("a.img")).isEqualTo(expected);
        assertThat(lab.allocated("a.img")).isBetween(MIB + 64L * KIB, MIB + 128L * KIB);
    }

    @Test
    void aPreallocatedRawFileStaysSo() throws Exception {
        byte[] expected = lab.backing(4 * MIB, MIB);
        Arrays.fill(expected, 0, 300 * KIB, (byte) 0);
        Files.write(lab.path(BASE), expected);
        lab.create("a", null, SECTOR, Preallocation.FALLOC);
        LiveImage image = lab.reopen("a");
        assertThat(lab.allocated("a.img")).isGreaterThanOrEqualTo(4 * MIB);

        stream(image);

        assertThat(lab.bytes("a.img")).isEqualTo(expected);
        assertThat(lab.allocated("a.img")).isGreaterThanOrEqualTo(4 * MIB);
    }

    @ParameterizedTest
    @EnumSource(Preallocation.class)
    void garbageUnderClearBitsNeverShows(Preallocation preallocation) throws Exception {
        byte[] expected = lab.backing(4 * MIB, 96 * KIB);
        lab.create("a", 5L * MIB, SECTOR, preallocation);
        LiveImage image = lab.reopen("a");
        write(image, 1_000_000, new byte[] {1, 2, 3});
        System.arraycopy(new byte[] {1, 2, 3}, 0, expected, 1_000_000, 3);
        byte[] garbage = new byte[5 * MIB];
        noise(garbage, 0, garbage.length, 99);
        try (var raw = new RandomAccessFile(lab.path("a.img").toFile(), "rw")) {
            raw.write(garbage, 0, 999_424);
            raw.seek(1_003_520);
            raw.write(garbage, 0, 5 * MIB - 1_003_520);
        }
        assertThat(Arrays.copyOf(readAll(image), 4 * MIB)).isEqualTo(expected);

        stream(image);

        assertThat(lab.bytes("a.img")).isEqualTo(Arrays.copyOf(expected, 5 * MIB));
    }

    @Test
    void withoutABackingAllBecomesZeros() throws Exception {
        lab.create("a", 3L << 30, SECTOR, Preallocation.OFF);
        LiveImage image = lab.reopen("a");

        JobSnapshot done = stream(image);

        assertThat(lab.allocated("a.img")).isLessThan(MIB);
        assertThat(done.bytesSkippedZero()).isEqualTo(3L << 30);
        assertThat(done.bytesCopied()).isZero();
    }
}
