package io.rawcow.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.posix.Errno;
import io.rawcow.testing.Faults;
import io.rawcow.testing.Operation.Kind;
import java.util.EnumSet;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Images lose power, and their process, after every operation on their disk, and keep their promises.
 *
 * <p>A life is drawn from its number: layout, creation, guest, stream, closes, crashes and detach. After each of its
 * operations the disk is cut many times, each time with another part of what was not synced; a process is killed there
 * too, goes on in a new one, and loses power then. The image is opened again, or its creation repeated, and read.
 *
 * <p>Proven for these lives: after a loss of power what was flushed is there, and any other block of 512 bytes is one
 * that the guest wrote or found there since, never garbage, never stale (I2, I3); after the death of the process alone
 * all that was answered is there, with memory for live files and without; a failed sync is known to the next open
 * before the machine is restarted; memory is not touched before it was reserved; saved bits stay (I1); hydration never
 * overwrites a guest (I4); the backing is never written (I5); no open is refused; a creation can be repeated from
 * everywhere; a recorded detach needs the raw file alone.
 *
 * <p>Not proven: anything between threads, because there is one; that a disk keeps what it synced; what a kernel does
 * that {@link io.rawcow.testing.SimulatedDisk} does not, as its own bugs.
 *
 * <p>{@code -Drawcow.crash.points=N} asks for more, {@code -Drawcow.crash.seed=N} for other lives, and
 * {@code -Drawcow.crash.repeat=CRASH} repeats the one that a failure names.
 */
class CrashTest {
    private static final int[] SECTOR_SIZES = {512, 512, 1024, 4096, 4096, 4096, 16384};

    @Test
    void everyCrashKeepsEveryPromise() {
        explore("", Integer.getInteger("rawcow.crash.points", 100_000));
    }

    @Test
    void everyCrashAfterAFaultKeepsEveryPromise() {
        explore("fault-", Integer.getInteger("rawcow.crash.points", 100_000) / 2);
    }

    private static void explore(String kind, long wanted) {
        String repeat = System.getProperty("rawcow.crash.repeat");
        if (repeat != null && repeat.startsWith("fault-") == kind.isEmpty()) {
            return;
        }
        var tally = new CrashExplorer.Tally();
        long first = Long.getLong("rawcow.crash.seed", 1);
        long seed = repeat == null ? first : Long.parseLong(repeat.substring(kind.length(), repeat.indexOf(':')));
        do {
            live(kind, seed++, tally, repeat);
        } while (repeat == null && tally.points < wanted);
        System.out.printf(
                "explored %d points, %d reopenings, %d faults, seed %s%d and the %d after it%n",
                tally.points, tally.reopenings, tally.faults, kind, first, seed - first - 1);
        assertThat(tally.points).isGreaterThanOrEqualTo(repeat == null ? wanted : 1);
    }

    private static void live(String kind, long seed, CrashExplorer.Tally tally, String only) {
        var random = new SplittableRandom(seed);
        Layout layout = Layout.drawn(random, SECTOR_SIZES[random.nextInt(SECTOR_SIZES.length)], 24 << 10);
        var explorer = new CrashExplorer(tally, kind + seed, seed, true, only);
        Rig rig = explorer.follow(Rig.fresh(layout));
        if (!kind.isEmpty()) {
            rig.disk().setFaults(fault(random, layout));
            rig.disk().setEvictsAfterFailedSync(random.nextBoolean());
        }
        var life = new Life(rig, random, explorer::follow);
        explorer.explain(kind + seed + ":", life::run);
        tally.faults += life.rig().host().failed().size();
    }

    /** Some operations that fail, once in a life; or a file system that cannot do everything. */
    private static Faults fault(SplittableRandom random, Layout layout) {
        int errno = random.nextBoolean() ? Errno.EIO : Errno.ENOSPC;
        int from = random.nextInt(90);
        return switch (random.nextInt(8)) {
            case 0 -> Faults.unsupported(EnumSet.of(Kind.PUNCH));
            case 1 ->
                Faults.unsupported(
                        layout.preallocation() == Preallocation.FALLOC
                                ? EnumSet.of(Kind.PUNCH, Kind.ZERO_RANGE)
                                : EnumSet.of(Kind.PUNCH, Kind.ZERO_RANGE, Kind.ALLOCATE));
            case 2, 3 -> Faults.failing(Kind.DATA_SYNC, "", random.nextInt(1, 20), random.nextInt(1, 3), errno);
            case 4 -> Faults.failing(Kind.WRITE, "", random.nextInt(1, 30), random.nextInt(1, 3), errno);
            default -> operation -> operation.index() >= from && operation.index() <= from + from % 3 ? errno : 0;
        };
    }
}
