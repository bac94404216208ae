package io.rawcow.block;

/**
 * A range of one kind.
 *
 * @param zero true if the range reads as zeros without a look at the medium; false if it may hold anything
 */
public record Extent(ByteRange range, boolean zero) {}
