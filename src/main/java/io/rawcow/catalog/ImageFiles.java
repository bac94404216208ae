package io.rawcow.catalog;

import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import io.rawcow.block.QemuLocks;
import io.rawcow.format.Sidecar;
import io.rawcow.format.SidecarHeader;
import io.rawcow.format.SidecarState;
import io.rawcow.format.StoredName;
import io.rawcow.image.CheckReport;
import io.rawcow.image.ImageCheck;
import io.rawcow.image.ImageCreator;
import io.rawcow.image.ImageInspector.Format;
import io.rawcow.image.ImageOpener;
import io.rawcow.image.ImageSpec;
import io.rawcow.image.LiveFolder;
import io.rawcow.image.LiveImage;
import io.rawcow.image.OpenOptions;
import io.rawcow.image.Preallocation;
import io.rawcow.posix.Access;
import io.rawcow.posix.DataRoots;
import io.rawcow.posix.Errno;
import io.rawcow.posix.Folder;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.Place;
import io.rawcow.posix.PosixException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the catalog does with an image's files. Paths are absolute and inside the roots, or refused there. */
final class ImageFiles {
    private final ImagePaths paths;
    private final DataRoots roots;
    private final LiveFolder live;

    ImageFiles(ImagePaths paths, LiveFolder live) {
        this.paths = paths;
        this.roots = paths.roots();
        this.live = live;
    }

    DataRoots roots() {
        return roots;
    }

    /** The path of the data root that a raw file is in, by its name alone. */
    String rootOf(String rawFile) {
        return paths.locate("rawFile", rawFile).root().folder().path();
    }

    /** Makes the files of a request that states everything a new image needs. */
    void create(ImageRequest request) throws BlockException {
        SidecarHeader _ = ImageCreator.create(roots, spec(request));
    }

    private ImageSpec spec(ImageRequest request) {
        Place sidecar = paths.locate("sidecar", require("sidecar", request.sidecar()));
        Place raw = paths.locate("rawFile", require("rawFile", request.rawFile()));
        String backing = request.backingFile();
        return new ImageSpec(
                sidecar,
                backing == null ? null : paths.storedName(sidecar, paths.locate("backingFile", backing)),
                request.backingFormat(),
                paths.storedName(sidecar, raw),
                request.size(),
                request.sectorSize() == null ? SidecarHeader.DEFAULT_SECTOR_SIZE : request.sectorSize(),
                Preallocation.OFF,
                Boolean.TRUE.equals(request.reuseRawFile()),
                true);
    }

    /** Whether a creation was begun and did not come to a sidecar: repeated, it may be refused as at first. */
    boolean isUnmade(ImageRecord record) {
        return record.state() == ImageState.CREATING
                && record.sidecar() != null
                && !paths.exists(paths.locate("sidecar", record.sidecar()));
    }

    static <T> T require(String field, @Nullable T value) {
        if (value == null) {
            throw ProblemException.ofField(
                    ProblemCode.MISSING_FIELD,
                    field + " is needed here",
                    field,
                    null,
                    "state the field and repeat the request");
        }
        return value;
    }

    /** A request for a name and files that are not there must state what an image is made of. */
    static void requireCreatable(ImageRequest wanted) {
        if (wanted.rawFile() == null && wanted.backingFile() == null && wanted.size() == null) {
            throw ProblemException.ofField(
                    ProblemCode.FILE_NOT_FOUND,
                    "there is no such sidecar: path=" + wanted.sidecar(),
                    "sidecar",
                    wanted.sidecar(),
                    "correct the path; to create an image state rawFile, and backingFile or size");
        }
        String _ = require("rawFile", wanted.rawFile());
        if (wanted.backingFile() == null) {
            Long _ = require("size", wanted.size());
        }
    }

    /** Checks an open image: what its sidecar says and names, or the raw file alone once it is standalone. */
    CheckReport check(ImageRecord record, LiveImage image) {
        String sidecar = record.sidecar();
        long sectors = image.geometry().sectorCount();
        if (sidecar == null || image.isStandalone()) {
            return new CheckReport("raw", 0, 0, 0, sectors, sectors, List.of());
        }
        try {
            return ImageCheck.check(roots, paths.locate("sidecar", sidecar), live, Format.RAW_COW);
        } catch (BlockException e) {
            throw ProblemException.of(e);
        }
    }

    LiveImage open(String sidecar, ImageRequest request) throws BlockException {
        var options = new OpenOptions(
                Boolean.TRUE.equals(request.acceptBackingChange()),
                Boolean.TRUE.equals(request.acceptLostWrites()),
                Boolean.TRUE.equals(request.newUuid()));
        return ImageOpener.open(roots, paths.locate("sidecar", sidecar), live, options);
    }

    LiveImage openStandalone(String rawFile) throws BlockException {
        return ImageOpener.openStandalone(paths.locate("rawFile", rawFile));
    }

