package io.rawcow.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A service loses power, or its process, after every operation on its disk; it starts again, and what it answered
 * before is so.
 *
 * <p>Proven for these lives: the service starts and every image that was answered opens; a PUT, a detach and a DELETE
 * that were interrupted can be repeated and succeed; a standalone image stays standalone and its raw file has
 * everything; no sidecar goes that is needed, none comes back; a refused request leaves nothing; the backing, and raw
 * files of others, stay as they are.
 *
 * <p>Not proven: jobs, and anything between threads.
 *
 * <p>The same properties as for the crashes of images: {@code -Drawcow.crash.points}, half of it here,
 * {@code -Drawcow.crash.seed}, {@code -Drawcow.crash.repeat}.
 */
class CatalogCrashTest {
    private static final String KIND = "catalog-";
    /** Kept, else its level is forgotten. */
    private static final Logger LOG = Logger.getLogger("io.rawcow.catalog");

    private final @Nullable Level level = LOG.getLevel();

    @BeforeEach
    void tellNothing() {
        LOG.setLevel(Level.OFF);
    }

    @AfterEach
    void tellAgain() {
        LOG.setLevel(level);
    }

    @Test
    void everyCrashKeepsWhatWasAnswered() {
        String repeat = System.getProperty("rawcow.crash.repeat");
        if (repeat != null && !repeat.startsWith(KIND)) {
            return;
        }
        String only = repeat == null ? null : repeat.substring(KIND.length());
        long wanted = only == null ? Integer.getInteger("rawcow.crash.points", 100_000) / 2 : 1;
        var tally = new CatalogExplorer.Tally();
        long first = Long.getLong("rawcow.crash.seed", 1);
        long seed = only == null ? first : Long.parseLong(only.substring(0, only.indexOf(':')));
        do {
            live(seed++, tally, only);
        } while (only == null && tally.points < wanted);
        System.out.printf(
                "explored %d points, %d reopenings, %d kills, seed %s%d and the %d after it%n",
                tally.points, tally.reopenings, tally.kills, KIND, first, seed - first - 1);
        assertThat(tally.points).isGreaterThanOrEqualTo(wanted);
    }

    private static void live(long seed, CatalogExplorer.Tally tally, @Nullable String only) {
        var random = new SplittableRandom(seed);
        CatalogRig rig = CatalogRig.fresh(CatalogScene.drawn(random));
        var explorer = new CatalogExplorer(tally, Long.toString(seed), seed, only, rig);
        explorer.explain(seed + ":", () -> new CatalogLife(rig, random).run());
    }
}
