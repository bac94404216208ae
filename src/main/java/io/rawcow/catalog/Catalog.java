package io.rawcow.catalog;

import io.rawcow.block.BlockException;
import io.rawcow.image.LiveFolder;
import io.rawcow.posix.DataRoots;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;

/**
 * All that the service serves: images, jobs, and what is told about them. Opening it opens what an earlier run left and
 * goes on with its jobs; closing it leaves everything so that the next one can.
 */
public final class Catalog implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Catalog.class.getName());

    private final CatalogStore store;
    private final Images images;
    private final Jobs jobs;
    private final EventLog events;
    private final List<DeclaredImage> declared;
    private final AtomicBoolean closed = new AtomicBoolean();

    private Catalog(
            CatalogStore store,
            DataRoots roots,
            LiveFolder live,
            CatalogSettings settings,
            List<DeclaredImage> declared) {
        InstantSource clock = InstantSource.system();
        this.store = store;
        this.declared = List.copyOf(declared);
        this.events = new EventLog(clock);
        this.images = new Images(store, new ImagePaths(roots), live, events, clock);
        this.jobs = new Jobs(images, new JobKeeper(store, images, events, clock, settings), clock);
        Set<String> names = declared.stream().map(DeclaredImage::name).collect(Collectors.toSet());
        images.activeJobs(jobs::active);
        images.declared(names::contains);
        images.onOpened(jobs::adopt);
    }

    /**
     * Opens the catalog of the primary root, its images and jobs, and then what is declared.
     *
     * @throws BlockException IMAGE_LOCKED if another service has it; or if the catalog cannot be read
     */
    public static Catalog open(DataRoots roots, LiveFolder live, CatalogSettings settings, List<DeclaredImage> declared)
            throws BlockException {
        CatalogStore store = CatalogStore.open(roots.primary().folder());
        var catalog = new Catalog(store, roots, live, settings, declared);
        boolean opened = false;
        try {
            catalog.images.restore();
            catalog.jobs.restore();
            catalog.declared.forEach(catalog::declare);
            opened = true;
            return catalog;
        } finally {
            if (!opened) {
                catalog.close();
            }
        }
    }

    /** What a client would do at every start: PUT image, PUT job. A job that failed is started anew. */
    private void declare(DeclaredImage wanted) {
        String name = wanted.name();
        try {
            ImageView image = images.put(name, wanted.image()).image();
            JobRequest stream = wanted.stream();
            if (stream != null && !image.standalone()) {
                // One that ended and left the image as it is: it failed, or was for an earlier image of this name.
                if (jobs.isConcluded(name)) {
                    jobs.dismiss(name);
                }
                var _ = jobs.put(name, stream);
            }
        } catch (ProblemException e) {
            LOG.log(Level.ERROR, "declared image not ready: image={0} {1}", name, e.getMessage());
        }
    }

    public Images images() {
        return images;
    }

    public Jobs jobs() {
        return jobs;
    }

    public EventLog events() {
        return events;
    }

    /** The declared images that are not open: the service is not ready while there are any. */
    public List<String> missing() {
        return declared.stream()
                .map(DeclaredImage::name)
                .filter(images::isUnavailable)
                .toList();
    }

    /** From here on changes are refused with SHUTTING_DOWN. */
    public void beginClose() {
        images.beginClose();
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            beginClose();
            jobs.halt();
            images.close();
            store.close();
        }
    }
}