    /** What a sidecar says of itself and of the other files, without opening those or claiming anything. */
    ImageRequest facts(String sidecarPath) throws BlockException {
        Place place = paths.locate("sidecar", sidecarPath);
        try (OpenFile file = place.open(Access.READ)) {
            Sidecar sidecar = Sidecar.open(file, "");
            SidecarHeader header = sidecar.header();
            String folder = file.path().substring(0, Math.max(1, file.path().lastIndexOf('/')));
            StoredName backing = StoredName.parse(header.backingFile());
            boolean backed = !header.backingFile().isEmpty();
            return new ImageRequest(
                    place.path(),
                    backed ? backingPath(folder, backing) : null,
                    backed ? backing.format() : null,
                    roots.locate(folder, header.rawFile()).path(),
                    header.size(),
                    header.sectorSize(),
                    null,
                    null,
                    null,
                    null);
        } catch (PosixException e) {
            throw BlockException.of(e, "sidecar");
        }
    }

    String uuidOf(String sidecarPath) throws BlockException {
        try (OpenFile file = paths.locate("sidecar", sidecarPath).open(Access.READ)) {
            return Sidecar.open(file, "").extension().uuid();
        } catch (PosixException e) {
            throw BlockException.of(e, "sidecar");
        }
    }

    private String backingPath(String folder, StoredName backing) throws PosixException {
        return backing.isUri()
                ? backing.name()
                : roots.locate(folder, backing.name()).path();
    }

    /** Removes a sidecar that says {@code standalone} and belongs to this image: a crash came before its removal. */
    void removeLeftoverSidecar(String sidecarPath, String uuid) throws BlockException {
        Place place = paths.locate("sidecar", sidecarPath);
        try (OpenFile file = place.open(Access.READ_WRITE)) {
            QemuLocks.claimSidecar(file);
            Sidecar sidecar = Sidecar.open(file, "");
            boolean ours = sidecar.extension().state() == SidecarState.STANDALONE
                    && sidecar.extension().uuid().equals(uuid);
            if (ours && !file.status().isDevice()) {
                unlink(file);
            }
        } catch (PosixException e) {
            requireGone(sidecarPath, "sidecar", e);
        }
    }

    private void unlink(OpenFile file) throws PosixException {
        String name = file.path().substring(file.path().lastIndexOf('/') + 1);
        try (Folder parent = roots.locate("/", file.path()).openParent()) {
            var now = parent.status(name);
            if (now.isPresent() && now.get().identity().equals(file.status().identity())) {
                parent.unlink(name);
            }
            parent.sync();
        }
    }

    /** Before anything is recorded: a raw file that exists may be somebody's finished disk. */
    void requireNoForeignRawFile(ImageRequest wanted) throws BlockException {
        Place raw = paths.locate("rawFile", require("rawFile", wanted.rawFile()));
        if (!Boolean.TRUE.equals(wanted.reuseRawFile())
                && paths.exists(raw)
                && !ImageCreator.isBegun(paths.locate("sidecar", require("sidecar", wanted.sidecar())))) {
            throw ImageCreator.rawFileExists(raw);
        }
    }

    /**
     * Removes the files of an image that is closed, durably. What is gone already, and a device, are passed over; it
     * can be cut off anywhere and repeated.
     *
     * @throws BlockException IMAGE_LOCKED if somebody has one open
     */
    void delete(ImageRecord record) throws BlockException {
        if (isUnmade(record)) {
            // Its raw file may be somebody else's, for which it was not made.
            ImageCreator.discard(roots, spec(record.request()));
            return;
        }
        boolean creating = record.state() == ImageState.CREATING;
        if (creating) {
            // While the sidecar is there the raw file is known to be this image's.
            delete(record.request().rawFile(), true);
        }
        if (record.state() != ImageState.STANDALONE || record.sidecarKept()) {
            delete(record.sidecar(), false);
        } else if (record.sidecar() != null && record.uuid() != null) {
            removeLeftoverSidecar(record.sidecar(), record.uuid());
        }
        if (!creating) {
            delete(record.request().rawFile(), true);
        }
    }

    private void delete(@Nullable String path, boolean rawFile) throws BlockException {
        if (path == null) {
            return;
        }
        String what = rawFile ? "raw file" : "sidecar";
        try (OpenFile file = paths.locate("sidecar", path).open(Access.READ_WRITE)) {
            if (rawFile) {
                QemuLocks.claimRawFile(file, false);
            } else {
                QemuLocks.claimSidecar(file);
            }
            if (!file.status().isDevice()) {
                unlink(file);
            }
        } catch (PosixException e) {
            requireGone(path, what, e);
        }
    }

    /** A file that is not there is gone for good: a service that was killed may have removed it without a sync. */
    private void requireGone(String path, String what, PosixException cause) throws BlockException {
        if (cause.errno() != Errno.ENOENT) {
            throw BlockException.of(cause, what);
        }
        try (Folder parent = paths.locate("sidecar", path).openParent()) {
            parent.sync();
        } catch (PosixException e) {
            if (e.errno() != Errno.ENOENT) {
                throw BlockException.of(e, what);
            }
        }
    }

    /** Bytes that may still be written where a raw file is. */
    long availableBytes(String rawFile) throws BlockException {
        try (Folder parent = paths.locate("rawFile", rawFile).openParent()) {
            return parent.availableBytes();
        } catch (PosixException e) {
            throw new BlockException(FaultKind.IO_ERROR, "cannot tell the free space: path=" + rawFile, e);
        }
    }
}
