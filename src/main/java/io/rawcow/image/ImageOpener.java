package io.rawcow.image;

import io.rawcow.backing.BackingPin;
import io.rawcow.backing.FileBacking;
import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import io.rawcow.block.QemuLocks;
import io.rawcow.block.RawFile;
import io.rawcow.format.AllocationBitmap;
import io.rawcow.format.Extension;
import io.rawcow.format.Extension.Dirty;
import io.rawcow.format.Geometry;
import io.rawcow.format.Sidecar;
import io.rawcow.format.SidecarHeader;
import io.rawcow.format.SidecarState;
import io.rawcow.format.StoredName;
import io.rawcow.posix.Access;
import io.rawcow.posix.DataRoots;
import io.rawcow.posix.FileIdentity;
import io.rawcow.posix.FileStatus;
import io.rawcow.posix.Memory;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.Place;
import io.rawcow.posix.PosixException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Opens an image for reading and writing. Everything is checked before anything is changed; if a check fails, every
 * file is as it was and nothing stays locked. One use each; not for several threads.
 */
public final class ImageOpener {
    /** More bits than this are refused: 64 GiB of memory, were they all set. */
    private static final long MAX_BITMAP_BYTES = 64L << 30;

    private static final String SIDECAR = "sidecar";
    private static final String RAW_FILE = "raw file";

    private final DataRoots roots;
    private final LiveFolder folder;
    private final OpenOptions options;
    private @Nullable OpenFile sidecarFile;
    private @Nullable SidecarHome home;
    private @Nullable OpenFile rawFile;
    private @Nullable FileBacking backing;
    private @Nullable LiveRemains remains;
    private @Nullable Arena memory;

    private ImageOpener(DataRoots roots, LiveFolder folder, OpenOptions options) {
        this.roots = roots;
        this.folder = folder;
        this.options = options;
    }

    /**
     * Opens the image of a sidecar, and takes over what a process that died has left in its live file.
     *
     * @throws BlockException SIDECAR_INVALID, FILE_NOT_FOUND, IMAGE_LOCKED, BACKING_CHANGED, RAW_FILE_CHANGED,
     *     ANSWERED_WRITES_LOST, or of I/O
     */
    public static LiveImage open(DataRoots roots, Place sidecar, LiveFolder folder, OpenOptions options)
            throws BlockException {
        var opener = new ImageOpener(roots, folder, options);
        boolean opened = false;
        try {
            LiveImage image = opener.openSidecar(sidecar);
            opened = true;
            return image;
        } finally {
            opener.release(opened);
        }
    }

    /** Opens a plain raw file as an image that is standalone from the start. */
    public static LiveImage openStandalone(Place raw) throws BlockException {
        OpenFile file = RawFiles.claim(RawFiles.open(raw), true);
        boolean opened = false;
        try {
            long size = RawFiles.status(file).size();
            if (size < 1 || size > SidecarHeader.MAX_SIZE) {
                throw new BlockException(
                        FaultKind.INVALID_VALUE,
                        "cannot use raw file: its size is not that of an image: bytes=%d path=%s"
                                .formatted(size, file.path()));
            }
            var image = LiveImage.standalone(
                    new RawFile(file, size, RawFiles.status(file).isDevice()), SidecarHeader.DEFAULT_SECTOR_SIZE, null);
            opened = true;
            return image;
        } finally {
            if (!opened) {
                file.close();
            }
        }
    }

    private void release(boolean opened) {
        if (remains != null) {
            remains.close();
        }
        if (opened) {
            return;
        }
        if (memory != null) {
            memory.close();
        }
        if (backing != null) {
            backing.close();
        }
        if (rawFile != null) {
            rawFile.close();
        }
        if (home != null) {
            home.close();
        }
        if (sidecarFile != null) {
            sidecarFile.close();
        }
    }

    private LiveImage openSidecar(Place place) throws BlockException {
        OpenFile file = openSidecarFile(place);
        sidecarFile = file;
        QemuLocks.claimSidecar(file);
        SidecarHome at = SidecarHome.of(roots, file);
        home = at;
        Sidecar sidecar = Sidecar.open(file, UUID.randomUUID().toString());
        if (sidecar.extension().state() == SidecarState.CREATING) {
            try (FileBacking source = openBacking(sidecar, at, Map.of())) {
                CreationEnd.finish(roots, at, sidecar, source == null ? null : source.identity());
            }
        }
        OpenFile raw = RawFiles.open(locate(at, sidecar.header().rawFile(), RAW_FILE));
        rawFile = raw;
        boolean standalone = sidecar.extension().state() == SidecarState.STANDALONE;
        // Before the lock: our own on the sidecar would be in the way and called somebody else's.
        FileIdentity rawIdentity = RawFiles.status(raw).identity();
        requireDistinct(SIDECAR, statusOf(file).identity(), RAW_FILE, rawIdentity, file.path());
        QemuLocks.claimRawFile(raw, standalone);
        FileStatus rawStatus = RawFiles.status(raw);
        return standalone ? standalone(sidecar, at, raw, rawStatus) : overlay(sidecar, at, raw, rawStatus);
    }

