package io.rawcow.image;

import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import io.rawcow.posix.Access;
import io.rawcow.posix.Errno;
import io.rawcow.posix.FileIdentity;
import io.rawcow.posix.FileStatus;
import io.rawcow.posix.FileType;
import io.rawcow.posix.Folder;
import io.rawcow.posix.LockMode;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.PosixException;
import io.rawcow.posix.PosixFolder;
import io.rawcow.posix.User;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Where live files are: a folder of this user's alone, in memory that is gone with the machine's power and not before,
 * and how much of that memory may be taken. One for all images of a process. Safe from many threads.
 */
public final class LiveFolder {
    /** Bytes of live files that all images of a service may take: the bits of 32 TiB in sectors of 4 KiB. */
    public static final long DEFAULT_BUDGET = 1L << 30;

    private static final int MODE = 0700;
    private static final int OTHERS = 0077;

    /** Opens the folder that the folder is in. */
    interface Parent {
        Folder open() throws PosixException;
    }

    private final Parent parent;
    private final String path;
    private final String bootId;
    private final long budget;
    private final AtomicLong taken = new AtomicLong();

    private LiveFolder(Parent parent, String path, String bootId, long budget) {
        this.parent = parent;
        this.path = path;
        this.bootId = bootId;
        this.budget = budget;
    }

    /** Where live files are if nobody says. */
    public static String usualPath() {
        return "/dev/shm/rawcow-" + User.effectiveId();
    }

    /**
     * A folder that is made when it is first needed; what it is in must be there then.
     *
     * @param path absolute
     * @param budget bytes; 0 to make no live files: those that are there are adopted all the same
     * @throws BlockException INVALID_VALUE for another path
     */
    public static LiveFolder at(String path, long budget) throws BlockException {
        int slash = path.lastIndexOf('/');
        if (!path.startsWith("/") || path.substring(slash + 1).matches("|\\.|\\.\\.")) {
            throw new BlockException(
                            FaultKind.INVALID_VALUE, "cannot use folder for live files: it has no name: path=" + path)
                    .withAction("state an absolute path that ends in a name");
        }
        String above = slash == 0 ? "/" : path.substring(0, slash);
        return new LiveFolder(() -> PosixFolder.open(above), path, BootId.current(), budget);
    }

    /** One that is in another machine's memory, as it were. */
    static LiveFolder in(Parent parent, String name, String bootId, long budget) {
        return new LiveFolder(parent, "/" + name, bootId, budget);
    }

    String path() {
        return path;
    }

    /** Which run of the kernel its files belong to. */
    String bootId() {
        return bootId;
    }

    /**
     * Makes the folder if it is not there.
     *
     * @throws BlockException INVALID_VALUE saying why it cannot be used
     */
    public void requireUsable() throws BlockException {
        if (budget > 0) {
            try (Folder _ = open(true).orElseThrow()) {
                return;
            } catch (PosixException e) {
                throw new BlockException(
                                FaultKind.INVALID_VALUE,
                                "cannot use folder for live files: %s: path=%s".formatted(e.getMessage(), path),
                                e)
                        .withAction("state another one on tmpfs (rawcow.live.folder, on the command line --live)");
            }
        }
    }

    /**
     * Opens the folder.
     *
     * @return empty if it is not there and is not to be made
     * @throws BlockException INVALID_VALUE if what is there is not a folder of this user's alone, on tmpfs
     */
    private Optional<Folder> open(boolean make) throws PosixException, BlockException {
        String name = path.substring(path.lastIndexOf('/') + 1);
        try (Folder above = parent.open()) {
            if (above.status(name).isEmpty()) {
                if (!make) {
                    return Optional.empty();
                }
                create(above, name);
            }
            Folder folder = above.folder(name);
            boolean good = false;
            try {
                require(folder, above.status(name).orElse(null));
                good = true;
                return Optional.of(folder);
            } finally {
                if (!good) {
                    folder.close();
                }
            }
        }
    }

    private static void create(Folder above, String name) throws PosixException {
        try {
            above.createFolder(name, MODE);
        } catch (PosixException e) {
            // Somebody was faster: what is there is looked at as any other.
            if (e.errno() != Errno.EEXIST) {
                throw e;
            }
        }
    }

