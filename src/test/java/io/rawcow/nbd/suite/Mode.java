package io.rawcow.nbd.suite;

/** What requests and replies look like on a connection. */
enum Mode {
    SIMPLE,
    STRUCTURED,
    EXTENDED
}
