package io.rawcow.stream;

import static io.rawcow.stream.StreamLab.BASE;
import static io.rawcow.stream.StreamLab.KIB;
import static io.rawcow.stream.StreamLab.MIB;
import static io.rawcow.stream.StreamLab.SECTOR;
import static io.rawcow.stream.StreamLab.noise;
import static io.rawcow.stream.StreamLab.read;
import static io.rawcow.stream.StreamLab.readAll;
import static io.rawcow.stream.StreamLab.speed;
import static io.rawcow.stream.StreamLab.write;
import static io.rawcow.testing.Tampering.Call.READ;
import static io.rawcow.testing.Tampering.Call.SEEK;
import static io.rawcow.testing.Tampering.Call.WRITE;
import static io.rawcow.testing.Tampering.calls;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.rawcow.block.ByteRange;
import io.rawcow.block.Zeroing;
import io.rawcow.image.LiveImage;
import io.rawcow.image.Preallocation;
import io.rawcow.stream.StepResult.Drained;
import io.rawcow.stream.StepResult.Hydrated;
import io.rawcow.stream.StepResult.Stopped;
import io.rawcow.stream.StepResult.Throttled;
import io.rawcow.testing.QuickTempDir;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Steps one by one, on a clock of the test's own. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StreamStepTest {
    private static final long SECOND = 1_000_000_000L;

    @TempDir(factory = QuickTempDir.class)
    Path temp;

    private StreamLab lab;
    private long nanos;

    @BeforeEach
    void open() throws Exception {
        lab = new StreamLab(temp);
    }

    @AfterEach
    void close() throws Exception {
        lab.close();
    }

    private StreamJob job(LiveImage image, StreamOptions options, StreamSettings settings) {
        InstantSource clock = () -> Instant.ofEpochSecond(0, nanos);
        var job = new StreamJob(
                image,
                options,
                new StreamContext(settings, lab.buffers, clock, () -> nanos, () -> {}, _ -> {}),
                JobHistory.NONE);
        assertThat(job.begin()).isOne();
        return job;
    }

    private StreamJob job(LiveImage image, int windowBytes) {
        return job(image, StreamOptions.DEFAULT, StreamLab.settings(windowBytes, MIB, Duration.ofSeconds(1)));
    }

    private static StepResult step(StreamJob job) {
        return job.work().step(job.currentPass());
    }

    /** Steps and saves until the job ends; a step that is throttled costs time. */
    private void finish(StreamJob job) {
        for (StreamPass pass = job.currentPass(); pass != null; pass = job.currentPass()) {
            if (job.work().step(pass) instanceof Throttled(long wait, boolean _)) {
                nanos += wait;
            }
            assertThat(job.work().save(false)).isTrue();
            job.endIfDrained(pass);
        }
        assertThat(job.snapshot().error()).isNull();
        assertThat(job.status()).isEqualTo(JobStatus.CONCLUDED);
    }

    @Test
    void aGuestsWriteBetweenReadingAndHydratingStays() throws Exception {
        byte[] expected = lab.backing(256 * KIB);
        LiveImage image = lab.image(SECTOR);
        byte[] guest = new byte[10_000];
        noise(guest, 0, guest.length, 7);
        StreamJob job = job(image, 64 * KIB);

        try (var meanwhile = lab.tampering.once(calls(BASE, READ), () -> write(image, 5000, guest))) {
            assertThat(step(job)).isInstanceOf(Hydrated.class);
            assertThat(meanwhile.hits()).isOne();
        }

        System.arraycopy(guest, 0, expected, 5000, guest.length);
        assertThat(read(image, 0, 64 * KIB)).isEqualTo(Arrays.copyOf(expected, 64 * KIB));
        assertThat(job.snapshot().bytesWrittenByGuest()).isEqualTo(12 * KIB);
        assertThat(job.snapshot().bytesCopied()).isEqualTo(52 * KIB);
        finish(job);
        assertThat(lab.bytes("a.img")).isEqualTo(expected);
    }

    @Test
    void aGuestsZeroesBetweenLookingAndHydratingStay() throws Exception {
        byte[] expected = lab.backing(256 * KIB);
        LiveImage image = lab.image(SECTOR);

        try (var _ =
                lab.tampering.once(calls(BASE, SEEK), () -> image.zero(new ByteRange(100, 20_000), Zeroing.PUNCH))) {
            finish(job(image, 64 * KIB));
        }

        Arrays.fill(expected, 100, 20_100, (byte) 0);
        assertThat(lab.bytes("a.img")).isEqualTo(expected);
    }

    /** Image and backing in bytes; backings with holes, and shorter or longer than the image, or none. */
    static Stream<Arguments> shapes() {
        return IntStream.of(512, 4096, 65536, 2 * MIB)
                .boxed()
                .flatMap(sector -> Stream.of(
                        arguments(sector, 3 * MIB, 3 * MIB),
                        arguments(sector, 3 * MIB + 513, 3 * MIB + 513),
                        arguments(sector, 1, 1),
                        arguments(sector, 3 * MIB + 1, 5000),
                        arguments(sector, 5 * MIB, 2 * MIB - 100),
                        arguments(sector, MIB + 4095, 2 * MIB),
                        arguments(sector, MIB - 1, 0)));
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void everyShapeBecomesWhatTheGuestSaw(int sector, int size, int backingSize) throws Exception {
        byte[] expected = new byte[size];
        if (backingSize > 0) {
            byte[] backing = lab.backing(backingSize, 24 * KIB);
            System.arraycopy(backing, 0, expected, 0, Math.min(size, backingSize));
        }
        lab.create("a", (long) size, sector, Preallocation.OFF);
        LiveImage image = lab.reopen("a");
        assertThat(readAll(image)).isEqualTo(expected);

        finish(job(image, 64 * KIB));

        assertThat(lab.bytes("a.img")).isEqualTo(expected);
        assertThat(readAll(image)).isEqualTo(expected);
        assertThat(image.isStandalone()).isTrue();
        assertThat(lab.path("a.raw-cow")).doesNotExist();
    }

    @Test
    void nothingIsReadWhereAllBitsAreSet() throws Exception {
        lab.backing(MIB);
        LiveImage image = lab.image(SECTOR);
        write(image, 0, new byte[MIB]);
        lab.tampering.forget();

        StreamJob job = job(image, 64 * KIB);
        assertThat(step(job)).isInstanceOf(Drained.class);
        finish(job);

        assertThat(lab.tampering.touches(BASE, READ)).isEmpty();
        assertThat(lab.tampering.touches("a.img", WRITE)).isEmpty();
        assertThat(lab.bytes("a.img")).containsOnly(0);
    }

    // ---- pace

    @Test
    void aTinySpeedCopiesOneChunkInHalfASecond() throws Exception {
        lab.backing(MIB);
        LiveImage image = lab.image(64 * KIB);
        StreamJob job = job(image, speed(65536), StreamLab.small());

        assertThat(step(job)).isInstanceOf(Hydrated.class);
        assertThat(step(job)).isEqualTo(new Throttled(SECOND, true));
        nanos += SECOND / 2;
        assertThat(step(job)).isEqualTo(new Throttled(SECOND / 2, true));

        assertThat(job.snapshot().currentProgress()).isEqualTo(64 * KIB);
    }

    @Test
    void theLimitHoldsFromTheFirstByteOnAfterAPauseToo() throws Exception {
        lab.backing(MIB);
        LiveImage image = lab.image(SECTOR);
        StreamJob job = job(image, speed(MIB), StreamLab.small());
        job.pause();
        nanos += 3600 * SECOND;
        job.resume();
        assertThat(job.begin()).isEqualTo(2);
        nanos += SECOND / 100;

        assertThat(step(job)).isInstanceOf(Hydrated.class);
        nanos += SECOND / 100;
        assertThat(step(job)).isInstanceOf(Throttled.class);
    }

    @Test
    void holesAndZerosBeyondTheBackingAreFree() throws Exception {
        lab.backing(2 * MIB, MIB);
        lab.create("a", 1L << 30, SECTOR, Preallocation.OFF);
        LiveImage image = lab.reopen("a");
        StreamJob job = job(image, speed(MIB), StreamLab.small());

        finish(job);

        assertThat(nanos / 1e9).isBetween(0.8, 1.0);
    }

    @Test
    void theRateFollowsTheClock() throws Exception {
        lab.backing(4 * MIB);
        LiveImage image = lab.image(SECTOR);
        StreamJob job = job(image, speed(MIB), StreamLab.small());
        while (nanos < 2 * SECOND) {
            if (step(job) instanceof Throttled(long wait, boolean _)) {
                nanos += wait;
            }
            var _ = job.work().save(false);
        }

        JobSnapshot now = job.snapshot();
        assertThat(now.rate()).isBetween(MIB * 9L / 10, MIB * 12L / 10);
        assertThat(now.etaSeconds()).isBetween(1L, 3L);
        assertThat(now.progress()).isBetween(0.45, 0.6);
        assertThat(now.lastProgressAt()).isBetween(Instant.ofEpochSecond(1), Instant.ofEpochSecond(2));
    }

    // ---- batches

    @Test
    void stepsWaitForASaveThatIsDue() throws Exception {
        lab.backing(4 * MIB);
        LiveImage image = lab.image(SECTOR);
        StreamJob job = job(image, StreamOptions.DEFAULT, StreamLab.settings(256 * KIB, MIB, Duration.ofDays(1)));
        for (int i = 0; i < 4; i++) {
            assertThat(step(job)).isInstanceOf(Hydrated.class);
        }
        assertThat(step(job)).isInstanceOf(Throttled.class);
        assertThat(image.hasUnsavedBits()).isTrue();

        assertThat(job.work().save(false)).isTrue();

        assertThat(image.hasUnsavedBits()).isFalse();
        assertThat(step(job)).isInstanceOf(Hydrated.class);
    }

    /** A guest's flush saves the bits of the stream too: it must not wait for a save that has nothing to do. */
    @Test
    void aGuestsFlushDoesNotStallTheStream() throws Exception {
        lab.backing(4 * MIB);
        LiveImage image = lab.image(SECTOR);
        StreamJob job = job(image, StreamOptions.DEFAULT, StreamLab.settings(256 * KIB, MIB, Duration.ofDays(1)));
        for (int i = 0; i < 4; i++) {
            assertThat(step(job)).isInstanceOf(Hydrated.class);
        }
        image.flush();

        assertThat(job.work().save(false)).isTrue();

        assertThat(step(job)).isInstanceOf(Hydrated.class);
    }

    @Test
    void bitsAreSavedWhenTheIntervalHasPassed() throws Exception {
        lab.backing(4 * MIB);
        LiveImage image = lab.image(SECTOR);
        StreamJob job = job(image, 64 * KIB);
        assertThat(step(job)).isInstanceOf(Hydrated.class);
        assertThat(job.work().save(false)).isTrue();
        assertThat(image.hasUnsavedBits()).isTrue();

        nanos += SECOND;
        assertThat(job.work().save(false)).isTrue();

        assertThat(image.hasUnsavedBits()).isFalse();
    }

    // ---- a pass and its end

    @Test
    void aStepOfAnEarlierRunDoesNothing() throws Exception {
        lab.backing(MIB);
        LiveImage image = lab.image(SECTOR);
        StreamJob job = job(image, 64 * KIB);
        StreamPass first = job.currentPass();
        job.pause();
        job.resume();
        assertThat(job.begin()).isEqualTo(2);

        assertThat(job.work().step(first)).isInstanceOf(Stopped.class);
        assertThat(job.passOf(1)).isNull();
        assertThat(job.passOf(2)).isNotNull();
        assertThat(image.sectorsAllocated()).isZero();
    }

    @Test
    void aPassThatIsDrainedSaysSoOnce() throws Exception {
        lab.backing(128 * KIB);
        LiveImage image = lab.image(SECTOR);
        var drained = new AtomicInteger();
        var pass = new StreamPass(image, new RateLimiter(0, () -> nanos), 64 * KIB, drained::incrementAndGet);
        var first = pass.claim();
        var second = pass.claim();
        assertThat(first.range()).isEqualTo(new ByteRange(0, 64 * KIB));
        assertThat(second.range()).isEqualTo(new ByteRange(64 * KIB, 64 * KIB));
        assertThat(pass.claim()).isNull();
        pass.done(first);
        assertThat(pass.isDrained()).isFalse();
        assertThat(drained).hasValue(0);

        pass.done(second);

        assertThat(pass.isDrained()).isTrue();
        assertThat(pass.claim()).isNull();
        assertThat(drained).hasValue(1);
    }

    @Test
    void aPoolWhoseBuffersCannotHoldASectorIsRefused() throws Exception {
        lab.backing(4 * MIB);
        LiveImage image = lab.image(2 * MIB);
        var context = new StreamContext(
                StreamLab.small(),
                new BufferPool(4 << 20, 1 << 20),
                InstantSource.system(),
                () -> 0,
                () -> {},
                _ -> {});

        assertThatIllegalArgumentException()
                .isThrownBy(() -> new StreamJob(image, StreamOptions.DEFAULT, context, JobHistory.NONE));
    }
}
