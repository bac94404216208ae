package io.rawcow.posix;

import java.util.List;

/**
 * Where a path leads: a root, and the way from it. Opening goes through the root's descriptor, so the place cannot be
 * moved out of the root between the check and the use.
 *
 * @param roots all roots there are: a way that leads into another one, nested in this one, is refused
 */
public record Place(DataRoots.Root root, String relative, DataRoots roots) {

    /** A place in a root that is the only one. */
    public Place(DataRoots.Root root, String relative) {
        this(root, relative, new DataRoots(List.of(root)));
    }

    /** The absolute path, for messages; its links are not resolved. */
    public String path() {
        return root.pathTo(relative);
    }

    /** The last component. */
    public String name() {
        return relative.substring(relative.lastIndexOf('/') + 1);
    }

    /**
     * Opens the file.
     *
     * @throws PosixException EXDEV if it lies outside the root or in its reserved folder; EROFS if it is to be written
     *     and the root is read-only
     */
    public OpenFile open(Access access) throws PosixException {
        if (access != Access.READ && !root.writable()) {
            throw new PosixException("open for writing", path(), Errno.EROFS);
        }
        OpenFile file = root.folder().open(relative, access);
        if (leadsElsewhere(file.path())) {
            file.close();
            throw new PosixException("open", path(), Errno.EXDEV);
        }
        return file;
    }

    /**
     * Opens the folder that the file is in, or would be.
     *
     * @throws PosixException EXDEV as for {@link #open}; EISDIR if the path ends in no name that a file could have
     */
    public Folder openParent() throws PosixException {
        if (name().isEmpty() || name().equals(".") || name().equals("..")) {
            throw new PosixException("open", path(), Errno.EISDIR);
        }
        int slash = relative.lastIndexOf('/');
        Folder parent = root.folder().folder(slash < 0 ? "." : relative.substring(0, slash));
        String canonical = parent.path().equals("/") ? "/" + name() : parent.path() + "/" + name();
        if (leadsElsewhere(parent.path()) || leadsElsewhere(canonical)) {
            parent.close();
            throw new PosixException("open", path(), Errno.EXDEV);
        }
        return parent;
    }

    /**
     * Whether links or {@code ..}, which the kernel alone can follow, have led into the reserved folder or into a root
     * nested in this one, whose own rules must then hold.
     */
    private boolean leadsElsewhere(String canonical) {
        return root.reserves(canonical) || !roots.owner(canonical).orElse(root).equals(root);
    }
}
