package io.rawcow.catalog;

import io.rawcow.block.BlockException;
import io.rawcow.image.LiveFolder;
import io.rawcow.nbd.server.Endpoint;
import io.rawcow.nbd.server.ExportHost;
import io.rawcow.posix.DataRoots;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * All that the service serves: images, exports, jobs, and what is told about them. Opening it opens what an earlier run
 * left; serving lets clients in and goes on with the jobs; closing it leaves everything so that the next one can.
 */
public final class Catalog implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Catalog.class.getName());

    private final CatalogStore store;
    private final ExportHost host;
    private final ClientWatch clients;
    private final Images images;
    private final Exports exports;
    private final Jobs jobs;
    private final Activity activity;
    private final EventLog events;
    private final EventListener listener;
    private final Room imageRoom;
    private final List<DeclaredImage> declared;
    /** Why declared images were not made ready, by name. */
    private final Map<String, ProblemException> problems = new ConcurrentHashMap<>();

    private volatile List<DeclaredImage> ready = List.of();
    private volatile boolean serving;
    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile boolean closedCleanly;

    private Catalog(
            CatalogStore store, Files files, CatalogSettings settings, List<DeclaredImage> declared, Clients clients) {
        InstantSource clock = InstantSource.system();
        this.store = store;
        this.host = clients.host();
        this.clients = clients.watch();
        this.imageRoom = new Room("images", settings.images());
        this.declared = List.copyOf(declared);
        this.listener = clients.listener();
        this.events = new EventLog(clock, listener);
        this.images = new Images(store, new ImagePaths(files.roots()), files.live(), events, clock);
        this.exports = new Exports(store, images, clients, events, clock);
        this.jobs = new Jobs(images, new JobKeeper(store, images, events, clock, settings), clock);
        this.activity = new Activity(images, exports, jobs, this.clients.traffic(), clock);
        images.users(new Users());
        exports.declared(this::isDeclaredExport);
        exports.limit(settings.exports());
        this.clients.listener(exports::clientsChanged);
    }

    /**
     * Where files are.
     *
     * @param live of the images that are open
     */
    public record Files(DataRoots roots, LiveFolder live) {}

    /**
     * Where clients come from, and who is told of all that happens.
     *
     * @param watch what the host tells of them
     * @param listener hears of every event, also of those of the start; closed with the catalog
     */
    public record Clients(ExportHost host, ClientWatch watch, EventListener listener) {
        /** Nobody is told. */
        public Clients(ExportHost host, ClientWatch watch) {
            this(host, watch, EventListener.NONE);
        }
    }

    /**
     * Opens the catalog of the primary root, its images, exports and jobs, and what is declared. Nobody is served yet,
     * and no job runs.
     *
     * @param clients asked when the catalog is ours, so that a second service on it is told of that and not of its
     *     addresses; what it answers is closed with the catalog
     * @throws BlockException IMAGE_LOCKED if another service has it; or if the catalog cannot be read
     */
    public static Catalog open(
            Files files, CatalogSettings settings, List<DeclaredImage> declared, Supplier<Clients> clients)
            throws BlockException {
        CatalogStore store = CatalogStore.open(files.roots().primary().folder());
        @Nullable Catalog catalog = null;
        boolean opened = false;
        try {
            catalog = new Catalog(store, files, settings, declared, clients.get());
            catalog.restore();
            opened = true;
            return catalog;
        } finally {
            if (!opened) {
                closeAll(catalog, store);
            }
        }
    }

    private static void closeAll(@Nullable Catalog catalog, CatalogStore store) {
        if (catalog == null) {
            store.close();
        } else {
            catalog.close();
        }
    }

    private void restore() throws BlockException {
        images.restore();
        exports.restore();
        jobs.restore();
        ready = declared.stream().filter(this::declare).toList();
    }

    /** Lets clients in, which find every export there is, and then lets jobs run. To be called once. */
    public void serve() {
        host.serve();
        serving = true;
        listener.serve();
        jobs.resume();
        ready.forEach(this::startDeclared);
    }

    /** What a client would do at every start: PUT image, PUT export. */
    private boolean declare(DeclaredImage wanted) {
        try {
            var _ = images.put(wanted.name(), wanted.image());
        } catch (ProblemException e) {
            return notReady(wanted.name(), e);
        }
        return declareExport(wanted);
    }

    private boolean declareExport(DeclaredImage wanted) {
        String name = wanted.name();
        try {
            ExportRequest export = wanted.export();
            if (export != null) {
                var _ = exports.put(name, export);
            }
            problems.remove(name);
            return true;
        } catch (ProblemException e) {
            return notReady(name, e);
        }
    }

    /** And PUT job. One that failed is started anew. */
    private void startDeclared(DeclaredImage wanted) {
        String name = wanted.name();
        JobRequest stream = wanted.stream();
        try {
            if (stream != null && !images.get(name).standalone()) {
                // One that ended and left the image as it is: it failed, or was for an earlier image of this name.
                if (jobs.isConcluded(name)) {
                    jobs.dismiss(name);
                }
                var _ = jobs.put(name, stream);
            }
        } catch (ProblemException e) {
            var _ = notReady(name, e);
        }
    }

    private boolean notReady(String name, ProblemException why) {
        problems.put(name, why);
        LOG.log(Level.ERROR, "declared image not ready: image={0} {1}", name, why.getMessage());
        return false;
    }

    public Images images() {
        return images;
    }

    public Exports exports() {
        return exports;
    }

    public Jobs jobs() {
        return jobs;
    }

    public Activity activity() {
        return activity;
    }

    /** Where clients connect: URIs of the NBD server, without an export. */
    public List<String> endpoints() {
        return host.endpoints().stream()
                .map((Endpoint endpoint) -> endpoint.uri(""))
                .toList();
    }

    public EventLog events() {
        return events;
    }

    /**
     * The declared images that are not open, or not offered as declared: the service is not ready while there are any.
     */
    public List<Missing> missing() {
        return declared.stream()
                .filter(image -> !isReady(image))
                .map(image -> Missing.of(image.name(), problems.get(image.name())))
                .toList();
    }

    /** A declared image that is not ready, and why. */
    public record Missing(String name, ProblemCode code, String why) {
        private static Missing of(String name, @Nullable ProblemException why) {
            return why == null
                    ? new Missing(
                            name, ProblemCode.IMAGE_UNAVAILABLE, "the image is not open, or not offered as declared")
                    : new Missing(name, why.code(), String.valueOf(why.getMessage()));
        }
    }

    private boolean isReady(DeclaredImage image) {
        ExportRequest export = image.export();
        return !images.isUnavailable(image.name()) && (export == null || exports.isOffered(image.name(), export));
    }

    private boolean isDeclaredExport(String name) {
        return declared.stream()
                .filter(image -> image.name().equals(name))
                .map(DeclaredImage::export)
                .anyMatch(export -> export != null && exports.isAsWanted(name, export));
    }

    /** What images need to know of the others. */
    private final class Users implements ImageUsers {
        @Override
        public List<String> activeJobs(String image) {
            return jobs.active(image);
        }

        @Override
        public List<String> exports(String image) {
            return exports.of(image);
        }

        @Override
        public boolean isDeclared(String image) {
            return declared.stream().anyMatch(each -> each.name().equals(image));
        }

        @Override
        public Room room() {
            return imageRoom;
        }

        @Override
        public boolean wanted(String image) {
            if (!serving || !problems.containsKey(image)) {
                return false;
            }
            declared.stream()
                    .filter(each -> each.name().equals(image) && declareExport(each))
                    .forEach(Catalog.this::startDeclared);
            return true;
        }

        @Override
        public void opened(String image) {
            exports.adopt(image);
            if (serving) {
                jobs.adopt(image);
            }
        }

        @Override
        public void release(String image) {
            exports.release(image);
        }

        @Override
        public void forget(String image) throws BlockException {
            exports.forgetAll(image);
        }
    }

    /** From here on changes are refused with SHUTTING_DOWN. */
    public void beginClose() {
        images.beginClose();
    }

    /** Whether it is closed, and no image was left as after a crash. */
    public boolean isClosedCleanly() {
        return closedCleanly;
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            beginClose();
            host.close();
            clients.close();
            jobs.halt();
            closedCleanly = images.close();
            listener.close();
            store.close();
        }
    }
}
