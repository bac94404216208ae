package io.rawcow.stream;

import io.rawcow.block.BlockException;
import io.rawcow.image.LiveImage;
import io.rawcow.image.StandaloneRecord;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/**
 * What the world around a job supplies.
 *
 * @param nanoClock as {@link System#nanoTime}
 * @param record where the detach is recorded before the sidecar is removed
 * @param listener told after every change of status, and of the detach, without locks
 */
public record StreamContext(
        StreamSettings settings,
        BufferPool buffers,
        InstantSource clock,
        LongSupplier nanoClock,
        StandaloneRecord record,
        Listener listener) {

    /** Told after every change of status. */
    public interface Listener {
        void changed(StreamJob job);

        /** Told that backing and sidecar were detached, and how long that took. */
        default void detached(long nanos) {}
    }

    /** Detaches an image, if that is still to be done, and tells of it. */
    void detach(LiveImage image, boolean keepSidecar) throws BlockException {
        boolean attached = !image.isStandalone();
        long began = nanoClock.getAsLong();
        image.detach(keepSidecar, record);
        if (attached) {
            listener.detached(nanoClock.getAsLong() - began);
        }
    }
}
