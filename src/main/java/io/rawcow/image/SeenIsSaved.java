package io.rawcow.image;

import io.rawcow.block.BlockException;
import io.rawcow.block.RawFile;
import io.rawcow.format.AllocationBitmap;
import io.rawcow.format.BitmapPages;
import io.rawcow.format.Sidecar;
import io.rawcow.posix.PosixException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The round with which an open begins after a crash of the service. What the page cache shows then need not be on the
 * disk yet; and after a failed sync it counts as clean and never will be, unless it is written again.
 *
 * @param remains the live file whose bits were adopted; null if there is none
 */
record SeenIsSaved(RawFile raw, Sidecar sidecar, @Nullable LiveRemains remains) {

    /** @param memory the bits' own */
    void save(AllocationBitmap bitmap, MemorySegment memory) throws BlockException {
        sync(raw::flush);
        BitmapPages adopted = bitmap.takeUnsaved();
        sidecar.saveAgain(memory);
        sidecar.save(adopted);
        sidecar.saveAgain();
        sync(sidecar::sync);
        bitmap.saved(adopted);
    }

    private interface Sync {
        void run() throws BlockException;
    }

    private void sync(Sync sync) throws BlockException {
        try {
            sync.run();
        } catch (BlockException e) {
            poison();
            throw e;
        }
    }

    private void poison() {
        if (remains != null) {
            try {
                remains.poison();
            } catch (PosixException _) {
                // A page that is there can be written; and nobody was told that anything is safe.
            }
        } else {
            Rounds.poison(sidecar);
        }
    }
}
