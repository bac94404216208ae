package io.rawcow.catalog;

import io.rawcow.block.BlockException;
import io.rawcow.catalog.CatalogStore.Kind;
import io.rawcow.image.LiveImage;
import io.rawcow.nbd.server.ExportHost;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Exports by name: which image is offered to NBD clients under it. Requests can be repeated: the same one answers the
 * same. Safe from many threads; what changes an export holds its name, and inside that the name of its image.
 */
public final class Exports {
    private static final Logger LOG = System.getLogger(Exports.class.getName());
    /** Less than a request waits for a name. */
    private static final Duration DROP_PATIENCE = Duration.ofSeconds(5);

    private final CatalogStore store;
    private final Images images;
    private final ExportHost host;
    private final Traffic traffic;
    private final EventLog events;
    private final InstantSource clock;
    private final NameLocks names = new NameLocks("export");
    private final ConcurrentSkipListMap<String, ManagedExport> exports = new ConcurrentSkipListMap<>();
    private volatile Predicate<String> declared = name -> false;
    private volatile Room room = Room.UNLIMITED;

    Exports(CatalogStore store, Images images, Catalog.Clients clients, EventLog events, InstantSource clock) {
        this.store = store;
        this.images = images;
        this.host = clients.host();
        this.traffic = clients.watch().traffic();
        this.events = events;
        this.clock = clock;
    }

    /** @param test whether the configuration wants an export as it is */
    void declared(Predicate<String> test) {
        declared = test;
    }

    /** @param most exports that there may be at one time */
    void limit(int most) {
        room = new Room("exports", most);
    }

    // ---- looking

    /** @throws ProblemException EXPORT_NOT_FOUND */
    public ExportView get(String name) {
        return require(name).view();
    }

    public Page<ExportView> list(int limit, @Nullable String cursor) {
        return Page.of(
                exports.values().stream().filter(this::isThere),
                ManagedExport::name,
                ManagedExport::view,
                limit,
                cursor);
    }

    private ManagedExport require(String name) {
        ManagedExport export = find(Names.require("export", name));
        if (export == null) {
            throw ProblemException.ofField(
                    ProblemCode.EXPORT_NOT_FOUND,
                    "there is no export of this name: export=" + name,
                    "export",
                    name,
                    "list the exports, or create it with PUT");
        }
        return export;
    }

    private @Nullable ManagedExport find(String name) {
        ManagedExport export = exports.get(name);
        return export != null && isThere(export) ? export : null;
    }

    /** One that was hidden is forgotten by whoever looks first after its last client has left. */
    private boolean isThere(ManagedExport export) {
        if (!export.isGone()) {
            return true;
        }
        forget(export);
        return false;
    }

    List<ExportNow> all() {
        return exports.values().stream()
                .filter(this::isThere)
                .map(ManagedExport::now)
                .toList();
    }

    /** The names of an image's exports. */
    List<String> of(String image) {
        return all(image).stream().map(ManagedExport::name).toList();
    }

    private List<ManagedExport> all(String image) {
        return exports.values().stream()
                .filter(export -> export.record().image().equals(image) && isThere(export))
                .toList();
    }

    /** Whether clients find an export that is as wanted. */
    boolean isOffered(String name, ExportRequest wanted) {
        ManagedExport export = exports.get(name);
        return export != null && export.state() == ExportState.OFFERED && isAsWanted(name, wanted);
    }

    /** Whether there is an export that is as wanted, offered or not. */
    boolean isAsWanted(String name, ExportRequest wanted) {
        ManagedExport export = exports.get(name);
        return export != null && export.record().differences(wanted).isEmpty();
    }

    // ---- PUT

    /**
     * Makes sure that there is such an export, and that clients find it.
     *
     * @throws ProblemException EXPORT_DIFFERS, EXPORT_IN_USE, IMAGE_NOT_FOUND, IMAGE_UNAVAILABLE, and others
     */
    public EnsuredExport put(String name, ExportRequest wanted) {
        Names.require("export", name);
        try (var _ = names.holdForRequest(name)) {
            images.requireServing();
            ManagedExport known = find(name);
            if (known != null) {
                requireSame(known, wanted);
            }
            String image = known != null
                    ? known.record().image()
                    : Names.require("image", ImageFiles.require("image", wanted.image()));
            try (var _ = images.locks().holdForRequest(image)) {
                // It may have been deleted with its image meanwhile.
                return known != null && exports.get(name) == known ? again(known) : create(name, image, wanted);
            }
        } catch (BlockException e) {
            throw ProblemException.of(e);
        }
    }

    private static void requireSame(ManagedExport known, ExportRequest wanted) {
        if (known.state() == ExportState.HIDDEN) {
            throw inUse(known, "the export is being removed and clients still use it");
        }
        List<Difference> differences = known.record().differences(wanted);
        if (!differences.isEmpty()) {
            throw ProblemException.differs(
                    ProblemCode.EXPORT_DIFFERS,
                    "the export exists and was requested otherwise: export=" + known.name(),
                    differences);
        }
    }

    private static ProblemException inUse(ManagedExport export, String detail) {
        return new ProblemException(
                        ProblemCode.EXPORT_IN_USE,
                        "%s: export=%s clients=%d"
                                .formatted(
                                        detail, export.name(), export.clients().size()))
                .withAction("let them disconnect, or remove it with mode=hard");
    }

    private EnsuredExport again(ManagedExport known) throws BlockException {
        LiveImage image = images.requireOpen(known.record().image());
        if (!known.isRecorded()) {
            record(known);
        }
        if (known.state() == ExportState.UNAVAILABLE) {
            known.offer(image);
            tell(known, "state");
        }
        return new EnsuredExport(known.view(), false);
    }

