package io.rawcow.catalog;

import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import io.rawcow.catalog.CatalogStore.Kind;
import io.rawcow.image.CheckReport;
import io.rawcow.image.LiveFolder;
import io.rawcow.image.LiveImage;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/**
 * Images by name. Requests can be repeated: the same one answers the same. Safe from many threads; what changes an
 * image holds its name, what looks at one holds nothing.
 */
public final class Images {
    private static final Logger LOG = System.getLogger(Images.class.getName());

    private final CatalogStore store;
    private final ImagePaths paths;
    private final ImageFiles files;
    private final Openings openings;
    private final EventLog events;
    private final InstantSource clock;
    private final NameLocks locks = new NameLocks("image");
    private final ConcurrentSkipListMap<String, ManagedImage> images = new ConcurrentSkipListMap<>();
    private volatile ImageUsers users = ImageUsers.NOBODY;
    private volatile boolean closing;

    Images(CatalogStore store, ImagePaths paths, LiveFolder live, EventLog events, InstantSource clock) {
        this.store = store;
        this.paths = paths;
        this.files = new ImageFiles(paths, live);
        this.openings = new Openings(store, paths, files);
        this.events = events;
        this.clock = clock;
    }

    void users(ImageUsers all) {
        users = all;
    }

    NameLocks locks() {
        return locks;
    }

    ImageFiles files() {
        return files;
    }

    // ---- looking

    /** @throws ProblemException IMAGE_NOT_FOUND */
    public ImageView get(String name) {
        return view(require(name));
    }

    public Page<ImageView> list(int limit, @Nullable String cursor) {
        return Page.of(images.values().stream(), ManagedImage::name, this::view, limit, cursor);
    }

    /**
     * Who answers for which part of an image.
     *
     * @param length bytes; null for all that is behind {@code start}
     * @param limit extents on a page
     */
    public MapPage map(String name, long start, @Nullable Long length, int limit) {
        try {
            return MapPage.of(requireOpen(name), start, length, limit);
        } catch (BlockException e) {
            throw ProblemException.of(e);
        }
    }

    /** Looks for everything that is wrong with an image's files. Changes nothing. */
    public CheckReport check(String name) {
        return files.check(require(name).record(), requireOpen(name));
    }

    ManagedImage require(String name) {
        ManagedImage image = images.get(Names.require("image", name));
        if (image == null) {
            throw new ProblemException(ProblemCode.IMAGE_NOT_FOUND, "there is no image of this name: image=" + name);
        }
        return image;
    }

    /** @throws ProblemException IMAGE_NOT_FOUND, IMAGE_UNAVAILABLE */
    public LiveImage requireOpen(String name) {
        ManagedImage image = require(name);
        LiveImage live = image.live();
        if (live == null) {
            ImageError why = image.error();
            throw new ProblemException(
                            ProblemCode.IMAGE_UNAVAILABLE,
                            "the image is not open: " + (why == null ? "it is being created" : why.detail()))
                    .withAction("remove the cause and repeat the image's PUT");
        }
        return live;
    }

    List<String> names() {
        return List.copyOf(images.keySet());
    }

    List<ManagedImage> all() {
        return List.copyOf(images.values());
    }

    private ImageView view(ManagedImage image) {
        return image.view(users.exports(image.name()), users.activeJobs(image.name()));
    }

    boolean isUnavailable(String name) {
        ManagedImage image = images.get(name);
        return image == null || image.live() == null;
    }

    // ---- PUT

    /**
     * Makes sure that there is such an image, and that it is open.
     *
     * @throws ProblemException with one of many codes; then no file was changed, or what was begun can be repeated
     */
    public Ensured put(String name, ImageRequest request) {
        Names.require("image", name);
        Ensured ensured = ensure(name, paths.resolve(request));
        return users.wanted(name) ? new Ensured(get(name), ensured.created()) : ensured;
    }

    private Ensured ensure(String name, ImageRequest wanted) {
        try (var _ = locks.holdForRequest(name)) {
            requireServing();
            ManagedImage known = images.get(name);
            if (known != null) {
                return again(known, wanted);
            }
            try (var _ = users.room().take(images::size)) {
                return unknown(name, wanted);
            }
        } catch (BlockException e) {
            throw ProblemException.of(e);
        }
    }

    void requireServing() {
        if (closing) {
            throw new ProblemException(ProblemCode.SHUTTING_DOWN, "the service is shutting down");
        }
    }

