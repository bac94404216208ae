package io.rawcow.nbd;

import java.util.Optional;

/** What a client can ask for during transmission, with its number on the wire. */
public enum NbdCommand {
    READ(0),
    WRITE(1),
    DISC(2),
    FLUSH(3),
    TRIM(4),
    CACHE(5),
    WRITE_ZEROES(6),
    BLOCK_STATUS(7);

    private static final NbdCommand[] BY_NUMBER = values();

    private final int number;

    NbdCommand(int number) {
        this.number = number;
    }

    public int number() {
        return number;
    }

    /** Empty for a number that this protocol version does not have, or that is experimental. */
    public static Optional<NbdCommand> of(int number) {
        return number >= 0 && number < BY_NUMBER.length ? Optional.of(BY_NUMBER[number]) : Optional.empty();
    }
}
