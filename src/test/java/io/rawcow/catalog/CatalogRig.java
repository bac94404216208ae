package io.rawcow.catalog;

import io.rawcow.block.BlockException;
import io.rawcow.block.ByteRange;
import io.rawcow.catalog.CatalogStore.Kind;
import io.rawcow.image.LiveImage;
import io.rawcow.image.TestLive;
import io.rawcow.posix.DataRoots;
import io.rawcow.testing.SimulatedDisk;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A catalog with one image on a simulated disk, and what was promised to whoever uses it. A step is one request; while
 * it runs, and after a crash in it, the promises of before it hold, and it can be repeated.
 */
final class CatalogRig {
    static final String NAME = "vm";
    static final String SIDECAR = "images/vm.raw-cow";
    static final String FOREIGN = "disks/foreign.img";

    private static final String TEMPORARY = "images/.vm.raw-cow.creating";
    private static final InstantSource CLOCK = InstantSource.fixed(Instant.ofEpochSecond(1_800_000_000));

    /** Requests. */
    enum Step {
        /** All fields of an image: created, or opened if its files are there. */
        PUT_ALL,
        PUT_SIDECAR,
        PUT_RAW_FILE,
        /** One whose raw file belongs to somebody else. */
        PUT_FOREIGN,
        /** Guest and stream: writes, some hydration, and a flush. */
        WORK,
        DETACH,
        DETACH_AND_KEEP,
        RESTART,
        DELETE,
        DELETE_FILES,
        /** With the files of an image whose creation was refused. */
        DELETE_FOREIGN
    }

    /** What there is of the image's files. */
    enum Files {
        NONE,
        COW,
        STANDALONE
    }

    private final CatalogScene scene;
    private final SimulatedDisk disk;
    private boolean known;
    private Files files = Files.NONE;
    private boolean sidecarThere;
    private @Nullable Step running;
    private byte[] durable;
    private byte[] latest;
    private int tag;
    private @Nullable CatalogStore store;
    private @Nullable Images images;

    private CatalogRig(CatalogScene scene, SimulatedDisk disk, byte[] durable, byte[] latest) {
        this.scene = scene;
        this.disk = disk;
        this.durable = durable;
        this.latest = latest;
    }

    static CatalogRig fresh(CatalogScene scene) {
        var disk = new SimulatedDisk();
        scene.placeOn(disk);
        var rig = new CatalogRig(scene, disk, scene.firstContent(), scene.firstContent());
        if (scene.plainRawFile()) {
            rig.files = Files.STANDALONE;
        }
        return rig;
    }

    /** The same promises on another disk, with nothing open. */
    CatalogRig on(SimulatedDisk other) {
        var rig = new CatalogRig(scene, other, durable.clone(), latest.clone());
        rig.known = known;
        rig.files = files;
        rig.sidecarThere = sidecarThere;
        rig.running = running;
        rig.tag = tag;
        return rig;
    }

    SimulatedDisk disk() {
        return disk;
    }

    boolean isKnown() {
        return known;
    }

    Files files() {
        return files;
    }

    boolean hasSidecar() {
        return sidecarThere;
    }

    /** Changes with what a crash may be followed by. */
    long version() {
        return Arrays.hashCode(durable) * 31L
                + Arrays.hashCode(latest) * 17L
                + (running == null ? 0 : running.name().hashCode()) * 1009L
                + files.name().hashCode() * 7L
                + (known ? 3 : 0)
                + (sidecarThere ? 1 : 0);
    }

    @Override
    public String toString() {
        return "%s, promised: known=%s files=%s sidecar=%s, running: %s"
                .formatted(scene, known, files, sidecarThere, running);
    }

    // ---- the service

    /** Starts the service; whatever crash there was, that works. */
    void open() {
        try {
            var roots = new DataRoots(List.of(new DataRoots.Root(disk.root(), true, CatalogStore.FOLDER)));
            store = CatalogStore.open(disk.root());
            images = new Images(store, new ImagePaths(roots), TestLive.on(disk, 1L << 30), new EventLog(CLOCK), CLOCK);
            images.restore();
        } catch (BlockException e) {
            throw new AssertionError("the catalog does not open: " + e.getMessage(), e);
        }
        requirePromises();
    }

    void close() {
        images.close();
        store.close();
        images = null;
        store = null;
    }