    private Ensured again(ManagedImage known, ImageRequest wanted) throws BlockException {
        List<Difference> differences =
                ImagePaths.differences(wanted, known.record().request());
        if (!differences.isEmpty()) {
            throw ProblemException.differs(
                    ProblemCode.IMAGE_DIFFERS,
                    "the image exists and was requested otherwise: image=" + known.name(),
                    differences);
        }
        boolean create = known.record().state() == ImageState.CREATING && known.live() == null;
        if (create && files.isUnmade(known.record())) {
            return new Ensured(create(known.name(), known.record().request()), true);
        }
        if (known.live() == null) {
            openRecorded(known, wanted);
            tell(known, create ? "created" : "opened");
            users.opened(known.name());
        }
        return new Ensured(view(known), create);
    }

    private Ensured unknown(String name, ImageRequest wanted) throws BlockException {
        Ownership.requireNobodys(images.values(), wanted.sidecar(), wanted.rawFile());
        if (wanted.sidecar() == null) {
            return new Ensured(openRawFile(name, wanted), false);
        }
        return paths.exists(paths.locate("sidecar", wanted.sidecar()))
                ? new Ensured(openSidecar(name, wanted, wanted.sidecar()), false)
                : new Ensured(create(name, wanted), true);
    }

    private ImageView openRawFile(String name, ImageRequest wanted) throws BlockException {
        String rawFile = ImageFiles.require("sidecar", wanted.rawFile());
        if (wanted.backingFile() != null || wanted.size() != null || wanted.sectorSize() != null) {
            String _ = ImageFiles.require("sidecar", wanted.sidecar());
        }
        LiveImage live = files.openStandalone(rawFile);
        var record = ImageRecord.ofRawFile(name, rawFile, live.sizeBytes(), clock.instant());
        return register(new ManagedImage(record), live, "opened");
    }

    private ImageView openSidecar(String name, ImageRequest wanted, String sidecar) throws BlockException {
        ImageRequest facts = files.facts(sidecar);
        List<Difference> differences = ImagePaths.differences(wanted, facts);
        if (!differences.isEmpty()) {
            throw ProblemException.differs(
                    ProblemCode.SIDECAR_EXISTS,
                    "there is a sidecar already, and it says otherwise: sidecar=" + sidecar,
                    differences);
        }
        Ownership.requireNobodys(images.values(), null, facts.rawFile());
        String stored = files.uuidOf(sidecar);
        LiveImage live = files.open(sidecar, wanted);
        ImageState state = live.isStandalone() ? ImageState.STANDALONE : ImageState.COW;
        String uuid = live.isStandalone() ? stored : Openings.uuidOf(live);
        var record = new ImageRecord(name, uuid, state, sidecar, true, facts, clock.instant(), null);
        var image = new ManagedImage(record);
        image.leftover(live.isStandalone());
        return register(image, live, "opened");
    }

    private ImageView register(ManagedImage image, LiveImage live, String change) throws BlockException {
        boolean saved = false;
        try {
            store.save(Kind.IMAGES, image.name(), image.record());
            saved = true;
        } finally {
            if (!saved) {
                live.close();
            }
        }
        image.opened(live, Openings.warningsOf(live));
        images.put(image.name(), image);
        tell(image, change);
        users.opened(image.name());
        return view(image);
    }

    private ImageView create(String name, ImageRequest wanted) throws BlockException {
        ImageFiles.requireCreatable(wanted);
        var intent = ImageRecord.ofIntent(name, wanted, clock.instant());
        files.requireNoForeignRawFile(wanted);
        var image = new ManagedImage(intent);
        store.save(Kind.IMAGES, name, intent);
        images.put(name, image);
        try {
            files.create(wanted);
        } catch (BlockException | RuntimeException e) {
            forgetIntent(image, e);
            throw e;
        }
        openRecorded(image, wanted);
        tell(image, "created");
        users.opened(name);
        return view(image);
    }

    private void forgetIntent(ManagedImage image, Exception why) {
        try {
            store.remove(Kind.IMAGES, image.name());
            images.remove(image.name(), image);
        } catch (BlockException e) {
            // It stays in the catalog, as it does on the disk, until a DELETE or a repeated PUT.
            why.addSuppressed(e);
            image.unavailable(new ImageError(ProblemCode.IO_ERROR.word(), String.valueOf(why.getMessage())));
        }
    }

    // ---- opening what is recorded

