package io.rawcow.block;

/** What becomes of the space under zeros. */
public enum Zeroing {
    /** Give it back where that is possible. */
    PUNCH,
    /** Keep it reserved, so that a later write cannot run out of space. */
    KEEP_ALLOCATED
}
