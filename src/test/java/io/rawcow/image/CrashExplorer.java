package io.rawcow.image;

import io.rawcow.image.Rig.Between;
import io.rawcow.testing.Operation;
import io.rawcow.testing.SimulatedDisk;
import io.rawcow.testing.Survival;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Watches a disk and, after every operation, lets a copy of it crash in many ways, opens the image there again and
 * checks it. The image that is watched notices nothing.
 *
 * <p>A crash is named by where it happened, as {@code 17:42:3}: life 17, after its operation 42, choice 3 of what
 * survived the loss of power. {@code 17:42:kill:9:0} is a kill at 42 that is followed by a loss of power at the ninth
 * operation of the life after.
 */
final class CrashExplorer implements SimulatedDisk.Watcher {

    /** What all explorers of a test have done. */
    static final class Tally {
        long points;
        long reopenings;
        long faults;
    }

    private static final int KILL_EVERY = 8;

    private final Tally tally;
    private final String name;
    private final long seed;
    private final int drawnChoices;
    private final boolean kills;
    private final @Nullable String only;
    private final Set<Long> seen = new HashSet<>();
    private Rig rig;
    private int point;

    /** @param only the one crash to try, null for all */
    CrashExplorer(Tally tally, String name, long seed, boolean kills, @Nullable String only) {
        this.tally = tally;
        this.name = name;
        this.seed = seed;
        this.kills = kills;
        this.drawnChoices = kills ? 4 : 2;
        this.only = only;
    }

    /** Goes on with another disk, or another life. */
    Rig follow(Rig next) {
        rig = next;
        next.disk().watch(this);
        return next;
    }

    @Override
    public void after(Operation operation) {
        point++;
        int choices = rig.disk().isSynced() ? 1 : Survival.EXTREMES + drawnChoices;
        for (int choice = 0; choice < choices; choice++) {
            String crash = name + ":" + point + ":" + choice;
            if (only == null || only.equals(crash)) {
                tally.points++;
                powerLoss(choice, crash);
            }
        }
        if (kills && new SplittableRandom(seed ^ point * 31L).nextInt(KILL_EVERY) == 0) {
            String crash = name + ":" + point + ":kill";
            if (only == null || only.startsWith(crash)) {
                kill(crash);
            }
        }
    }

    private void powerLoss(int choice, String crash) {
        SimulatedDisk left = rig.disk().cut(Survival.of(choice, seed * 1000 + point));
        // What the guest may find depends on the point too: equal disks are tried again where that has changed.
        if (!seen.add(left.fingerprint() * 31 + rig.guest().version())) {
            return;
        }
        tally.reopenings++;
        explain(crash, () -> {
            Rig after = rig.on(left);
            after.open(Between.POWER_LOSS);
            var random = new SplittableRandom(seed + point * 100L + choice);
            if (random.nextInt(8) == 0) {
                new Life(after, random, next -> next).liveOn();
            } else {
                after.close();
            }
        });
    }

    private void kill(String crash) {
        tally.points++;
        tally.reopenings++;
        explain(crash, () -> {
            Rig after = rig.on(rig.disk().copyOfLiving());
            var random = new SplittableRandom(seed + point * 7L);
            var inner = new CrashExplorer(tally, crash, seed + point, false, only);
            inner.follow(after);
            after.open(Between.KILL);
            new Life(after, random, inner::follow).guestWorks(3);
            after.close();
            after.open(Between.CLEAN_CLOSE);
            after.close();
        });
    }

    /** Names the crash, or the life, that breaks a promise. */
    void explain(String crash, Runnable body) {
        try {
            body.run();
        } catch (CrashFound e) {
            throw e;
        } catch (AssertionError | RuntimeException e) {
            throw new CrashFound(crash, rig, e);
        }
    }

    /** A promise that a crash broke. */
    static final class CrashFound extends AssertionError {
        private static final long serialVersionUID = 1;

        CrashFound(String crash, Rig rig, Throwable cause) {
            super(
                    """
                    a crash broke a promise: %s
                      to repeat it: -Drawcow.crash.repeat=%s
                      image: %s
                      phase: %s
                      the last operations before it:
                      %s""".formatted(cause.getMessage(), crash, rig.layout(), rig.phase(), lastOperations(rig.disk())),
                    cause);
        }

        private static String lastOperations(SimulatedDisk disk) {
            var log = disk.log().stream().map(Operation::toString).toList();
            return String.join("\n  ", log.subList(Math.max(0, log.size() - 40), log.size()));
        }
    }
}
