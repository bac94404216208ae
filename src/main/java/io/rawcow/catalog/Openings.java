package io.rawcow.catalog;

import io.rawcow.backing.FileBacking;
import io.rawcow.block.BlockException;
import io.rawcow.catalog.CatalogStore.Kind;
import io.rawcow.format.Extension;
import io.rawcow.image.LiveImage;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/** Opens images that the catalog has a record of, and brings the record up to what the files say. */
final class Openings {
    private static final Logger LOG = System.getLogger(Openings.class.getName());

    private final CatalogStore store;
    private final ImagePaths paths;
    private final ImageFiles files;

    Openings(CatalogStore store, ImagePaths paths, ImageFiles files) {
        this.store = store;
        this.paths = paths;
        this.files = files;
    }

    /**
     * Opens an image as its record has it, and finishes a creation that was cut off.
     *
     * @param wanted what is accepted this time
     */
    void open(ManagedImage image, ImageRequest wanted) throws BlockException {
        LiveImage live = openFiles(image, wanted);
        boolean saved = false;
        try {
            save(image, afterOpening(image, live));
            saved = true;
        } finally {
            if (!saved) {
                live.close();
            }
        }
        image.opened(live, warningsOf(live));
    }

    private LiveImage openFiles(ManagedImage image, ImageRequest wanted) throws BlockException {
        ImageRecord record = image.record();
        String sidecar = record.sidecar();
        if (record.state() == ImageState.STANDALONE || sidecar == null) {
            if (sidecar != null && !record.sidecarKept() && record.uuid() != null) {
                removeLeftover(sidecar, record.uuid());
            }
            return files.openStandalone(Objects.requireNonNull(record.request().rawFile()));
        }
        if (record.state() == ImageState.CREATING && !paths.exists(paths.locate("sidecar", sidecar))) {
            files.create(record.request());
        }
        return files.open(sidecar, wanted);
    }

    /** What stands at the old sidecar's name need not be ours, and never keeps a finished disk from being opened. */
    private void removeLeftover(String sidecar, String uuid) {
        try {
            files.removeLeftoverSidecar(sidecar, uuid);
        } catch (BlockException | ProblemException e) {
            LOG.log(Level.WARNING, "sidecar of a standalone image not removed: {0}", e.getMessage());
        }
    }

    private ImageRecord afterOpening(ManagedImage image, LiveImage live) throws BlockException {
        ImageRecord record = image.record();
        if (record.state() == ImageState.STANDALONE) {
            return record;
        }
        String sidecar = Objects.requireNonNull(record.sidecar());
        // A sidecar that says standalone while the catalog does not: the detach was cut off, and its job goes on with
        // it.
        ImageRequest known = live.isStandalone() ? record.request() : stated(record.request(), files.facts(sidecar));
        return record.opened(live.isStandalone() ? record.uuid() : uuidOf(live), ImageState.COW, known);
    }

    /** What was stated, and what the files say where nothing was. */
    private static ImageRequest stated(ImageRequest wanted, ImageRequest facts) {
        return new ImageRequest(
                wanted.sidecar(),
                wanted.backingFile() != null ? wanted.backingFile() : facts.backingFile(),
                wanted.backingFormat() != null ? wanted.backingFormat() : facts.backingFormat(),
                wanted.rawFile() != null ? wanted.rawFile() : facts.rawFile(),
                facts.size(),
                facts.sectorSize(),
                wanted.reuseRawFile(),
                null,
                null,
                null);
    }

    /** Writes a record down if it is another one. */
    void save(ManagedImage image, ImageRecord next) throws BlockException {
        if (!next.equals(image.record())) {
            store.save(Kind.IMAGES, image.name(), next);
            image.record(next);
        }
    }

    /** Durably, and before the sidecar goes. */
    void recordStandalone(ManagedImage image, Instant when, boolean keepSidecar) throws BlockException {
        if (image.record().state() != ImageState.STANDALONE || (image.leftover() && !keepSidecar)) {
            save(image, image.record().detached(when, keepSidecar));
        }
        image.leftover(false);
    }

    static List<Warning> warningsOf(LiveImage live) {
        var found = new ArrayList<Warning>();
        if (live.backing().orElse(null) instanceof FileBacking file && !file.isLocked()) {
            found.add(new Warning(
                    "backing_not_locked",
                    "the backing's file system has no locks: a writer would go unnoticed: path=" + file.name()));
        }
        return found;
    }

    static String uuidOf(LiveImage live) {
        return live.extension()
                .map(Extension::uuid)
                .orElseGet(() -> UUID.randomUUID().toString());
    }
}