    static OpenFile openSidecarFile(Place place) throws BlockException {
        try {
            return place.open(Access.READ_WRITE);
        } catch (PosixException e) {
            throw BlockException.of(e, SIDECAR);
        }
    }

    private Place locate(SidecarHome at, String name, String what) throws BlockException {
        try {
            return roots.locate(at.folderPath(), name);
        } catch (PosixException e) {
            throw BlockException.of(e, what);
        }
    }

    private LiveImage standalone(Sidecar sidecar, SidecarHome at, OpenFile raw, FileStatus status)
            throws BlockException {
        SidecarHeader header = sidecar.header();
        if (status.size() != header.size()) {
            throw new BlockException(
                    FaultKind.RAW_FILE_CHANGED,
                    "cannot use raw file: it should hold everything, but its size differs: bytes=%d size=%d path=%s"
                            .formatted(status.size(), header.size(), raw.path()));
        }
        sidecar.saveAgain();
        sidecar.sync();
        folder.removeLeftovers(sidecar.file(), "");
        sidecar.close();
        return LiveImage.standalone(new RawFile(raw, header.size(), status.isDevice()), header.sectorSize(), at);
    }

    @SuppressWarnings("MustBeClosedChecker") // the image closes its memory, or release() does
    private LiveImage overlay(Sidecar sidecar, SidecarHome at, OpenFile raw, FileStatus rawStatus)
            throws BlockException {
        Geometry geometry = sidecar.header().geometry();
        Extension extension = sidecar.extension();
        FileBacking source = openBacking(sidecar, at, Map.of(RAW_FILE, rawStatus.identity()));
        backing = source;
        memory = Arena.ofShared();
        MemorySegment bits = bitmapMemory(geometry, sidecar.file().path(), memory);
        AllocationBitmap bitmap = sidecar.load(bits);
        LiveIdentity identity =
                LiveIdentity.of(LiveIdentity.newNonce(), folder.bootId(), sidecar.file(), raw, geometry);
        remains = adopt(extension.dirty(), identity, bitmap);
        boolean extend = RawFiles.requireSize(rawStatus, geometry, bitmap, raw.path());
        RawFiles.requireUntouched(rawStatus, extension.clean(), options.acceptBackingChange(), raw.path());
        // From here on files are changed: all checks have passed.
        RawFile device = RawFiles.device(raw, geometry.size(), rawStatus, bitmap.isComplete());
        if (extend) {
            extend(raw, geometry.size());
        }
        if (extension.clean() == null || remains != null) {
            new SeenIsSaved(device, sidecar, remains).save(bitmap, bits);
        } else {
            // The sync of the mark may have failed when the image was closed.
            sidecar.saveAgain();
            sidecar.sync();
        }
        LiveFile live = LiveFile.create(folder, identity, bitmap.allocatedCount(), sidecar.file());
        boolean opened = false;
        try {
            Extension next = pinned(extension, source, live);
            if (!next.equals(extension) || !sidecar.hasExtensionArea()) {
                sidecar.update(next);
            }
            if (remains != null) {
                remains.remove();
            }
            folder.removeLeftovers(sidecar.file(), live == null ? "" : live.fileName());
            opened = true;
            return LiveImage.over(
                    device, new Overlay(device, sidecar, at, new OpenBitmap(bitmap, memory, live), source));
        } finally {
            if (!opened && live != null) {
                // Nothing was owed since it was made, whether the sidecar names it or not.
                live.close();
            }
        }
    }

    /**
     * Adds the bits of the live file that the sidecar names. Another boot id is a loss of power: the saved bits count.
     *
     * @return null if nothing is owed, or the loss was accepted
     */
    private @Nullable LiveRemains adopt(@Nullable Dirty dirty, LiveIdentity identity, AllocationBitmap bitmap)
            throws BlockException {
        if (dirty == null || !dirty.bootId().equals(folder.bootId())) {
            return null;
        }
        LiveRemains found = null;
        boolean adopted = false;
        try {
            found = LiveRemains.find(folder, identity.withNonce(dirty.nonce()));
            found.uniteWith(bitmap);
            adopted = true;
            return found;
        } catch (BlockException e) {
            if (e.kind() == FaultKind.ANSWERED_WRITES_LOST && options.acceptLostWrites()) {
                return null;
            }
            throw e;
        } finally {
            if (found != null && !adopted) {
                found.close();
            }
        }
    }