    /** What was answered before the step that was interrupted, if there was one. */
    private void requirePromises() {
        boolean listed = images.names().contains(NAME);
        boolean deleting = running == Step.DELETE || running == Step.DELETE_FILES;
        require(listed || !known || deleting, "an image that was answered is not in the catalog");
        require(!listed || known || isPut(), "an image is in the catalog that was deleted, or never asked for");
        boolean whole = known && running != Step.DELETE_FILES;
        boolean own = running != Step.PUT_FOREIGN;
        if (listed && own && (whole || isPut())) {
            requireWhole();
        }
        requireUntouched();
    }

    private boolean isPut() {
        return running != null && running.name().startsWith("PUT_");
    }

    private void requireWhole() {
        ImageView view = images.get(NAME);
        require(view.error() == null, "the image is not open: " + view.error());
        LiveImage live = images.requireOpen(NAME);
        byte[] found = readAll(live);
        for (int at = 0; at < found.length; at += 512) {
            int end = Math.min(at + 512, found.length);
            boolean fits =
                    Arrays.equals(found, at, end, durable, at, end) || Arrays.equals(found, at, end, latest, at, end);
            require(fits, "the guest finds something else at " + at);
        }
        if (files == Files.STANDALONE) {
            require(view.standalone() && view.state() == ImageState.STANDALONE, "it is not standalone any more");
            require(Arrays.equals(found, disk.bytes(scene.rawFile())), "the raw file does not hold everything");
            boolean detaching = running == Step.DETACH;
            require(view.sidecar() == null || disk.exists(SIDECAR), "a sidecar is shown that is gone");
            require(detaching || disk.exists(SIDECAR) == sidecarThere, "the sidecar should be there: " + sidecarThere);
        } else if (images.require(NAME).record().state() != ImageState.STANDALONE) {
            require(disk.exists(SIDECAR), "the sidecar is gone but needed");
        } else {
            require(running == Step.DETACH || running == Step.DETACH_AND_KEEP, "standalone by itself");
        }
    }

    private void requireUntouched() {
        require(disk.exists(FOREIGN), "the foreign raw file is gone");
        require(Arrays.equals(disk.bytes(FOREIGN), CatalogScene.FOREIGN_BYTES), "the foreign raw file was changed");
        require(
                running != null || files != Files.NONE || scene.reusesRawFile() || !disk.exists(scene.rawFile()),
                "the raw file is there again");
        require(running != null || sidecarThere || !disk.exists(SIDECAR), "the sidecar is there again");
    }

    /** Repeats what a crash interrupted. For a catalog that is open. */
    void repeat() {
        Step step = running;
        if (step == null) {
            return;
        }
        boolean listed = images.names().contains(NAME);
        if ((step == Step.DELETE || step == Step.DELETE_FILES) && !listed) {
            // 404 is what says that it was done.
            conclude(step);
        } else {
            run(step);
        }
    }

    /** Instead: removes what a PUT that was interrupted may have made. */
    void giveUp() {
        if (!images.names().contains(NAME)) {
            running = null;
        } else {
            boolean foreign = running == Step.PUT_FOREIGN;
            run(foreign ? Step.DELETE_FOREIGN : Step.DELETE_FILES);
        }
    }

    boolean isCreating() {
        return (running == Step.PUT_ALL && files == Files.NONE) || running == Step.PUT_FOREIGN;
    }

    // ---- steps

    /** Puts there what the next image finds, unless it is there, and answers how that one is asked for. */
    Step placeRawFile() {
        if (!disk.exists(scene.rawFile())) {
            scene.placeRawFile(disk);
        }
        if (scene.plainRawFile()) {
            files = Files.STANDALONE;
            return Step.PUT_RAW_FILE;
        }
        return Step.PUT_ALL;
    }

    void run(Step step) {
        running = step;
        try {
            switch (step) {
                case PUT_ALL -> put(scene.request());
                case PUT_SIDECAR ->
                    put(new ImageRequest(SIDECAR, null, null, null, null, null, null, null, null, null));
                case PUT_RAW_FILE ->
                    put(new ImageRequest(null, null, null, scene.rawFile(), null, null, null, null, null, null));
                case PUT_FOREIGN -> putForeign();
                case WORK -> work();
                case DETACH -> detach(false);
                case DETACH_AND_KEEP -> detach(true);
                case RESTART -> {
                    close();
                    open();
                }
                case DELETE -> images.delete(NAME, false);
                case DELETE_FILES, DELETE_FOREIGN -> images.delete(NAME, true);
            }
        } catch (ProblemException | BlockException e) {
            throw new AssertionError("%s is refused: %s".formatted(step, e.getMessage()), e);
        }
        conclude(step);
        if (known) {
            requireWhole();
        }
        requireUntouched();
    }

