package io.rawcow.image;

import io.rawcow.block.BlockException;
import io.rawcow.format.Extension;
import io.rawcow.format.Extension.Dirty;
import io.rawcow.format.Geometry;
import io.rawcow.posix.OpenFile;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Writes that a service had answered, and whose bits it had not saved, when somebody looked at the image.
 *
 * @param why what is in the way of finding them; null unless they are lost
 */
public record OwedWrites(State state, @Nullable String why) {

    /** Whether they are to be found. */
    public enum State {
        /** The sidecar owes nobody anything. */
        NONE,
        /** A live file has them: the image is open, or the next open finds all of them. */
        KEPT,
        /** The machine has not been restarted since, and they are not to be found. */
        LOST,
        /** The machine has lost power since: what was flushed is there. */
        POWER_LOST;

        public String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    static final OwedWrites NONE = new OwedWrites(State.NONE, null);

    /** @param raw null if it cannot be opened */
    static OwedWrites of(
            LiveFolder folder, Extension extension, OpenFile sidecar, @Nullable OpenFile raw, Geometry geometry)
            throws BlockException {
        Dirty dirty = extension.dirty();
        if (dirty == null) {
            return NONE;
        }
        if (!dirty.bootId().equals(folder.bootId())) {
            return new OwedWrites(State.POWER_LOST, null);
        }
        if (raw == null) {
            return new OwedWrites(State.LOST, "the raw file cannot be opened");
        }
        LiveIdentity identity = LiveIdentity.of(dirty.nonce(), dirty.bootId(), sidecar, raw, geometry);
        Optional<String> obstacle = LiveRemains.obstacle(folder, identity);
        return new OwedWrites(obstacle.isEmpty() ? State.KEPT : State.LOST, obstacle.orElse(null));
    }
}
