package io.rawcow.nbd.server;

import io.rawcow.nbd.NbdCommand;

/** Told what the server does, on the thread that does it: it must not block. Safe from many threads. */
public interface ServerObserver {
    ServerObserver NONE = new ServerObserver() {};

    default void connected(String export, boolean tls) {}

    default void disconnected(String export, boolean tls) {}

    /**
     * A request was answered.
     *
     * @param bytes its length
     * @param nanos from its header's arrival until its answer was ready
     * @param error the errno sent, 0 for success
     */
    default void answered(String export, NbdCommand command, long bytes, long nanos, int error) {}

    /** A part of a read was answered as a hole, without a read of the device. */
    default void holeRead(String export, long bytes) {}

    /**
     * A client broke the protocol, or ran into a limit, and was cut off, or refused an export.
     *
     * @param kind a word of a closed set
     */
    default void refused(String kind) {}
}