    /** Opens an image of the catalog; if that fails it is unavailable, and the reason is thrown. */
    private void openRecorded(ManagedImage image, ImageRequest wanted) throws BlockException {
        try {
            openings.open(image, wanted);
        } catch (BlockException | ProblemException e) {
            image.unavailable(
                    ImageError.of(e instanceof BlockException b ? ProblemException.of(b) : (ProblemException) e));
            announceState(image);
            throw e;
        }
    }

    /** Opens what the catalog has at start-up. One image that cannot be opened does not keep the others. */
    void restore() throws BlockException {
        for (ImageRecord record : store.load(Kind.IMAGES, ImageRecord.class)) {
            var image = new ManagedImage(record);
            images.put(record.name(), image);
            try (var _ = locks.hold(record.name())) {
                openRecorded(image, new ImageRequest(null, null, null, null, null, null, null, null, null, null));
                tell(image, "opened");
            } catch (BlockException | RuntimeException e) {
                if (image.error() == null) {
                    image.unavailable(new ImageError(ProblemCode.INTERNAL.word(), String.valueOf(e.getMessage())));
                }
                LOG.log(Level.WARNING, "image unavailable: image={0} {1}", record.name(), e.getMessage());
            }
        }
    }

    // ---- what jobs tell

    /** Durably: the image is standalone. The caller is the image's own job, which keeps others from changing it. */
    void recordStandalone(String name, boolean keepSidecar) throws BlockException {
        ManagedImage image = images.get(name);
        if (image == null) {
            throw new BlockException(FaultKind.IMAGE_CLOSED, "cannot record detach: the image is gone: image=" + name);
        }
        openings.recordStandalone(image, clock.instant(), keepSidecar);
    }

    /** Tells of the image's state if it is another than was told last. */
    void announceState(String name) {
        Optional.ofNullable(images.get(name)).ifPresent(this::announceState);
    }

    private void announceState(ManagedImage image) {
        // Not after the word that it was deleted.
        synchronized (image) {
            if (images.get(image.name()) == image && image.state() != image.announced()) {
                tell(image, "state");
            }
        }
    }

    private void tell(ManagedImage image, String change) {
        image.announced(image.state());
        LOG.log(Level.INFO, "image {0}: image={1} state={2}", change, image.name(), image.state());
        events.image(image.name(), change, view(image));
    }

    // ---- DELETE

    /**
     * Closes an image and forgets it, its exports too. Files stay unless they are to go; a backing always stays.
     *
     * @throws ProblemException IMAGE_NOT_FOUND, JOB_ACTIVE, IMAGE_IN_USE; after an I/O error it can be repeated
     */
    public void delete(String name, boolean deleteFiles) {
        try (var _ = locks.holdForRequest(name)) {
            ManagedImage image = require(name);
            requireIdle(name);
            delete(name, image, deleteFiles);
        } catch (BlockException e) {
            throw ProblemException.of(e);
        }
    }

    private void delete(String name, ManagedImage image, boolean deleteFiles) throws BlockException {
        try {
            if (deleteFiles) {
                Ownership.requireNoBacking(images.values(), image);
            }
            users.release(name);
            LiveImage live = image.live();
            if (live != null) {
                image.unavailable(new ImageError(ProblemCode.IMAGE_UNAVAILABLE.word(), "the image is being deleted"));
                live.close();
            }
            if (deleteFiles) {
                files.delete(image.record());
            }
            users.forget(name);
            store.remove(Kind.IMAGES, name);
            LOG.log(Level.INFO, "image deleted: image={0} files={1}", name, deleteFiles ? "deleted" : "kept");
            synchronized (image) {
                images.remove(name, image);
                events.image(name, "deleted", null);
            }
        } finally {
            announceState(image);
        }
    }

    private void requireIdle(String name) {
        requireServing();
        List<String> active = users.activeJobs(name);
        if (!active.isEmpty()) {
            throw new ProblemException(
                            ProblemCode.JOB_ACTIVE,
                            "the image has a job that is not concluded: job=" + active.getFirst())
                    .withAction("cancel it, or wait until it is concluded");
        }
        if (users.isDeclared(name)) {
            throw new ProblemException(
                            ProblemCode.IMAGE_IN_USE, "the image is declared in the configuration: image=" + name)
                    .withAction("take it out of the configuration and restart the service");
        }
    }

    void beginClose() {
        closing = true;
    }

    /**
     * Closes every image, side by side: one whose disk hangs does not keep the others.
     *
     * @return whether all were closed cleanly, and in time
     */
    boolean close() {
        return ImageClosings.closeAll(images.values(), locks);
    }
}
