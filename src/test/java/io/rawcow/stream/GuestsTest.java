package io.rawcow.stream;

import static io.rawcow.stream.StreamLab.KIB;
import static io.rawcow.stream.StreamLab.MIB;
import static io.rawcow.stream.StreamLab.SOON;
import static io.rawcow.stream.StreamLab.speed;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.rawcow.block.BlockException;
import io.rawcow.block.ByteRange;
import io.rawcow.block.Zeroing;
import io.rawcow.image.LiveImage;
import io.rawcow.testing.QuickTempDir;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Guests that read, write, zero and flush while their image is streamed, paused, resumed and detached. Each owns
 * stripes that begin and end amid sectors, so that neighbours fill up each other's sectors from the backing.
 */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class GuestsTest {
    private static final int SIZE = 8 * MIB + 700;
    private static final int STRIPE = 1536;
    private static final int GUESTS = 5;

    @TempDir(factory = QuickTempDir.class)
    Path temp;

    private StreamLab lab;
    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private volatile boolean over;
    private LiveImage image;
    private byte[] model;

    @BeforeEach
    void open() throws Exception {
        lab = new StreamLab(temp);
    }

    @AfterEach
    void close() throws Exception {
        over = true;
        lab.close();
    }

    /** One guest; nobody else writes its stripes. */
    private final class Guest implements Runnable {
        private final int number;
        private final SplittableRandom random;
        private int done;

        Guest(int number, long seed) {
            this.number = number;
            this.random = new SplittableRandom(seed + number);
        }

        @Override
        public void run() {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment buffer = arena.allocate(64 * KIB);
                while (!over || done < 100) {
                    act(buffer);
                    done++;
                }
            } catch (BlockException | RuntimeException | Error e) {
                failures.add(e);
            }
        }

        private void act(MemorySegment buffer) throws BlockException {
            int stripe = (random.nextInt(SIZE / STRIPE / GUESTS) * GUESTS + number) * STRIPE;
            int from = stripe + random.nextInt(STRIPE);
            int end = random.nextInt(from + 1, Math.min(SIZE, stripe + STRIPE) + 1);
            switch (random.nextInt(10)) {
                case 0, 1, 2, 3 -> {
                    MemorySegment bytes = buffer.asSlice(0, end - from);
                    bytes.fill((byte) random.nextInt(256));
                    image.write(from, bytes);
                    MemorySegment.copy(bytes, JAVA_BYTE, 0, model, from, end - from);
                }
                case 4 -> {
                    image.zero(
                            ByteRange.between(from, end),
                            random.nextBoolean() ? Zeroing.PUNCH : Zeroing.KEEP_ALLOCATED);
                    Arrays.fill(model, from, end, (byte) 0);
                }
                case 5 -> image.flush();
                case 6 -> {
                    // Others' bytes: whatever they are, there must be an answer.
                    int offset = random.nextInt(SIZE - 64 * KIB);
                    image.read(offset, buffer);
                    var _ = image.mapAt(offset, SIZE);
                }
                default -> {
                    MemorySegment bytes = buffer.asSlice(0, end - from);
                    image.read(from, bytes);
                    int wrong = Arrays.mismatch(bytes.toArray(JAVA_BYTE), Arrays.copyOfRange(model, from, end));
                    if (wrong >= 0) {
                        throw new AssertionError("guest=%d offset=%d".formatted(number, from + wrong));
                    }
                }
            }
        }
    }

    private List<Thread> startGuests(long seed) {
        List<Thread> guests = new ArrayList<>();
        for (int i = 0; i < GUESTS; i++) {
            guests.add(Thread.ofPlatform().name("guest-" + i).start(new Guest(i, seed)));
        }
        return guests;
    }

    private void finish(List<Thread> guests) throws Exception {
        over = true;
        for (Thread guest : guests) {
            guest.join();
        }
        assertThat(failures).isEmpty();
        assertThat(lab.bytes("a.img")).isEqualTo(model);
    }

    @ParameterizedTest
    @ValueSource(ints = {512, 4096, 65536})
    void guestsGoOnOverStreamAndDetach(int sector) throws Exception {
        long seed = System.nanoTime();
        System.out.println("GuestsTest sector=%d seed=%d".formatted(sector, seed));
        model = lab.backing(SIZE, 37 * KIB);
        image = lab.image(sector);
        List<Thread> guests = startGuests(seed);
        StreamJob job = lab.job(image, speed(8 * MIB));
        StreamRunner runner = lab.started(job);
        pauseAndResume(job, runner);
        job.awaitRest(SOON);
        assertThat(job.snapshot().error()).isNull();
        assertThat(image.isStandalone()).isTrue();

        finish(guests);
    }

    private void pauseAndResume(StreamJob job, StreamRunner runner) {
        try {
            for (int i = 0; i < 20; i++) {
                long before = image.sectorsAllocated();
                await().atMost(SOON).until(() -> image.sectorsAllocated() > before || image.isComplete());
                job.pause();
                job.resume();
                runner.start();
            }
        } catch (WrongJobStatusException e) {
            // It was faster.
            assertThat(image.isComplete()).isTrue();
        }
    }

    /** Again and again the last moments, where the sidecar goes away under everybody. */
    @Test
    void manyDetaches() throws Exception {
        long seed = System.nanoTime();
        System.out.println("GuestsTest detaches seed=%d".formatted(seed));
        byte[] backing = lab.backing(SIZE, 2 * MIB);
        for (int i = 0; i < 12; i++) {
            over = false;
            model = backing.clone();
            image = lab.image("a", 4096);
            List<Thread> guests = startGuests(seed + i * 1000L);
            StreamJob job = lab.job(image, StreamOptions.DEFAULT);
            lab.started(job);
            job.awaitRest(SOON);
            assertThat(job.snapshot().error()).isNull();
            finish(guests);
            image.close();
            Files.delete(lab.path("a.img"));
        }
    }
}
