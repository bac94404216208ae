package io.rawcow.block;

import java.lang.foreign.MemorySegment;

/** Bytes that can be written too. */
public interface BlockDevice extends BlockReader {

    /** Writes all of {@code source} at {@code offset}, or throws; part of it may have been written then. */
    void write(long offset, MemorySegment source) throws BlockException;

    /** Makes the range read as zeros. */
    void zero(ByteRange range, Zeroing how) throws BlockException;

    /**
     * As {@link #zero}, where that takes less time than writing zeros would.
     *
     * @throws BlockException NOT_SUPPORTED, soon and with nothing changed, where it would not
     */
    void zeroFast(ByteRange range, Zeroing how) throws BlockException;

    /**
     * Hints that nobody needs the range's bytes any more. What is read from it later is zeros, or what it was before.
     */
    void trim(ByteRange range) throws BlockException;

    /** Hints that the range will be read soon. */
    default void prefetch(ByteRange range) throws BlockException {}

    /** After it returns, everything written before it was called survives a loss of power. */
    void flush() throws BlockException;
}
