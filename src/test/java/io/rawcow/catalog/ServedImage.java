package io.rawcow.catalog;

import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import io.rawcow.image.LiveFolder;
import io.rawcow.image.LiveImage;
import io.rawcow.image.StandaloneRecord;
import io.rawcow.posix.DataRoots;
import java.time.InstantSource;
import java.util.logging.Level;
import java.util.logging.Logger;

/** One image in the hands of a service's catalog, without the threads of jobs. A new one is a new start. */
public final class ServedImage {
    private static final String NAME = "vm";
    /** Held, because loggers are forgotten else. One start after the other tells nothing new. */
    private static final Logger LOG = Logger.getLogger("io.rawcow.catalog.Images");

    private final CatalogStore store;
    private final Images images;

    private ServedImage(CatalogStore store, Images images) {
        this.store = store;
        this.images = images;
    }

    /** Starts on a folder: opens what the catalog there knows. */
    public static ServedImage start(DataRoots roots, LiveFolder live) throws BlockException {
        LOG.setLevel(Level.OFF);
        CatalogStore store = CatalogStore.open(roots.primary().folder());
        boolean started = false;
        try {
            InstantSource clock = InstantSource.system();
            var images = new Images(store, new ImagePaths(roots), live, new EventLog(clock), clock);
            images.restore();
            started = true;
            return new ServedImage(store, images);
        } finally {
            if (!started) {
                store.close();
            }
        }
    }

    /** Whether the catalog has the image, open or not. */
    public boolean isKnown() {
        return images.names().contains(NAME);
    }

    public void put(ImageRequest request) throws BlockException {
        try {
            var _ = images.put(NAME, request);
        } catch (ProblemException e) {
            throw refusal(e);
        }
    }

    public LiveImage image() throws BlockException {
        try {
            return images.requireOpen(NAME);
        } catch (ProblemException e) {
            throw refusal(e);
        }
    }

    private static BlockException refusal(ProblemException e) {
        return new BlockException(FaultKind.IO_ERROR, String.valueOf(e.getMessage()), e);
    }

    public StandaloneRecord record(boolean keepSidecar) {
        return () -> images.recordStandalone(NAME, keepSidecar);
    }

    /** Ends in an orderly way. */
    public void stop() {
        images.close();
        store.close();
    }
}
