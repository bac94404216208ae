package io.rawcow.image;

import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import io.rawcow.block.QemuLocks;
import io.rawcow.block.RawFile;
import io.rawcow.block.Zeros;
import io.rawcow.format.Extension.Clean;
import io.rawcow.format.Sidecar;
import io.rawcow.format.SidecarState;
import io.rawcow.posix.Access;
import io.rawcow.posix.DataRoots;
import io.rawcow.posix.Errno;
import io.rawcow.posix.FileIdentity;
import io.rawcow.posix.FileStatus;
import io.rawcow.posix.Folder;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.Place;
import io.rawcow.posix.PosixException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The second half of creation, from a sidecar that says {@code creating} to one that says {@code cow}. It can be cut
 * off anywhere and repeated: nothing was ever written through such an image, so a raw file without data is a new one.
 */
final class CreationEnd {
    private static final String WHAT = "raw file";
    private static final int RAW_FILE_MODE = 0644;

    private CreationEnd() {}

    /**
     * Finishes what a crash interrupted, before the image is opened.
     *
     * @param backing which file it is, null if there is none
     */
    static void finish(DataRoots roots, SidecarHome home, Sidecar sidecar, @Nullable FileIdentity backing)
            throws BlockException {
        try {
            Place place = roots.locate(home.folderPath(), sidecar.header().rawFile());
            try (OpenFile raw = openOrCreate(place);
                    Folder parent = place.openParent()) {
                requireDistinct(raw, sidecar.file().status().identity(), backing);
                QemuLocks.claimRawFile(raw, false);
                requireReusable(raw);
                settle(raw, sidecar.header().size(), Preallocation.OFF);
                parent.sync();
                home.folder().sync();
                markCow(sidecar, raw);
            }
        } catch (PosixException e) {
            throw BlockException.of(e, WHAT);
        }
    }

    /** Before its size is touched: it must be neither of the image's other two files. */
    static void requireDistinct(OpenFile raw, FileIdentity sidecar, @Nullable FileIdentity backing)
            throws BlockException, PosixException {
        FileIdentity identity = raw.status().identity();
        ImageOpener.requireDistinct("sidecar", sidecar, WHAT, identity, raw.path());
        if (backing != null) {
            ImageOpener.requireDistinct("backing", backing, WHAT, identity, raw.path());
        }
    }

    private static OpenFile openOrCreate(Place place) throws PosixException {
        try {
            return place.open(Access.READ_WRITE);
        } catch (PosixException e) {
            if (e.errno() != Errno.ENOENT) {
                throw e;
            }
        }
        return create(place);
    }

    static OpenFile create(Place place) throws PosixException {
        try (Folder parent = place.openParent()) {
            return parent.create(place.name(), RAW_FILE_MODE);
        }
    }

    /** Sidecar and raw file agree and are on disk: the image is whole from here on. */
    static void markCow(Sidecar sidecar, OpenFile raw) throws BlockException {
        Clean clean = RawFiles.cleanMark(new RawFile(raw, sidecar.header().size(), false));
        sidecar.update(sidecar.extension().withState(SidecarState.COW).closedCleanly(clean));
    }

    /**
     * Refuses what may hold somebody's data.
     *
     * @throws BlockException RAW_FILE_NOT_EMPTY unless it is a block device or reads as zeros throughout
     */
    static void requireReusable(OpenFile raw) throws BlockException, PosixException {
        FileStatus status = raw.status();
        if (!status.isDevice() && !readsAsZeros(raw)) {
            throw new BlockException(
                            FaultKind.RAW_FILE_NOT_EMPTY, "cannot use raw file: it holds data: path=" + raw.path())
                    .withAction("choose another name, or remove it if nobody needs it");
        }
    }

    static boolean readsAsZeros(OpenFile raw) throws PosixException {
        return Zeros.only(raw, 0, raw.status().size());
    }

    /** Gives the raw file its size and, if asked, its space, and syncs it. */
    static void settle(OpenFile raw, long size, Preallocation preallocation) throws BlockException, PosixException {
        FileStatus status = raw.status();
        if (status.isDevice()) {
            if (status.size() != size) {
                throw new BlockException(
                        FaultKind.INVALID_VALUE,
                        "cannot use device as raw file: its size differs: bytes=%d size=%d path=%s"
                                .formatted(status.size(), size, raw.path()));
            }
            return;
        }
        raw.truncate(size);
        switch (preallocation) {
            case OFF -> {}
            case FALLOC -> raw.allocate(0, size);
            case FULL -> writeZeros(raw, size);
        }
        raw.sync();
    }

    private static void writeZeros(OpenFile raw, long size) throws PosixException {
        for (long at = 0; at < size; ) {
            MemorySegment zeros = Zeros.upTo(size - at);
            raw.write(at, zeros);
            at += zeros.byteSize();
        }
    }
}