    private void put(ImageRequest request) {
        ImageView view = images.put(NAME, request).image();
        require(view.error() == null, "a PUT is answered with an image that is not open");
    }

    private void putForeign() throws BlockException {
        ImageRequest request = scene.foreignRequest();
        try {
            images.put(NAME, request);
        } catch (ProblemException e) {
            boolean right = e.code() == ProblemCode.RAW_FILE_EXISTS || e.code() == ProblemCode.RAW_FILE_NOT_EMPTY;
            require(right, "refused with the wrong code: " + e.getMessage());
            requireNoRecord();
            return;
        }
        throw new AssertionError("a PUT takes somebody else's raw file");
    }

    private void requireNoRecord() throws BlockException {
        require(store.load(Kind.IMAGES, ImageRecord.class).isEmpty(), "an image that was refused is recorded");
        require(images.names().isEmpty(), "an image that was refused is known");
    }

    private void work() throws BlockException {
        LiveImage live = images.requireOpen(NAME);
        live.flush();
        durable = readAll(live);
        latest = durable.clone();
        int at = Math.floorMod(tag * 512 * 3, durable.length);
        byte[] bytes = new byte[Math.min(700, durable.length - at)];
        Arrays.fill(bytes, (byte) (0x40 + tag++));
        System.arraycopy(bytes, 0, latest, at, bytes.length);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment source = arena.allocate(bytes.length).copyFrom(MemorySegment.ofArray(bytes));
            live.write(at, source);
        }
        hydrate(live, 2);
        live.flush();
        durable = latest.clone();
    }

    private static boolean hydrate(LiveImage live, int sectors) throws BlockException {
        Optional<ByteRange> run = live.nextClear(0, Long.MAX_VALUE);
        if (run.isEmpty()) {
            return false;
        }
        long start = run.get().offset();
        long end = Math.min(
                run.get().end(), start + (long) sectors * live.geometry().sectorSize());
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment content = arena.allocate(end - start);
            live.readBacking(start, content);
            live.hydrate(ByteRange.between(start, end), content);
        }
        return true;
    }

    /** As the image's job does. */
    private void detach(boolean keep) throws BlockException {
        LiveImage live = images.requireOpen(NAME);
        while (hydrate(live, 8)) {
            require(!live.isStandalone(), "a standalone image has clear sectors");
        }
        live.flush();
        live.detach(keep, () -> images.recordStandalone(NAME, keep));
        durable = readAll(live);
        latest = durable.clone();
    }

    /** From here on the answer holds. */
    private void conclude(Step step) {
        running = null;
        switch (step) {
            case PUT_ALL, PUT_SIDECAR -> {
                known = true;
                files = files == Files.NONE ? Files.COW : files;
                sidecarThere = true;
            }
            case PUT_RAW_FILE -> known = true;
            case PUT_FOREIGN, WORK, RESTART -> {}
            case DETACH -> {
                // One that was kept, and that no sidecar was named for since, is nobody's business.
                require(files == Files.STANDALONE || !disk.exists(SIDECAR), "the sidecar was not removed");
                files = Files.STANDALONE;
                sidecarThere = disk.exists(SIDECAR);
            }
            case DETACH_AND_KEEP -> files = Files.STANDALONE;
            case DELETE, DELETE_FOREIGN -> known = false;
            case DELETE_FILES -> {
                known = false;
                files = Files.NONE;
                sidecarThere = false;
                durable = scene.firstContent();
                latest = scene.firstContent();
                requireGone();
            }
        }
    }

    private void requireGone() {
        require(!disk.exists(SIDECAR) && !disk.exists(TEMPORARY), "the sidecar stays after its removal");
        require(!disk.exists(scene.rawFile()), "the raw file stays after its removal");
    }

    private byte[] readAll(LiveImage live) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment all = arena.allocate(live.sizeBytes());
            live.read(0, all);
            return all.toArray(ValueLayout.JAVA_BYTE);
        } catch (BlockException e) {
            throw new AssertionError("the image cannot be read: " + e.getMessage(), e);
        }
    }

    static void require(boolean holds, String promise) {
        if (!holds) {
            throw new AssertionError(promise);
        }
    }
}
