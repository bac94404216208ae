package io.rawcow.nbd.server;

import io.rawcow.block.BlockException;
import io.rawcow.block.BlockReader;
import io.rawcow.block.Extent;

/** {@code base:allocation} of a device: what reads as zeros is a hole. */
record AllocationContext(BlockReader device) implements StatusContext {
    private static final int HOLE_AND_ZERO = 3;

    @Override
    public String name() {
        return "base:allocation";
    }

    @Override
    public Status statusAt(long offset, long limit) throws BlockException {
        Extent extent = device.extentAt(offset, limit);
        return new Status(extent.range(), extent.zero() ? HOLE_AND_ZERO : 0);
    }
}
