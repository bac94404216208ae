package io.rawcow.nbd.suite;

import io.rawcow.block.BlockException;
import io.rawcow.block.ByteRange;
import io.rawcow.block.Extent;
import io.rawcow.nbd.server.StatusContext;

/** Kinds of block status to offer. */
final class Contexts {
    static final String ALLOCATION = "base:allocation";
    static final String STRIPES = "x-test:stripes";
    static final int STRIPE = 1000;

    private Contexts() {}

    /** Holes are holes. */
    static StatusContext allocation(MemoryDevice device) {
        return new StatusContext() {
            @Override
            public String name() {
                return ALLOCATION;
            }

            @Override
            public Status statusAt(long offset, long limit) throws BlockException {
                Extent extent = device.extentAt(offset, limit);
                return new Status(extent.range(), extent.zero() ? Proto.State.HOLE | Proto.State.ZERO : 0);
            }
        };
    }

    /** Every {@link #STRIPE} bytes another number, sector sizes be damned. */
    static StatusContext stripes() {
        return new StatusContext() {
            @Override
            public String name() {
                return STRIPES;
            }

            @Override
            public Status statusAt(long offset, long limit) {
                long stripe = offset / STRIPE;
                long end = Math.min(limit, (stripe + 1) * STRIPE);
                return new Status(ByteRange.between(offset, end), (int) stripe);
            }
        };
    }
}