    private EnsuredExport create(String name, String image, ExportRequest wanted) throws BlockException {
        LiveImage live = images.requireOpen(image);
        try (var _ = room.take(exports::size)) {
            var export = new ManagedExport(ExportRecord.of(name, image, wanted, clock.instant()), host);
            recordNew(export);
            traffic.track(name, export.traffic());
            export.offer(live);
            exports.put(name, export);
            tell(export, "created");
            return new EnsuredExport(export.view(), true);
        }
    }

    /** If it fails, the next start must not find what nobody was promised. */
    private void recordNew(ManagedExport export) throws BlockException {
        try {
            record(export);
        } catch (BlockException e) {
            try {
                forgetRecord(export);
            } catch (BlockException again) {
                e.addSuppressed(again);
            }
            throw e;
        }
    }

    private void record(ManagedExport export) throws BlockException {
        store.save(Kind.EXPORTS, export.name(), export.record());
        export.recorded(true);
    }

    private void forgetRecord(ManagedExport export) throws BlockException {
        export.recorded(false);
        store.remove(Kind.EXPORTS, export.name());
    }

    private void tell(ManagedExport export, String change) {
        LOG.log(
                Level.INFO,
                "export {0}: export={1} image={2} state={3}",
                change,
                export.name(),
                export.record().image(),
                export.state());
        events.export(export.name(), change, export.view());
    }

    // ---- DELETE

    /**
     * Takes an export away.
     *
     * @throws ProblemException EXPORT_NOT_FOUND; EXPORT_IN_USE if it is to be safe and clients are there; BUSY if a
     *     request of a client that was cut off does not come back from the disk. It can be repeated
     */
    public void delete(String name, Removal how) {
        Names.require("export", name);
        try (var _ = names.holdForRequest(name)) {
            images.requireServing();
            ManagedExport export = require(name);
            if (declared.test(name)) {
                throw new ProblemException(
                                ProblemCode.EXPORT_IN_USE,
                                "the export is declared in the configuration: export=" + name)
                        .withAction("take it out of the configuration and restart the service");
            }
            try (var _ = images.locks().holdForRequest(export.record().image())) {
                remove(export, how);
            }
        } catch (BlockException e) {
            throw ProblemException.of(e);
        }
    }

    private void remove(ManagedExport export, Removal how) throws BlockException {
        if (how == Removal.SAFE) {
            if (!export.withdraw()) {
                throw inUse(export, "clients use the export");
            }
            removeWithdrawn(export);
            return;
        }
        forgetRecord(export);
        boolean first = export.state() != ExportState.HIDDEN;
        export.hide();
        try {
            if (how == Removal.HARD) {
                drop(export);
            }
        } finally {
            if (isThere(export) && first) {
                tell(export, "state");
            }
        }
    }

    private void removeWithdrawn(ManagedExport export) throws BlockException {
        boolean removed = false;
        try {
            forgetRecord(export);
            removed = true;
        } finally {
            if (!removed) {
                offerAgain(export);
            }
        }
        forget(export);
    }

    private static void drop(ManagedExport export) {
        try {
            if (export.drop(DROP_PATIENCE)) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw new ProblemException(
                        ProblemCode.BUSY,
                        "its clients are cut off, but one of their requests hangs in the disk: export=" + export.name())
                .withAction("look at the storage below the image, then repeat the request");
    }

    private void forget(ManagedExport export) {
        if (exports.remove(export.name(), export)) {
            traffic.forget(export.name(), export.traffic());
            LOG.log(
                    Level.INFO,
                    "export deleted: export={0} image={1}",
                    export.name(),
                    export.record().image());
            events.export(export.name(), "deleted", null);
        }
    }

    // ---- with an image, its name held by the caller

    /** Offers the exports of an image that was opened. */
    void adopt(String image) {
        for (ManagedExport export : all(image)) {
            if (export.state() == ExportState.UNAVAILABLE) {
                offerAgain(export);
                tell(export, "state");
            }
        }
    }

    private void offerAgain(ManagedExport export) {
        if (export.state() == ExportState.UNAVAILABLE
                && !images.isUnavailable(export.record().image())) {
            export.offer(images.requireOpen(export.record().image()));
        }
    }

    /**
     * Withdraws all exports of an image.
     *
     * @throws ProblemException IMAGE_IN_USE if a client uses one; then all are as before
     */
    void release(String image) {
        var withdrawn = new ArrayList<ManagedExport>();
        for (ManagedExport export : all(image)) {
            if (!export.withdraw()) {
                withdrawn.forEach(this::offerAgain);
                throw new ProblemException(
                                ProblemCode.IMAGE_IN_USE,
                                "clients use the image: image=%s export=%s clients=%d"
                                        .formatted(
                                                image,
                                                export.name(),
                                                export.clients().size()))
                        .withAction("let them disconnect, or remove the export with mode=hard");
            }
            withdrawn.add(export);
        }
        withdrawn.forEach(export -> tell(export, "state"));
    }

    /** Forgets the exports of an image that is deleted. */
    void forgetAll(String image) throws BlockException {
        for (ManagedExport export : all(image)) {
            forgetRecord(export);
            forget(export);
        }
    }

    // ---- start

    /** Offers what the catalog has; what belongs to an image that is not open waits for it. */
    void restore() throws BlockException {
        for (ExportRecord record : store.load(Kind.EXPORTS, ExportRecord.class)) {
            var export = new ManagedExport(record, host);
            export.recorded(true);
            traffic.track(record.name(), export.traffic());
            exports.put(record.name(), export);
            offerAgain(export);
            tell(export, "restored");
        }
    }

    /** Clients have come or gone. */
    void clientsChanged(String name) {
        ManagedExport export = find(name);
        if (export != null) {
            events.clients(name, export.view());
        }
    }
}
