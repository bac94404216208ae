package io.rawcow.posix;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The folders that paths are confined to. Whatever names a file, a request or a sidecar's header, is resolved here and
 * opened through the {@link Place} that comes back.
 *
 * <p>Immutable and safe from many threads; the folders belong to the caller.
 */
public final class DataRoots {

    /**
     * One root.
     *
     * @param writable false for a root that only holds backings
     * @param reserved a name directly in the root that no path may lead into, empty for none
     * @param alias another absolute path of the folder, through links, that paths may begin with; the folder's own path
     *     for none
     */
    public record Root(Folder folder, boolean writable, String reserved, String alias) {

        /** A root without an alias. */
        public Root(Folder folder, boolean writable, String reserved) {
            this(folder, writable, reserved, folder.path());
        }

        String pathTo(String relative) {
            String path = folder.path();
            return path.equals("/") ? "/" + relative : path + "/" + relative;
        }

        /** Whether an absolute path without links is in this root, or is the root itself. */
        boolean contains(String canonical) {
            return canonical.equals(folder.path()) || canonical.startsWith(pathTo(""));
        }

        /** Whether an absolute path without links is the reserved folder, or in it. */
        boolean reserves(String canonical) {
            return !reserved.isEmpty()
                    && (canonical.equals(pathTo(reserved)) || canonical.startsWith(pathTo(reserved) + "/"));
        }
    }

    private final List<Root> roots;
    private final List<Root> longestFirst;

    /** @param roots the first one is the primary root: relative paths of requests resolve against it */
    public DataRoots(List<Root> roots) {
        if (roots.isEmpty()) {
            throw new IllegalArgumentException("there must be at least one root");
        }
        this.roots = List.copyOf(roots);
        this.longestFirst = this.roots.stream()
                .sorted(Comparator.comparingInt(
                                (Root root) -> root.folder().path().length())
                        .reversed())
                .toList();
    }

    public Root primary() {
        return roots.getFirst();
    }

    public List<Root> all() {
        return roots;
    }

    /** Resolves a path of a request: relative ones against the primary root. */
    public Place locate(String name) throws PosixException {
        return locate(primary().folder().path(), name);
    }

    /**
     * Resolves a name against a folder.
     *
     * @param base absolute path of a folder, without symbolic links
     * @throws PosixException EXDEV if the result lies in no root or in a reserved folder; ENOENT for an empty name
     */
    public Place locate(String base, String name) throws PosixException {
        if (name.isEmpty() || name.indexOf('\0') >= 0) {
            throw new PosixException("resolve path", name, name.isEmpty() ? Errno.ENOENT : Errno.EINVAL);
        }
        String path = withoutAlias(absolute(base, name));
        Root root = owner(path).orElseThrow(() -> new PosixException("resolve path", path, Errno.EXDEV));
        String inside = root.pathTo("");
        if (path.length() <= inside.length() || root.reserves(path)) {
            throw new PosixException("resolve path", path, Errno.EXDEV);
        }
        String relative = path.substring(inside.length());
        // Behind a root's own path, which has no links, ".." is exact too, and may well lead to another root.
        return relative.startsWith("../") || relative.startsWith("./")
                ? locate(root.folder().path(), relative)
                : new Place(root, relative, this);
    }

    /** The innermost root that an absolute path lies in, or is. */
    Optional<Root> owner(String path) {
        return longestFirst.stream().filter(root -> root.contains(path)).findFirst();
    }

    /**
     * The same path beginning with a root's own, if it begins with the alias of one that lies deeper than its owner.
     */
    private String withoutAlias(String path) {
        int owned = owner(path).map(root -> root.folder().path().length()).orElse(0);
        return roots.stream()
                .filter(root -> path.equals(root.alias()) || path.startsWith(root.alias() + "/"))
                .filter(root -> root.alias().length() > owned)
                .max(Comparator.comparingInt(root -> root.alias().length()))
                .map(root -> root.folder().path() + path.substring(root.alias().length()))
                .orElse(path);
    }

    /**
     * Joins a name to a folder. Leading {@code ..} are taken off textually, which is exact because the folder's path
     * has no links; one behind a name is left to the kernel, which alone knows where that name leads.
     */
    private static String absolute(String base, String name) {
        if (name.startsWith("/")) {
            return collapseSlashes(name);
        }
        String folder = base;
        String rest = collapseSlashes(name);
        while (true) {
            if (rest.startsWith("./")) {
                rest = rest.substring(2);
            } else if (rest.startsWith("../")) {
                rest = rest.substring(3);
                folder = folder.substring(0, Math.max(folder.lastIndexOf('/'), 0));
            } else {
                return (folder.equals("/") ? "" : folder) + "/" + rest;
            }
        }
    }

    private static String collapseSlashes(String path) {
        return path.replaceAll("/{2,}", "/");
    }
}
