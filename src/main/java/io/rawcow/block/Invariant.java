package io.rawcow.block;

/** Checks of our own promises: when one does not hold the program is wrong, and stopping harms less than going on. */
public final class Invariant {
    private Invariant() {}

    /**
     * @param rule the promise by number and in words, a format string for {@code facts}
     * @throws IllegalStateException if {@code holds} is false
     */
    public static void hold(boolean holds, String rule, Object... facts) {
        if (!holds) {
            throw new IllegalStateException("broken invariant: " + rule.formatted(facts));
        }
    }
}
