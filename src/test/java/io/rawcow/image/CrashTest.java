package io.rawcow.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Images lose power, and their process, after every operation on their disk, and keep their promises.
 *
 * <p>A life is drawn from its number: layout, creation, guest, stream, closes, crashes and detach. After each of its
 * operations the disk is cut many times, each time with another part of what was not synced; a process is killed there
 * too, goes on in a new one, and loses power then. The image is opened again, or its creation repeated, and read.
 *
 * <p>Proven for these lives: what was flushed is there; any other block of 512 bytes is one that the guest wrote or
 * found there since, never garbage, never stale (I2, I3); saved bits stay (I1); hydration never overwrites a guest
 * (I4); the backing is never written (I5); no open is refused; a creation can be repeated from everywhere; a recorded
 * detach needs the raw file alone.
 *
 * <p>Not proven: anything between threads, because there is one; that a disk keeps what it synced; what a kernel does
 * that {@link io.rawcow.testing.SimulatedDisk} does not, as its own bugs. Unflushed writes may be lost when the process
 * is killed.
 *
 * <p>{@code -Drawcow.crash.points=N} asks for more, {@code -Drawcow.crash.seed=N} for other lives, and
 * {@code -Drawcow.crash.repeat=CRASH} repeats the one that a failure names.
 */
class CrashTest {
    private static final int[] SECTOR_SIZES = {512, 512, 1024, 4096, 4096, 4096, 16384};

    @Test
    void everyCrashKeepsEveryPromise() {
        String repeat = System.getProperty("rawcow.crash.repeat");
        long wanted = Integer.getInteger("rawcow.crash.points", 100_000);
        var tally = new CrashExplorer.Tally();
        long first = Long.getLong("rawcow.crash.seed", 1);
        long seed = repeat == null ? first : Long.parseLong(repeat.substring(0, repeat.indexOf(':')));
        do {
            live(seed++, tally, repeat);
        } while (repeat == null && tally.points < wanted);
        System.out.printf(
                "explored %d points, %d reopenings, seed %d and the %d after it%n",
                tally.points, tally.reopenings, first, seed - first - 1);
        assertThat(tally.points).isGreaterThanOrEqualTo(repeat == null ? wanted : 1);
    }

    private static void live(long seed, CrashExplorer.Tally tally, String only) {
        var random = new SplittableRandom(seed);
        Layout layout = Layout.drawn(random, SECTOR_SIZES[random.nextInt(SECTOR_SIZES.length)], 24 << 10);
        var explorer = new CrashExplorer(tally, Long.toString(seed), seed, true, only);
        new Life(explorer.follow(Rig.fresh(layout)), random, explorer::follow).run();
    }
}
