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

    private Workspace(Folder top, DataRoots roots) {
        this.top = top;
        this.roots = roots;
    }

    static Workspace open() throws PosixException {
        Folder top = PosixFolder.open("/");
        return new Workspace(top, new DataRoots(List.of(new DataRoots.Root(top, true, ""))));
    }

    DataRoots roots() {
        return roots;
    }

    /** Where a name on the command line leads. */
    Place locate(String name) throws BlockException {
        try {
            return roots.locate(name.startsWith("/") ? "/" : currentFolder(), name);
        } catch (PosixException e) {
            throw BlockException.of(e, "image");
        }
    }

    /** A name on the command line as a path from the top. */
    static String absolute(String name) throws BlockException {
        try {
            return name.startsWith("/") ? name : currentFolder() + "/" + name;
        } catch (PosixException e) {
            throw BlockException.of(e, "folder");
        }
    }

    /** In the kernel's own words, which have no links, and any letters. */
    private static String currentFolder() throws PosixException {
        try (Folder here = PosixFolder.open("/proc/self/cwd")) {
            return here.path();
        }
    }

    @Override
    public void close() {
        top.close();
    }
}
