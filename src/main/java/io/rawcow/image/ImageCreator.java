package io.rawcow.image;

import io.rawcow.backing.BackingPin;
import io.rawcow.backing.FileBacking;
import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import io.rawcow.block.QemuLocks;
import io.rawcow.block.Zeros;
import io.rawcow.format.Extension;
import io.rawcow.format.Sidecar;
import io.rawcow.format.SidecarHeader;
import io.rawcow.format.SidecarState;
import io.rawcow.format.StoredName;
import io.rawcow.posix.Access;
import io.rawcow.posix.DataRoots;
import io.rawcow.posix.Errno;
import io.rawcow.posix.FileIdentity;
import io.rawcow.posix.FileStatus;
import io.rawcow.posix.Folder;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.Place;
import io.rawcow.posix.PosixException;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Creates sidecar and raw file, in time and space that do not depend on the image's size.
 *
 * <p>It can be killed anywhere and repeated: sidecar complete under a temporary name, state {@code creating}, synced →
 * raw file made (O_EXCL), sized, synced → sidecar renamed without replacing → state {@code cow}. So a raw file without
 * a sidecar, temporary or not, is never a half-made one, and is never touched.
 */
public final class ImageCreator {
    private static final int SIDECAR_MODE = 0644;
    private static final String SIDECAR = "sidecar";
    private static final long LEFTOVER_BYTES = 64 << 10;

    private final DataRoots roots;
    private final ImageSpec spec;
    private final Folder folder;
    private final Place rawPlace;

    private ImageCreator(DataRoots roots, ImageSpec spec, Folder folder, Place rawPlace) {
        this.roots = roots;
        this.spec = spec;
        this.folder = folder;
        this.rawPlace = rawPlace;
    }

    /**
     * Creates the image and closes it.
     *
     * @return the header that was written
     * @throws BlockException SIDECAR_EXISTS, RAW_FILE_EXISTS, RAW_FILE_NOT_EMPTY, BACKING_FORMAT_UNCLEAR,
     *     BACKING_FORMAT_UNSUPPORTED, INVALID_VALUE, IMAGE_LOCKED, or of I/O; then nothing is left behind
     */
    public static SidecarHeader create(DataRoots roots, ImageSpec spec) throws BlockException {
        try (Folder folder = openParent(spec.sidecar())) {
            Place raw = roots.locate(folder.path(), spec.rawName());
            requireTwoNames(folder, spec.sidecar(), raw);
            return new ImageCreator(roots, spec, folder, raw).create();
        } catch (PosixException e) {
            throw BlockException.of(e, "raw file");
        }
    }

    /**
     * Removes what a creation left that never came to a sidecar. A raw file goes only if that creation made it.
     *
     * @throws BlockException IMAGE_LOCKED if it is still at work
     */
    public static void discard(DataRoots roots, ImageSpec spec) throws BlockException {
        try (Folder folder = openParent(spec.sidecar())) {
            Place raw = roots.locate(folder.path(), spec.rawName());
            new ImageCreator(roots, spec, folder, raw).removeLeftover(spec.rawName());
            folder.sync();
        } catch (PosixException e) {
            throw BlockException.of(e, SIDECAR);
        }
    }

    private static void requireTwoNames(Folder folder, Place sidecar, Place raw) throws BlockException, PosixException {
        try (Folder rawFolder = raw.openParent()) {
            if (rawFolder.path().equals(folder.path()) && raw.name().equals(sidecar.name())) {
                throw new BlockException(
                        FaultKind.INVALID_VALUE, "cannot use one file as sidecar and raw file: path=" + sidecar.path());
            }
        }
    }

    private static Folder openParent(Place place) throws BlockException {
        try {
            return place.openParent();
        } catch (PosixException e) {
            throw BlockException.of(e, SIDECAR);
        }
    }

    private SidecarHeader create() throws BlockException {
        requireNoSidecar();
        StoredName backingName = backingName();
        if (backingName == null || !spec.checkBacking()) {
            return write(backingName, null, 0, null);
        }
        try (FileBacking backing = BackingFiles.open(roots, folder.path(), backingName, Map.of())) {
            BackingPin pin = backing.pin();
            Long nanos = pin.mtimeNanos();
            int headerTime = nanos == null ? 0 : (int) Math.floorDiv(nanos, 1_000_000_000L);
            return write(backingName, pin, headerTime, backing.identity());
        }
    }

    private void requireNoSidecar() throws BlockException {
        try {
            if (folder.status(spec.sidecar().name()).isPresent()) {
                throw sidecarExists();
            }
        } catch (PosixException e) {
            throw BlockException.of(e, SIDECAR);
        }
    }

    private BlockException sidecarExists() {
        return new BlockException(
                        FaultKind.SIDECAR_EXISTS,
                        "cannot create sidecar: its name is taken: path=%s/%s"
                                .formatted(folder.path(), spec.sidecar().name()))
                .withAction("open it, or choose another name");
    }