    /** @param others files of the image besides the sidecar, none of which may be the backing too */
    private @Nullable FileBacking openBacking(Sidecar sidecar, SidecarHome at, Map<String, FileIdentity> others)
            throws BlockException {
        StoredName name = backingName(sidecar);
        if (name == null) {
            return null;
        }
        var taken = new HashMap<>(others);
        taken.put(SIDECAR, statusOf(sidecar.file()).identity());
        FileBacking source = BackingFiles.open(roots, at.folderPath(), name, taken);
        boolean accepted = false;
        try {
            requireUnchanged(source, sidecar);
            accepted = true;
            return source;
        } finally {
            if (!accepted) {
                source.close();
            }
        }
    }

    private void requireUnchanged(FileBacking source, Sidecar sidecar) throws BlockException {
        boolean accept = options.acceptBackingChange();
        BackingPin pin = BackingFiles.pinnedBy(sidecar);
        if (pin.equals(BackingPin.UNKNOWN)) {
            BackingFiles.requireHeaderTime(source, sidecar.header().mtime(), accept);
        } else {
            BackingFiles.requirePinned(source, pin, accept);
        }
    }

    /** The backing's stored name with its format; null if there is none. */
    static @Nullable StoredName backingName(Sidecar sidecar) throws BlockException {
        String stored = sidecar.header().backingFile();
        if (stored.isEmpty()) {
            return null;
        }
        StoredName name = StoredName.parse(stored);
        String format = sidecar.extension().backingFormat();
        if (format != null && !format.equals(name.format())) {
            throw new BlockException(
                    FaultKind.SIDECAR_INVALID,
                    "cannot read sidecar: two formats for the backing: header=%s extension=%s path=%s"
                            .formatted(name.format(), format, sidecar.file().path()));
        }
        return name;
    }

    static void requireDistinct(String one, FileIdentity first, String other, FileIdentity second, String path)
            throws BlockException {
        if (first.equals(second)) {
            throw new BlockException(
                    FaultKind.INVALID_VALUE, "cannot use one file as %s and %s: path=%s".formatted(one, other, path));
        }
    }

    static FileStatus statusOf(OpenFile file) throws BlockException {
        try {
            return file.status();
        } catch (PosixException e) {
            throw BlockException.of(e, SIDECAR);
        }
    }

    static MemorySegment bitmapMemory(Geometry geometry, String path, Arena arena) throws BlockException {
        if (geometry.bitmapBytes() > MAX_BITMAP_BYTES) {
            throw new BlockException(
                            FaultKind.INVALID_VALUE,
                            "cannot hold the bitmap in memory: bytes=%d limit=%d path=%s"
                                    .formatted(geometry.bitmapBytes(), MAX_BITMAP_BYTES, path))
                    .withAction("use a larger sector size");
        }
        try {
            return Memory.anonymous(AllocationBitmap.memoryBytes(geometry.sectorCount()), arena);
        } catch (OutOfMemoryError e) {
            throw new BlockException(
                            FaultKind.INVALID_VALUE,
                            "cannot hold the bitmap in memory: bytes=%d path=%s"
                                    .formatted(geometry.bitmapBytes(), path),
                            e)
                    .withAction("use a larger sector size");
        }
    }

    private static void extend(OpenFile raw, long size) throws BlockException {
        try {
            raw.truncate(size);
        } catch (PosixException e) {
            throw BlockException.of(e, RAW_FILE);
        }
    }

    private Extension pinned(Extension extension, @Nullable FileBacking source, @Nullable LiveFile live)
            throws BlockException {
        Extension next = extension;
        if (source != null) {
            BackingPin now = source.pin();
            next = next.withPin(now.size(), now.mtimeNanos());
        }
        if (next.clean() != null && options.acceptBackingChange()) {
            next = next.withoutClean();
        }
        if (next.dirty() != null) {
            // Whose bits were adopted goes on writing at once, most likely.
            next = remains != null && live != null ? next.withDirty(live.mark()) : next.withoutDirty();
        }
        return options.newUuid() ? next.withUuid(UUID.randomUUID().toString()) : next;
    }
}
