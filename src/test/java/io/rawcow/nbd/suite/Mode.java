package io.rawcow.nbd.suite;

import java.util.List;
import java.util.Random;

/** What requests and replies look like on a connection. */
enum Mode {
    SIMPLE,
    STRUCTURED,
    EXTENDED;

    private static final List<Mode> ALL = List.of(values());

    static Mode any(Random random) {
        return ALL.get(random.nextInt(ALL.size()));
    }
}
