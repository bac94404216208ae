package io.rawcow.nbd.server;

import io.rawcow.block.BlockException;
import io.rawcow.block.ByteRange;

/** A kind of block status: a metadata context of the protocol. Safe from many threads. */
public interface StatusContext {

    /** A range and what its status is. */
    record Status(ByteRange range, int flags) {}

    /** As clients select it, namespace and leaf: {@code base:allocation}. */
    String name();

    /**
     * The status at {@code offset}.
     *
     * @param limit where the answer may end at the latest, more than {@code offset}, at most the device's size
     */
    Status statusAt(long offset, long limit) throws BlockException;
}