    /** @param named what its name stands for, links not followed */
    private void require(Folder folder, @Nullable FileStatus named) throws PosixException, BlockException {
        FileStatus status = folder.status(".").orElseThrow();
        if (named == null
                || named.type() != FileType.FOLDER
                || !named.identity().equals(status.identity())) {
            throw unusable("it is a link, or was replaced just now");
        }
        if (status.owner() != User.effectiveId() || (status.permissions() & OTHERS) != 0) {
            throw unusable("it must belong to this user alone: owner=%d mode=%o"
                    .formatted(status.owner(), status.permissions()));
        }
        if (!folder.isInMemory()) {
            throw unusable("it is not on tmpfs");
        }
    }

    private BlockException unusable(String why) {
        return new BlockException(
                        FaultKind.INVALID_VALUE, "cannot use folder for live files: %s: path=%s".formatted(why, path))
                .withAction("state another one (rawcow.live.folder, on the command line --live), or remove this one");
    }

    // ---- for live files

    /** What is done in the folder. */
    interface Work<T> {
        T in(Folder folder) throws PosixException, BlockException;
    }

    /** Finds something in the folder; nothing if it is not there. */
    <T> Optional<T> find(Work<Optional<T>> work) throws PosixException, BlockException {
        Optional<Folder> found = open(false);
        if (found.isEmpty()) {
            return Optional.empty();
        }
        try (Folder folder = found.get()) {
            return work.in(folder);
        }
    }

    /** Removes a file, if that can be done and it is a certain one. What stays takes memory, and is never believed. */
    void remove(String name, FileIdentity inode) {
        try {
            var _ = find(folder -> {
                var there = folder.status(name).filter(now -> now.identity().equals(inode));
                if (there.isPresent()) {
                    folder.unlink(name);
                }
                return there;
            });
        } catch (PosixException | BlockException _) {
            // A later open of the image removes it.
        }
    }

    /** Does something in the folder, which is made if it is not there. */
    <T> T make(Work<T> work) throws PosixException, BlockException {
        try (Folder folder = open(true).orElseThrow()) {
            return work.in(folder);
        }
    }

    /** Takes memory from the budget; false if there is not so much left. */
    boolean tryTake(long bytes) {
        if (taken.addAndGet(bytes) > budget) {
            taken.addAndGet(-bytes);
            return false;
        }
        return true;
    }

    void giveBack(long bytes) {
        taken.addAndGet(-bytes);
    }

    /** Bytes of live files that the images of this process hold. */
    public long takenBytes() {
        return taken.get();
    }

    /** Bytes that they may hold at the most. */
    public long budgetBytes() {
        return budget;
    }

    /** What a live file is called while it is made: whoever has the sidecar locked may remove it. */
    static String temporaryName(String owner) {
        return "new." + owner;
    }

    /**
     * Removes what earlier opens of a sidecar have left and it does not name. As far as that can be done: what stays
     * takes memory, and is never believed.
     *
     * @param sidecar locked
     * @param kept the name of the live file that counts, empty for none
     */
    void removeLeftovers(OpenFile sidecar, String kept) throws BlockException {
        String owner = LiveIdentity.ownerOf(sidecar);
        try {
            var _ = find(folder -> {
                List<String> names = leftovers(folder.list(), owner, kept);
                for (String name : names) {
                    removeLeftover(folder, name);
                }
                return Optional.of(names);
            });
        } catch (PosixException | BlockException _) {
            // Its turn comes at the next open.
        }
    }

    private static List<String> leftovers(List<String> names, String owner, String kept) {
        return names.stream()
                .filter(name -> name.endsWith("." + owner) && !name.equals(kept))
                .toList();
    }

    /** Whatever its header says: its name has the sidecar's number, and if another file had that number it is gone. */
    private static void removeLeftover(Folder folder, String name) {
        try (OpenFile file = folder.open(name, Access.READ_WRITE_NO_FOLLOW)) {
            if (file.tryLock(LockMode.EXCLUSIVE, 0, 0)) {
                folder.unlink(name);
            }
        } catch (PosixException _) {
            // Not ours, most likely; those behind it are looked at all the same.
        }
    }
}
