package io.rawcow.catalog;

import io.rawcow.testing.Operation;
import io.rawcow.testing.SimulatedDisk;
import io.rawcow.testing.Survival;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Watches the disk of a catalog and, after every operation, lets a copy of it crash in many ways, starts the service
 * there again and repeats the request that was interrupted. The catalog that is watched notices nothing.
 *
 * <p>Crashes are named as {@code 17:42:3}: life 17, after its operation 42, choice 3 of what survived the loss of
 * power; {@code 17:42:kill:9:0} is a kill at 42 and a loss of power at the ninth operation of the life after.
 */
final class CatalogExplorer implements SimulatedDisk.Watcher {

    /** What all explorers of a test have done. */
    static final class Tally {
        long points;
        long reopenings;
        long kills;
    }

    private static final int KILL_EVERY = 12;
    private static final int LIVE_ON_EVERY = 8;

    private final Tally tally;
    private final String name;
    private final long seed;
    private final boolean kills;
    private final @Nullable String only;
    private final CatalogRig rig;
    private final Set<Long> seen = new HashSet<>();
    private int point;
    private boolean over;

    /** @param only the one crash to try, null for all */
    CatalogExplorer(Tally tally, String name, long seed, @Nullable String only, CatalogRig rig) {
        this.tally = tally;
        this.name = name;
        this.seed = seed;
        this.kills = !name.contains(":kill");
        this.only = only;
        this.rig = rig;
        rig.disk().watch(this);
    }

    @Override
    public void after(Operation operation) {
        if (over) {
            return;
        }
        point++;
        int choices = rig.disk().isSynced() ? 1 : Survival.EXTREMES + (kills ? 4 : 2);
        for (int choice = 0; choice < choices; choice++) {
            String crash = name + ":" + point + ":" + choice;
            if (only == null || only.equals(crash)) {
                tally.points++;
                powerLoss(choice, crash);
            }
        }
        String crash = name + ":" + point + ":kill";
        boolean drawn = new SplittableRandom(seed ^ point * 31L).nextInt(KILL_EVERY) == 0;
        if (kills && drawn && (only == null || only.startsWith(crash))) {
            kill(crash);
        }
    }

    private void powerLoss(int choice, String crash) {
        SimulatedDisk left = rig.disk().cut(Survival.of(choice, seed * 1000 + point));
        if (!seen.add(left.fingerprint() * 31 + rig.version())) {
            return;
        }
        tally.reopenings++;
        explain(crash, () -> {
            CatalogRig after = rig.on(left);
            after.open();
            var random = new SplittableRandom(seed + point * 100L + choice);
            if (after.isCreating() && random.nextInt(3) == 0) {
                after.giveUp();
            } else {
                after.repeat();
            }
            // What the repetition answered is on the disk.
            CatalogRig again = after.on(after.disk().cut(Survival.of(random.nextInt(10), seed + point)));
            if (random.nextInt(LIVE_ON_EVERY) == 0) {
                new CatalogLife(after, random).liveOn();
            } else {
                again.open();
                again.close();
                after.close();
            }
        });
    }

    private void kill(String crash) {
        tally.points++;
        tally.reopenings++;
        tally.kills++;
        explain(crash, () -> {
            CatalogRig after = rig.on(rig.disk().copyOfLiving());
            var inner = new CatalogExplorer(tally, crash, seed + point, only, after);
            inner.explain(crash, () -> {
                after.open();
                after.repeat();
                after.close();
            });
        });
    }

    /** Names the crash, or the life, that breaks a promise. */
    void explain(String crash, Runnable body) {
        try {
            body.run();
        } catch (CrashFound e) {
            over = true;
            throw e;
        } catch (AssertionError | RuntimeException e) {
            over = true;
            throw new CrashFound(crash, rig, e);
        }
    }

    /** A promise that a crash broke. */
    static final class CrashFound extends AssertionError {
        private static final long serialVersionUID = 1;

        CrashFound(String crash, CatalogRig rig, Throwable cause) {
            super("""
                    a crash broke a promise: %s
                      to repeat it: -Drawcow.crash.repeat=catalog-%s
                      %s
                      the last operations before it:
                      %s""".formatted(cause.getMessage(), crash, rig, lastOperations(rig.disk())), cause);
        }

        private static String lastOperations(SimulatedDisk disk) {
            var log = disk.log().stream().map(Operation::toString).toList();
            return String.join("\n  ", log.subList(Math.max(0, log.size() - 40), log.size()));
        }
    }
}
