package io.rawcow.image;

import io.rawcow.block.BlockException;
import io.rawcow.format.StoredName;
import io.rawcow.posix.Access;
import io.rawcow.posix.DataRoots;
import io.rawcow.posix.FileStatus;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.PosixException;
import org.jspecify.annotations.Nullable;

/** Opens what a sidecar names for reading, claiming nothing; what cannot be opened is told, not thrown. */
final class NamedFiles {

    private interface Opening {
        OpenFile open() throws BlockException;
    }

    private NamedFiles() {}

    /** @param folder that relative names resolve against */
    static NamedFile raw(DataRoots roots, String folder, String name) {
        return open(pathOf(roots, folder, name), name, () -> {
            try {
                return roots.locate(folder, name).open(Access.READ);
            } catch (PosixException e) {
                throw BlockException.of(e, "raw file");
            }
        });
    }

    /** @param folder that relative names resolve against */
    static NamedFile backing(DataRoots roots, String folder, StoredName name) {
        String path = name.isUri() ? name.name() : pathOf(roots, folder, name.name());
        return open(path, name.name(), () -> BackingFiles.openFile(roots, folder, name));
    }

    private static NamedFile open(String path, String name, Opening opening) {
        @Nullable OpenFile file = null;
        try {
            file = opening.open();
            FileStatus status = ImageOpener.statusOf(file);
            return new NamedFile(name, file.path(), file, status, null);
        } catch (BlockException e) {
            if (file != null) {
                file.close();
            }
            return new NamedFile(name, path, null, null, e);
        }
    }

    private static String pathOf(DataRoots roots, String folder, String name) {
        try {
            return roots.locate(folder, name).path();
        } catch (PosixException e) {
            // Whoever opens it is told why.
            return name;
        }
    }
}
