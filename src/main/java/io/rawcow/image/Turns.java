package io.rawcow.image;

import io.rawcow.block.BlockDevice;
import io.rawcow.block.RawFile;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * Who answers for an image: its overlay, and from the detach on the raw file. The changes under way in a turn can be
 * waited for, which holds up nobody in the next one. Safe from many threads.
 */
final class Turns {

    private static final class Turn {
        private final BlockDevice device;
        private final @Nullable Overlay overlay;
        /** Shared by the changes that are under way in it. */
        private final ReentrantReadWriteLock changes = new ReentrantReadWriteLock();

        Turn(RawFile raw, @Nullable Overlay overlay) {
            this.device = overlay == null ? raw : overlay;
            this.overlay = overlay;
        }
    }

    private volatile Turn now;

    Turns(RawFile raw, @Nullable Overlay overlay) {
        now = new Turn(raw, overlay);
    }

    /** Who answers reads, which nobody waits for. */
    BlockDevice device() {
        return now.device;
    }

    /** Null once standalone. */
    @Nullable
    Overlay overlay() {
        return now.overlay;
    }

    /** A change that is under way until this is closed. */
    record Change(BlockDevice device, Lock held) implements AutoCloseable {
        @Override
        public void close() {
            held.unlock();
        }
    }

    @SuppressWarnings("LockNotBeforeTry") // the change that is answered holds it
    Change begin() {
        while (true) {
            Turn turn = now;
            Lock held = turn.changes.readLock();
            held.lock();
            if (turn == now) {
                return new Change(turn.device, held);
            }
            held.unlock();
        }
    }

    /** Gives the turn to the raw file, and waits for the changes that began before. */
    @SuppressWarnings("LockNotBeforeTry") // had once, the changes are over
    void end(RawFile raw) {
        Turn last = now;
        now = new Turn(raw, null);
        last.changes.writeLock().lock();
        last.changes.writeLock().unlock();
    }

    /** What keeps changes from beginning as long as it is held, and is had when none is under way. */
    Lock noChanges() {
        return now.changes.writeLock();
    }
}
