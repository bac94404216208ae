package io.rawcow.cli;

import io.rawcow.block.BlockException;
import io.rawcow.posix.DataRoots;
import io.rawcow.posix.Folder;
import io.rawcow.posix.Place;
import io.rawcow.posix.PosixException;
import io.rawcow.posix.PosixFolder;
import java.util.List;

/** The files as the caller sees them: all there are, and relative names from the folder the command was called in. */
final class Workspace implements AutoCloseable {
    private final Folder top;
    private final DataRoots roots;
    private final String current;

    private Workspace(Folder top, DataRoots roots, String current) {
        this.top = top;
        this.roots = roots;
        this.current = current;
    }

    static Workspace open() throws PosixException {
        // The kernel's own name for it has no links, and any letters.
        String current;
        try (Folder here = PosixFolder.open("/proc/self/cwd")) {
            current = here.path();
        }
        Folder top = PosixFolder.open("/");
        return new Workspace(top, new DataRoots(List.of(new DataRoots.Root(top, true, ""))), current);
    }

    DataRoots roots() {
        return roots;
    }

    /** Where a name on the command line leads. */
    Place locate(String name) throws BlockException {
        try {
            return roots.locate(current, name);
        } catch (PosixException e) {
            throw BlockException.of(e, "image");
        }
    }

    @Override
    public void close() {
        top.close();
    }
}
