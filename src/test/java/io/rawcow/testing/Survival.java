package io.rawcow.testing;

import java.util.SplittableRandom;

/**
 * Chooses what of the changes that were not synced is on the disk after a loss of power. One use each. A number names a
 * choice: the first ones are the extremes, the others are drawn.
 */
public final class Survival {
    /** The choices that are not drawn. */
    public static final int EXTREMES = 6;

    private enum Mode {
        NOTHING,
        EVERYTHING,
        EVERYTHING_BUT_TIMES,
        DATA_ALONE,
        NAMES_ALONE,
        LAST_CHANGE_TORN,
        DRAWN
    }

    private final Mode mode;
    private final int number;
    private final SplittableRandom random;
    private final int percent;

    private Survival(Mode mode, int number, long seed) {
        this.mode = mode;
        this.number = number;
        this.random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + number);
        int[] shares = {15, 50, 85};
        this.percent = shares[random.nextInt(shares.length)];
    }

    /** The choice of a number; the seed matters for those that are drawn. */
    public static Survival of(int number, long seed) {
        return new Survival(Mode.values()[Math.min(number, EXTREMES)], number, seed);
    }

    boolean keepsName() {
        return switch (mode) {
            case NOTHING, DATA_ALONE -> false;
            case EVERYTHING, EVERYTHING_BUT_TIMES, NAMES_ALONE, LAST_CHANGE_TORN -> true;
            case DRAWN -> drawn();
        };
    }

    boolean keepsTime() {
        return switch (mode) {
            case NOTHING, EVERYTHING_BUT_TIMES, NAMES_ALONE -> false;
            case EVERYTHING, DATA_ALONE, LAST_CHANGE_TORN -> true;
            case DRAWN -> drawn();
        };
    }

    /** What is kept of one change to a file's bytes. */
    enum Share {
        NONE,
        ALL,
        /** Each sector as {@link #keepsSector} says. */
        SOME
    }

    Share of(boolean lastChange) {
        return switch (mode) {
            case NOTHING, NAMES_ALONE -> Share.NONE;
            case EVERYTHING, EVERYTHING_BUT_TIMES, DATA_ALONE -> Share.ALL;
            case LAST_CHANGE_TORN -> lastChange ? Share.SOME : Share.ALL;
            case DRAWN -> random.nextInt(4) == 0 ? Share.SOME : drawn() ? Share.ALL : Share.NONE;
        };
    }

    boolean keepsSector() {
        return random.nextBoolean();
    }

    private boolean drawn() {
        return random.nextInt(100) < percent;
    }

    @Override
    public String toString() {
        return mode == Mode.DRAWN ? "DRAWN %d (%d%% kept)".formatted(number, percent) : mode.toString();
    }
}
