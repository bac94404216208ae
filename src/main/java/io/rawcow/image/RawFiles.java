package io.rawcow.image;

import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import io.rawcow.block.QemuLocks;
import io.rawcow.block.RawFile;
import io.rawcow.format.AllocationBitmap;
import io.rawcow.format.Extension.Clean;
import io.rawcow.format.Geometry;
import io.rawcow.posix.Access;
import io.rawcow.posix.FileStatus;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.Place;
import io.rawcow.posix.PosixException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Opens and judges raw files. */
final class RawFiles {
    private static final String WHAT = "raw file";

    private RawFiles() {}

    static OpenFile open(Place place) throws BlockException {
        try {
            return place.open(Access.READ_WRITE);
        } catch (PosixException e) {
            throw BlockException.of(e, WHAT);
        }
    }

    /** Claims the file; closes it if that fails. */
    static OpenFile claim(OpenFile file, boolean standalone) throws BlockException {
        boolean claimed = false;
        try {
            QemuLocks.claimRawFile(file, standalone);
            claimed = true;
            return file;
        } finally {
            if (!claimed) {
                file.close();
            }
        }
    }

    static FileStatus status(OpenFile file) throws BlockException {
        try {
            return file.status();
        } catch (PosixException e) {
            throw BlockException.of(e, WHAT);
        }
    }

    /**
     * Holds the raw file to its image's size.
     *
     * @return true if it is a file that is shorter, and may be extended: no set bit lies beyond its end
     * @throws BlockException RAW_FILE_CHANGED if it is longer, or shorter than what is in it
     */
    static boolean requireSize(FileStatus status, Geometry geometry, AllocationBitmap bitmap, String path)
            throws BlockException {
        if (status.size() == geometry.size()) {
            return false;
        }
        if (status.isDevice() || status.size() > geometry.size()) {
            throw new BlockException(
                            FaultKind.RAW_FILE_CHANGED,
                            "cannot use raw file: it must have exactly the image's size: bytes=%d size=%d path=%s"
                                    .formatted(status.size(), geometry.size(), path))
                    .withAction(status.isDevice() ? "use a device of that size" : "find out what made it longer");
        }
        if (bitmap.nextAllocated(Math.min(geometry.sectorAt(status.size()), geometry.sectorCount() - 1))
                < geometry.sectorCount()) {
            throw new BlockException(
                            FaultKind.RAW_FILE_CHANGED,
                            "cannot use raw file: it was cut off and data is lost: bytes=%d size=%d path=%s"
                                    .formatted(status.size(), geometry.size(), path))
                    .withAction("bring the whole file back from a backup");
        }
        return true;
    }

    /** @throws BlockException RAW_FILE_CHANGED if the file is not as the last clean close left it */
    static void requireUntouched(FileStatus status, @Nullable Clean clean, boolean accept, String path)
            throws BlockException {
        if (clean == null || accept) {
            return;
        }
        boolean same = clean.rawSize() == status.size()
                && (status.isDevice() || Objects.equals(clean.rawMtimeNanos(), status.mtimeNanos()));
        if (!same) {
            throw new BlockException(
                            FaultKind.RAW_FILE_CHANGED,
                            ("cannot use raw file: it was changed while the image was closed: "
                                            + "then size=%d mtime=%s ns, now size=%d mtime=%d ns: path=%s")
                                    .formatted(
                                            clean.rawSize(),
                                            clean.rawMtimeNanos(),
                                            status.size(),
                                            status.mtimeNanos(),
                                            path))
                    .withAction("bring the old file back; or, if the change was meant, accept it "
                            + "(acceptBackingChange, on the command line --accept-backing-change)");
        }
    }

    /** @param complete true if every bit is set: then its space says nothing about how the file was made */
    static RawFile device(OpenFile file, long size, FileStatus status, boolean complete) {
        // A sparse file with clear sectors has holes: one without was preallocated, and is to stay so.
        boolean preallocated = !complete && status.allocatedBytes() >= size;
        return new RawFile(file, size, status.isDevice() || preallocated);
    }

    /** The raw file as it is now, all of it on disk, its time of modification too. */
    static Clean cleanMark(RawFile raw) throws BlockException {
        try {
            raw.file().sync();
            FileStatus status = raw.file().status();
            return new Clean(status.size(), status.isDevice() ? null : status.mtimeNanos());
        } catch (PosixException e) {
            throw BlockException.of(e, "raw file");
        }
    }
}
