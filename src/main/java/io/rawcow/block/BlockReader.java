package io.rawcow.block;

import java.lang.foreign.MemorySegment;

/** Anything with bytes at offsets. Safe from many threads. */
public interface BlockReader extends AutoCloseable {

    /** Size in bytes; never changes. */
    long sizeBytes();

    /**
     * Fills {@code target} from {@code offset}. Moves every byte or throws.
     *
     * @throws BlockException OUT_OF_RANGE if the range ends past {@link #sizeBytes}
     */
    void read(long offset, MemorySegment target) throws BlockException;

    /**
     * The extent that begins at {@code offset}.
     *
     * @param limit where the answer may end at the latest, more than {@code offset}, at most {@link #sizeBytes}
     */
    Extent extentAt(long offset, long limit) throws BlockException;

    @Override
    void close() throws BlockException;
}
