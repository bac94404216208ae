package io.rawcow.image;

import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import io.rawcow.posix.DataRoots;
import io.rawcow.posix.FileIdentity;
import io.rawcow.posix.FileStatus;
import io.rawcow.posix.Folder;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.PosixException;
import java.util.Optional;

/**
 * Where an open sidecar really is, after symbolic links: names in its header resolve against that folder, and from
 * there it is removed at detach. Owns the folder's descriptor.
 */
final class SidecarHome implements AutoCloseable {
    private final Folder folder;
    private final String name;
    private final FileIdentity identity;
    private final boolean device;

    private SidecarHome(Folder folder, String name, FileStatus status) {
        this.folder = folder;
        this.name = name;
        this.identity = status.identity();
        this.device = status.isDevice();
    }

    /**
     * Finds the home of a sidecar that is open and locked.
     *
     * @throws BlockException IO_ERROR if its path names another file by now: it was replaced while it was being opened
     */
    static SidecarHome of(DataRoots roots, OpenFile file) throws BlockException {
        try {
            String path = file.path();
            FileStatus status = file.status();
            Folder folder = roots.locate("/", path).openParent();
            var home = new SidecarHome(folder, path.substring(path.lastIndexOf('/') + 1), status);
            try {
                home.requireStillThere();
            } catch (BlockException e) {
                home.close();
                throw e;
            }
            return home;
        } catch (PosixException e) {
            throw BlockException.of(e, "sidecar");
        }
    }

    String folderPath() {
        return folder.path();
    }

    Folder folder() {
        return folder;
    }

    boolean isDevice() {
        return device;
    }

    private void requireStillThere() throws BlockException {
        if (!isStillThere()) {
            throw new BlockException(
                            FaultKind.IO_ERROR,
                            "cannot use sidecar: its name leads to another file now: path=%s/%s"
                                    .formatted(folder.path(), name))
                    .withAction("try again");
        }
    }

    private boolean isStillThere() throws BlockException {
        try {
            Optional<FileStatus> now = folder.status(name);
            return now.isPresent() && now.get().identity().equals(identity);
        } catch (PosixException e) {
            throw BlockException.of(e, "sidecar");
        }
    }

    /** Removes the sidecar for good, unless its name leads to another file by now. */
    void remove() throws BlockException {
        try {
            if (isStillThere()) {
                folder.unlink(name);
            }
            folder.sync();
        } catch (PosixException e) {
            throw BlockException.of(e, "sidecar");
        }
    }

    @Override
    public void close() {
        folder.close();
    }
}
