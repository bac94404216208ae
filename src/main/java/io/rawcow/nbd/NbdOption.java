package io.rawcow.nbd;

import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What a client can ask for during the handshake, with its number on the wire. */
public enum NbdOption {
    EXPORT_NAME(1),
    ABORT(2),
    LIST(3),
    STARTTLS(5),
    INFO(6),
    GO(7),
    STRUCTURED_REPLY(8),
    LIST_META_CONTEXT(9),
    SET_META_CONTEXT(10),
    EXTENDED_HEADERS(11);

    /** The magic, the option and the length of its data. */
    public static final int HEADER_BYTES = 16;

    private static final Map<Integer, NbdOption> BY_NUMBER =
            Stream.of(values()).collect(Collectors.toMap(NbdOption::number, Function.identity()));

    private final int number;

    NbdOption(int number) {
        this.number = number;
    }

    public int number() {
        return number;
    }

    /** Empty for a number that is unknown, or was withdrawn. */
    public static Optional<NbdOption> of(int number) {
        return Optional.ofNullable(BY_NUMBER.get(number));
    }
}
