package io.rawcow.block;

import java.lang.foreign.MemorySegment;

/** Bytes that can be written too. */
public interface BlockDevice extends BlockReader {

    /** Writes all of {@code source} at {@code offset}, or throws; part of it may have been written then. */
    void write(long offset, MemorySegment source) throws BlockException;

    /** Makes the range read as zeros. */
    void zero(ByteRange range, Zeroing how) throws BlockException;

    /** After it returns, everything written before it was called survives a loss of power. */
    void flush() throws BlockException;
}
