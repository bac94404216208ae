package io.rawcow.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.testing.RealFolder;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Drawn lives of images against an array of bytes: create, read, write, zero, flush, steps of the stream, pauses,
 * closes, kills, losses of power, detach; with every sector size, and sizes that are no multiples of one.
 *
 * <p>Proven for these lives: a guest reads what it wrote; after a kill too; after a loss of power, what it had flushed,
 * and elsewhere something that it wrote or found since. Some lives are led on real files too, and every call must
 * answer there what it answers on the simulated disk: the disk that these tests believe in is like the real one in all
 * that shows without a loss of power.
 *
 * <p>Not proven: anything between threads. {@code -Drawcow.seeds=N} asks for more; {@code -Drawcow.seed=N} for one
 * alone; seeds that failed once are in {@code seeds/model.txt}.
 */
class ModelTest {
    private static final int SMALLEST = 512;
    private static final int SIZES = 13;
    private static final int REAL_EVERY = 20;

    @TempDir
    private Path folder;

    @Test
    void aGuestReadsWhatItWrote() throws IOException {
        Long only = Long.getLong("rawcow.seed");
        long count = Integer.getInteger("rawcow.seeds", 2000);
        long[] seeds = only != null
                ? new long[] {only}
                : LongStream.concat(kept().stream().mapToLong(Long::longValue), LongStream.rangeClosed(1, count))
                        .toArray();
        for (long seed : seeds) {
            try {
                live(seed);
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError(
                        "%s%n  to repeat it: -Drawcow.seed=%d%n  image: %s"
                                .formatted(e.getMessage(), seed, layout(new SplittableRandom(seed))),
                        e);
            }
        }
        System.out.printf("lived %d lives%n", seeds.length);
    }

    private static List<Long> kept() throws IOException {
        try (InputStream file = ModelTest.class.getResourceAsStream("/seeds/model.txt")) {
            return new String(file.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .map(line -> line.replaceFirst("#.*", "").strip())
                    .filter(line -> !line.isEmpty())
                    .map(Long::valueOf)
                    .toList();
        }
    }

    private static Layout layout(SplittableRandom random) {
        // The large ones cost most and differ least.
        int sectorSize = SMALLEST << Math.min(random.nextInt(SIZES), random.nextInt(2 * SIZES));
        return Layout.drawn(random, sectorSize, sectorSize <= 4096 ? 32 << 10 : 3 * sectorSize);
    }

    private void live(long seed) throws IOException {
        var random = new SplittableRandom(seed);
        Layout layout = layout(random);
        if (seed % REAL_EVERY == 0) {
            liveTwice(layout.withoutDevice(), random.nextLong(), seed);
        } else {
            new Life(Rig.fresh(layout), random, next -> next).run();
        }
    }

    private void liveTwice(Layout layout, long fate, long seed) throws IOException {
        Path real = Files.createDirectory(folder.resolve(Long.toString(seed)));
        List<String> onReal = live(Rig.fresh(layout, new RealFolder(real)), fate);
        List<String> simulated = live(Rig.fresh(layout), fate);
        for (int i = 0; i < Math.min(onReal.size(), simulated.size()); i++) {
            assertThat(simulated.get(i))
                    .as("answer %d of the simulated disk", i)
                    .isEqualTo(onReal.get(i));
        }
        assertThat(simulated).hasSameSizeAs(onReal);
    }

    private static List<String> live(Rig rig, long fate) {
        var life = new Life(rig, new SplittableRandom(fate), next -> next, false);
        life.run();
        return life.rig().transcript();
    }
}
