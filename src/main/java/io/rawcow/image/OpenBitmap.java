package io.rawcow.image;

import io.rawcow.format.AllocationBitmap;
import io.rawcow.format.Extension;
import io.rawcow.format.LastingMemory;
import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;

/**
 * The bits of an open image and the memory they are in. Owns both.
 *
 * @param memory holds the bits that were saved when the image was opened
 * @param live holds those that are set from then on; null if there is no such memory to be had
 */
record OpenBitmap(
        AllocationBitmap bitmap, Arena memory, @Nullable LiveFile live) implements AutoCloseable {

    OpenBitmap {
        bitmap.keepIn(live == null ? LastingMemory.NONE : live);
    }

    /** Whether a sidecar says that the live file counts. */
    boolean isNamedBy(Extension extension) {
        return live != null && live.mark().equals(extension.dirty());
    }

    /** Frees the memory at once. Whoever is looking at a bit sees it set. */
    @Override
    public void close() {
        bitmap.release();
        try {
            memory.close();
        } finally {
            if (live != null) {
                live.close();
            }
        }
    }
}