    /** The backing's name with its format, which is never guessed; null if there is no backing. */
    private @Nullable StoredName backingName() throws BlockException {
        String name = spec.backingName();
        if (name == null) {
            return null;
        }
        String format = spec.backingFormat();
        if (format != null && !format.equals(StoredName.RAW)) {
            throw BackingFiles.unsupported(format, name);
        }
        StoredName stored = StoredName.parse(StoredName.ofPath(StoredName.RAW, name));
        if (format == null && spec.checkBacking()) {
            try (OpenFile file = BackingFiles.openFile(roots, folder.path(), stored)) {
                BackingFiles.requireNoOtherFormat(file);
            }
        }
        return stored;
    }

    private SidecarHeader write(
            @Nullable StoredName backing, @Nullable BackingPin pin, int headerTime, @Nullable FileIdentity backingFile)
            throws BlockException {
        SidecarHeader header = header(backing, pin, headerTime);
        ImageOpener.bitmapMemory(header.geometry(), spec.sidecar().path(), Arena.ofAuto());
        var extension = new Extension(
                UUID.randomUUID().toString(),
                SidecarState.CREATING,
                backing == null ? null : backing.format(),
                pin == null ? null : pin.size(),
                pin == null ? null : pin.mtimeNanos(),
                null,
                null,
                null,
                List.of());
        try {
            removeLeftover(header.rawFile());
            requireNoRawFile();
            writeFiles(header, extension, backingFile);
        } catch (PosixException e) {
            throw BlockException.of(e, SIDECAR);
        }
        return header;
    }

    private SidecarHeader header(@Nullable StoredName backing, @Nullable BackingPin pin, int headerTime)
            throws BlockException {
        Long size = spec.size() != null ? spec.size() : pin == null ? null : pin.size();
        if (size == null) {
            throw new BlockException(FaultKind.INVALID_VALUE, "cannot create image: no size was given")
                    .withAction("give a size, or a backing whose size is to be taken");
        }
        try {
            String stored = backing == null ? "" : StoredName.ofPath(backing.format(), backing.name());
            return new SidecarHeader(stored, spec.rawName(), headerTime, size, spec.sectorSize());
        } catch (IllegalArgumentException e) {
            throw new BlockException(FaultKind.INVALID_VALUE, "cannot create image: " + e.getMessage(), e);
        }
    }

    private String temporaryName() {
        return temporaryName(spec.sidecar().name());
    }

    /** What a sidecar is called while its image is being created. */
    static String temporaryName(String name) {
        return "." + name + ".creating";
    }

    /**
     * Removes what a creation left that was killed: the raw file first, because one without a sidecar is never touched.
     *
     * @throws BlockException IMAGE_LOCKED if it is still at work
     */
    private void removeLeftover(String rawName) throws BlockException, PosixException {
        if (folder.status(temporaryName()).isEmpty()) {
            return;
        }
        try (OpenFile old = folder.open(temporaryName(), Access.READ_WRITE_NO_FOLLOW)) {
            QemuLocks.claimSidecar(old);
            requireHalfMade(old);
            SidecarHeader left = headerOf(old);
            if (left != null && left.rawFile().equals(rawName) && !spec.reuseRawFile()) {
                removeHalfMadeRawFile(left.size());
            }
            folder.unlink(temporaryName());
            folder.sync();
        }
    }

    private void removeHalfMadeRawFile(long fullSize) throws BlockException, PosixException {
        try (Folder parent = rawPlace.openParent()) {
            try (OpenFile raw = rawPlace.open(Access.READ_WRITE_NO_FOLLOW)) {
                QemuLocks.claimRawFile(raw, false);
                if (isHalfMade(raw, fullSize)) {
                    parent.unlink(rawPlace.name());
                }
            } catch (PosixException e) {
                if (e.errno() != Errno.ENOENT) {
                    throw BlockException.of(e, "raw file");
                }
            }
            // Gone for good, also if a call that was killed removed it, before its sidecar goes.
            parent.sync();
        }
    }

    /** Whether it is without data and of no other size than a creation gives it. */
    private static boolean isHalfMade(OpenFile raw, long fullSize) throws PosixException {
        FileStatus status = raw.status();
        boolean fits = !status.isDevice() && (status.size() == 0 || status.size() == fullSize);
        return fits && CreationEnd.readsAsZeros(raw);
    }

