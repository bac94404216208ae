package io.rawcow.catalog;

import io.rawcow.backing.Backing;
import io.rawcow.block.BlockException;
import io.rawcow.block.ByteRange;
import io.rawcow.block.Extent;
import io.rawcow.image.LiveImage;
import io.rawcow.nbd.server.StatusContext;
import java.util.List;
import java.util.Optional;

/**
 * What clients of an export can ask about its ranges; {@code docs/nbd.md} has the flags. {@code base:allocation} is of
 * the protocol document, {@code qemu:allocation-depth} of QEMU's {@code docs/interop/nbd.txt}, the third is ours.
 */
final class ImageContexts {
    /** Sectors that are still in the backing, and that the stream has yet to come to. */
    static final String HYDRATION = "x-rawcow:hydration";

    private static final int HOLE = 1;
    private static final int ZERO = 2;
    private static final int PENDING = 1;
    private static final int DEPTH_NOWHERE = 0;
    private static final int DEPTH_RAW_FILE = 1;
    private static final int DEPTH_BACKING = 2;

    private ImageContexts() {}

    static List<StatusContext> of(LiveImage image) {
        return List.of(
                new Context("base:allocation", image, ImageContexts::allocation),
                new Context("qemu:allocation-depth", image, ImageContexts::depth),
                new Context(HYDRATION, image, ImageContexts::hydration));
    }

    private interface Look {
        StatusContext.Status at(LiveImage image, long offset, long limit) throws BlockException;
    }

    private record Context(String name, LiveImage image, Look look) implements StatusContext {

        /** Neighbours of one status are not joined: the server does that, for every context, within its time. */
        @Override
        public Status statusAt(long offset, long limit) throws BlockException {
            return look.at(image, offset, limit);
        }
    }

    private static StatusContext.Status allocation(LiveImage image, long offset, long limit) throws BlockException {
        Extent extent = image.extentAt(offset, limit);
        return new StatusContext.Status(extent.range(), extent.zero() ? HOLE | ZERO : 0);
    }

    private static StatusContext.Status hydration(LiveImage image, long offset, long limit) {
        Optional<ByteRange> clear =
                image.nextClear(offset, limit - offset + image.geometry().sectorSize());
        if (clear.isEmpty() || clear.get().offset() >= limit) {
            return status(offset, limit, 0);
        }
        ByteRange run = clear.get();
        return run.offset() > offset
                ? status(offset, run.offset(), 0)
                : status(offset, Math.min(limit, run.end()), PENDING);
    }

    private static StatusContext.Status depth(LiveImage image, long offset, long limit) {
        StatusContext.Status pending = hydration(image, offset, limit);
        Optional<Backing> backing = image.backing();
        // Asked in this order: whoever detached in between has set all bits before.
        if (pending.flags() == 0 || image.isStandalone()) {
            return new StatusContext.Status(pending.range(), DEPTH_RAW_FILE);
        }
        long backed = backing.map(Backing::sizeBytes).orElse(0L);
        return offset >= backed
                ? new StatusContext.Status(pending.range(), DEPTH_NOWHERE)
                : status(offset, Math.min(pending.range().end(), backed), DEPTH_BACKING);
    }

    private static StatusContext.Status status(long offset, long end, int flags) {
        return new StatusContext.Status(ByteRange.between(offset, end), flags);
    }
}
