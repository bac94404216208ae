package io.rawcow.image;

import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import org.jspecify.annotations.Nullable;

/**
 * Whether an image may still be written. After one failed sync it may not, ever: the kernel can have dropped the pages
 * and called them clean, so a later sync that succeeds proves nothing. Safe from many threads.
 */
final class Health {
    private volatile @Nullable BlockException failure;

    /**
     * Remembers the first failed sync.
     *
     * @return what to tell whoever asked for it
     */
    BlockException fail(BlockException sync) {
        if (failure == null) {
            failure = sync;
        }
        return refusal(sync);
    }

    boolean isFailed() {
        return failure != null;
    }

    @Nullable
    BlockException failure() {
        return failure;
    }

    /** @throws BlockException IMAGE_FAILED after a failed sync */
    void require() throws BlockException {
        BlockException sync = failure;
        if (sync != null) {
            throw refusal(sync);
        }
    }

    static BlockException refusal(BlockException sync) {
        return new BlockException(
                        FaultKind.IMAGE_FAILED,
                        "cannot go on with the image: a sync failed: " + sync.getMessage(),
                        sync)
                .withAction("mend the disk below, then close the image and open it again");
    }
}
