package io.rawcow.image;

import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import io.rawcow.block.RawFile;
import io.rawcow.format.AllocationBitmap;
import io.rawcow.format.BitmapPages;
import io.rawcow.format.Extension;
import io.rawcow.format.Extension.Dirty;
import io.rawcow.format.Sidecar;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The one way that bits reach the disk: copy the unsaved bits → sync the raw file → write that copy → sync the sidecar.
 * The order is I2. Flushes, batches of the stream, clean close and detach all go through {@link #round}.
 *
 * <p>Rounds never overlap. Callers that came before a round began share it, its failure too. Safe from many threads.
 */
final class Rounds {

    /** One round, to be shared. Its fields are guarded by {@link #performing}. */
    private static final class Round {
        private boolean done;
        private @Nullable BlockException failure;
    }

    private final RawFile raw;
    private final Sidecar sidecar;
    private final AllocationBitmap bitmap;
    private final Health health;
    private final ReentrantLock performing = new ReentrantLock();
    private final @Nullable LiveFile live;
    private final ImageActivity activity;
    private volatile Round upcoming = new Round();
    private volatile boolean owing;

    /** @param bits their live file, if there is one, is told what is saved, and of a failed sync */
    Rounds(RawFile raw, Sidecar sidecar, OpenBitmap bits, Health health, ImageActivity activity) {
        this.raw = raw;
        this.sidecar = sidecar;
        this.bitmap = bits.bitmap();
        this.live = bits.live();
        this.health = health;
        this.activity = activity;
    }

    /**
     * After it returns, all writes and bits of before the call survive a loss of power.
     *
     * @throws BlockException IMAGE_FAILED of a failed sync: nothing can be saved any more; of a failed write to the
     *     sidecar: then the next round tries again
     */
    void round() throws BlockException {
        // Joined before the lock is taken: whoever finds it done then knows that it began after this call did.
        Round mine = upcoming;
        performing.lock();
        try {
            if (!mine.done) {
                upcoming = new Round();
                lead(mine);
            }
            if (mine.failure != null) {
                throw mine.failure;
            }
        } finally {
            performing.unlock();
        }
    }

    private void lead(Round round) {
        try {
            perform();
        } catch (BlockException e) {
            round.failure = e;
        } catch (RuntimeException | Error e) {
            round.failure = new BlockException(FaultKind.IO_ERROR, "cannot save bits: " + e, e);
            throw e;
        } finally {
            round.done = true;
        }
    }

    private void perform() throws BlockException {
        health.require();
        // Before the bits are taken: what rises from now on is the next round's.
        long began = activity.commitBegins();
        BitmapPages unsaved = bitmap.takeUnsaved();
        boolean saved = false;
        try {
            poisoning(raw::flush);
            if (!unsaved.isEmpty()) {
                sidecar.save(unsaved);
                poisoning(sidecar::sync);
            }
            saved = true;
        } finally {
            if (saved) {
                bitmap.saved(unsaved);
            } else {
                bitmap.restoreUnsaved(unsaved);
            }
            activity.committed(began, saved);
        }
        if (live != null) {
            live.saved(unsaved.allocatedAtLeast());
        }
    }

    /** Changes the extension durably, between rounds. */
    void update(UnaryOperator<Extension> change) throws BlockException {
        performing.lock();
        try {
            health.require();
            sidecar.write(change.apply(sidecar.extension()));
            poisoning(sidecar::sync);
        } finally {
            performing.unlock();
        }
    }

    private interface Sync {
        void run() throws BlockException;
    }

    private void poisoning(Sync sync) throws BlockException {
        try {
            sync.run();
        } catch (BlockException e) {
            poison();
            throw health.fail(e);
        }
    }

    /** The image is open for a guest's changes: after a failed sync the next open must be refused. */
    void owe() {
        owing = true;
    }

    /** Tells the next open in this run of the kernel that a sync failed. */
    private void poison() {
        if (live != null) {
            live.poison();
        } else if (owing) {
            poison(sidecar);
        }
    }

    /**
     * Says that a sync failed where there is no live file to say it in: the sidecar names one that does not exist. As
     * far as that can still be written: it need not survive a loss of power.
     */
    static void poison(Sidecar sidecar) {
        try {
            sidecar.write(sidecar.extension().withDirty(new Dirty(BootId.current(), LiveIdentity.newNonce())));
        } catch (BlockException _) {
            // The disk is failing, and nobody was told that the writes are safe.
        }
    }
}
