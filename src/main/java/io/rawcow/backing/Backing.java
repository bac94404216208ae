package io.rawcow.backing;

import io.rawcow.block.BlockException;
import io.rawcow.block.BlockReader;

/**
 * A read-only source. Its size is the one it had when it was opened; reads at or beyond that are the caller's business.
 * A read that comes up short below that size fails with IO_ERROR and never yields zeros.
 */
public interface Backing extends BlockReader {

    /** What it is, for people: a path or a URI without secrets. */
    String name();

    /** What it looks like now, to be compared with what was pinned. */
    BackingPin pin() throws BlockException;

    /** Never blocks; reads under way may go on until their medium answers, later ones fail. */
    @Override
    void close();
}
