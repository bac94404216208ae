package io.rawcow.cli;

import org.jspecify.annotations.Nullable;

/** A command that cannot do its work, in words for the one who called it. */
final class CommandFailure extends Exception {
    private static final long serialVersionUID = 1;

    private final @Nullable String action;
    private final boolean usage;

    private CommandFailure(String message, @Nullable String action, boolean usage) {
        super(message);
        this.action = action;
        this.usage = usage;
    }

    /** @param action what to do next; null where there is nothing to say */
    CommandFailure(String message, @Nullable String action) {
        this(message, action, false);
    }

    /** The command was called wrongly: its help has more. */
    static CommandFailure usage(String message) {
        return new CommandFailure(message, null, true);
    }

    @Nullable
    String action() {
        return action;
    }

    boolean isUsage() {
        return usage;
    }
}