    /** Nothing was ever written through what a creation leaves. Whatever else has its name is somebody's, and stays. */
    private void requireHalfMade(OpenFile found) throws BlockException, PosixException {
        boolean halfMade;
        try {
            SidecarHeader header = Sidecar.open(found, "").header();
            halfMade = Zeros.only(
                    found,
                    SidecarHeader.BYTES,
                    SidecarHeader.BYTES + header.geometry().bitmapBytes());
        } catch (BlockException e) {
            // One that was cut off before it was complete holds a header and a slot at the most.
            halfMade = found.status().allocatedBytes() <= LEFTOVER_BYTES;
        }
        if (!halfMade) {
            throw new BlockException(
                            FaultKind.SIDECAR_EXISTS,
                            "cannot create sidecar: its temporary name is taken: path=%s/%s"
                                    .formatted(folder.path(), temporaryName()))
                    .withAction("rename that file, or choose another name");
        }
    }

    /** Null if it was never complete: the raw file is made only after it is, so that one is somebody else's. */
    private static @Nullable SidecarHeader headerOf(OpenFile sidecar) {
        try {
            return Sidecar.open(sidecar, "").header();
        } catch (BlockException e) {
            return null;
        }
    }

    /** Before a sidecar names it: a raw file that is somebody else's must never look half made. */
    private void requireNoRawFile() throws BlockException, PosixException {
        try (Folder parent = rawPlace.openParent()) {
            if (!spec.reuseRawFile() && parent.status(rawPlace.name()).isPresent()) {
                throw rawFileExists(rawPlace);
            }
        }
    }

    /** Whether a name is one that a creation may use, and remove. */
    public static boolean isTemporary(String name) {
        return name.startsWith(".") && name.endsWith(".creating");
    }

    /** Whether a creation of this sidecar was begun and not ended: then its raw file may be there. */
    public static boolean isBegun(Place sidecar) throws BlockException {
        try (Folder folder = openParent(sidecar)) {
            return folder.status(temporaryName(sidecar.name())).isPresent();
        } catch (PosixException e) {
            throw BlockException.of(e, SIDECAR);
        }
    }

    /** What a creation is refused with where the raw file's name is taken. */
    public static BlockException rawFileExists(Place raw) {
        return new BlockException(
                        FaultKind.RAW_FILE_EXISTS,
                        "cannot create raw file: it exists, and may be a finished disk: path=" + raw.path())
                .withAction("choose another name; or say that it may be reused, if it holds no data");
    }

    private void writeFiles(SidecarHeader header, Extension extension, @Nullable FileIdentity backingFile)
            throws BlockException, PosixException {
        boolean done = false;
        boolean rawCreated = false;
        try (OpenFile file = folder.create(temporaryName(), SIDECAR_MODE)) {
            QemuLocks.claimSidecar(file);
            try {
                Sidecar sidecar = Sidecar.create(file, header, extension);
                file.sync();
                folder.sync();
                try (OpenFile raw = spec.reuseRawFile() ? openReused() : create(rawPlace)) {
                    rawCreated = !spec.reuseRawFile();
                    finish(sidecar, raw, backingFile);
                }
                done = true;
            } finally {
                if (!done) {
                    undo(rawCreated);
                }
            }
        }
    }

    private static OpenFile create(Place raw) throws BlockException {
        try {
            return CreationEnd.create(raw);
        } catch (PosixException e) {
            if (e.errno() == Errno.EEXIST) {
                throw rawFileExists(raw);
            }
            throw BlockException.of(e, "raw file");
        }
    }

    private OpenFile openReused() throws BlockException, PosixException {
        OpenFile raw = RawFiles.open(rawPlace);
        boolean usable = false;
        try {
            CreationEnd.requireReusable(raw);
            usable = true;
            return raw;
        } finally {
            if (!usable) {
                raw.close();
            }
        }
    }

    private void finish(Sidecar sidecar, OpenFile raw, @Nullable FileIdentity backingFile)
            throws BlockException, PosixException {
        CreationEnd.requireDistinct(raw, sidecar.file().status().identity(), backingFile);
        QemuLocks.claimRawFile(raw, false);
        CreationEnd.settle(raw, sidecar.header().size(), spec.preallocation());
        try (Folder parent = rawPlace.openParent()) {
            parent.sync();
        }
        try {
            folder.renameNoReplace(temporaryName(), spec.sidecar().name());
        } catch (PosixException e) {
            throw e.errno() == Errno.EEXIST ? sidecarExists() : BlockException.of(e, SIDECAR);
        }
        folder.sync();
        CreationEnd.markCow(sidecar, raw);
    }

    /** Takes back what this call made, as far as that goes; a later call clears away what stays. */
    private void undo(boolean rawCreated) {
        try (Folder parent = rawPlace.openParent()) {
            if (rawCreated && folder.status(temporaryName()).isPresent()) {
                parent.unlink(rawPlace.name());
                // Else a loss of power could leave it without the sidecar that says it is half made.
                parent.sync();
            }
            folder.unlink(temporaryName());
        } catch (PosixException e) {
            // The trouble that led here is the one to tell; a leftover under the temporary name harms nobody.
            return;
        }
    }
}
