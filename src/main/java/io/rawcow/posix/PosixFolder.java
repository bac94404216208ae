package io.rawcow.posix;

import static io.rawcow.posix.Flags.O_CLOEXEC;
import static io.rawcow.posix.Flags.O_CREAT;
import static io.rawcow.posix.Flags.O_DIRECTORY;
import static io.rawcow.posix.Flags.O_EXCL;
import static io.rawcow.posix.Flags.O_NOFOLLOW;
import static io.rawcow.posix.Flags.O_NONBLOCK;
import static io.rawcow.posix.Flags.O_PATH;
import static io.rawcow.posix.Flags.O_RDONLY;
import static io.rawcow.posix.Flags.O_RDWR;

import java.util.List;
import java.util.Optional;

/**
 * A folder of the kernel's.
 *
 * <p>Beneath it absolute symbolic links fail with EXDEV wherever they lead. Only in a folder opened as {@code /} do
 * they work, as {@code ..} at its top does: nothing is outside of it. Links of /proc that lead to open files fail with
 * ELOOP.
 *
 * <p>Names are UTF-8. One on disk that is not shows as one that cannot be opened.
 */
public final class PosixFolder implements Folder {
    /**
     * The kernel gives up a lookup of {@code ..} while anything is being renamed: tries before the caller hears of it.
     */
    private static final int MOST_LOOKUPS = 1000;

    private final Descriptor descriptor;
    private final int resolve;

    private PosixFolder(Descriptor descriptor) {
        this.descriptor = descriptor;
        this.resolve =
                Flags.RESOLVE_NO_MAGICLINKS | (path().equals("/") ? Flags.RESOLVE_IN_ROOT : Flags.RESOLVE_BENEATH);
    }

    /**
     * Opens a folder that whoever runs the service names: symbolic links are followed, wherever they lead.
     *
     * @throws PosixException EINVAL if the path is not absolute
     */
    public static PosixFolder open(String absolutePath) throws PosixException {
        if (!absolutePath.startsWith("/") || absolutePath.indexOf('\0') >= 0) {
            throw new PosixException("open folder", absolutePath, Errno.EINVAL);
        }
        int fd = require(
                LibC.restarting(() -> LibC.openat(Flags.AT_FDCWD, absolutePath, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)),
                "open folder",
                absolutePath);
        return new PosixFolder(describe(fd));
    }

    @Override
    public String path() {
        return descriptor.path();
    }

    @Override
    public OpenFile open(String relative, Access access) throws PosixException {
        String operation = access == Access.READ ? "open" : "open for writing";
        boolean follow = access != Access.READ_WRITE_NO_FOLLOW;
        // With O_PATH nothing is opened yet: no FIFO blocks, no device notices.
        int found = lookUp(operation, relative, O_PATH | (follow ? 0 : O_NOFOLLOW), 0);
        try {
            FileType type = Statx.of(found, full(relative)).type();
            if (type == FileType.SYMBOLIC_LINK) {
                throw new PosixException(operation, full(relative), Errno.ELOOP);
            }
            if (type != FileType.REGULAR && type != FileType.BLOCK_DEVICE) {
                throw new WrongFileTypeException(operation, full(relative), type);
            }
            int claim = type == FileType.BLOCK_DEVICE && access != Access.READ ? O_EXCL : 0;
            int flags = (access == Access.READ ? O_RDONLY : O_RDWR) | claim | O_NONBLOCK | O_CLOEXEC;
            // The very file that was looked at, whatever its name leads to by now.
            long opened = LibC.restarting(() -> LibC.openat(Flags.AT_FDCWD, ProcPaths.ofDescriptor(found), flags, 0));
            return new PosixFile(describe(require(opened, operation, full(relative))));
        } finally {
            LibC.close(found);
        }
    }

    @Override
    public OpenFile create(String name, int mode) throws PosixException {
        requireName("create", name);
        return new PosixFile(describe(lookUp("create", name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode)));
    }

    @Override
    public Folder folder(String relative) throws PosixException {
        return new PosixFolder(describe(lookUp("open folder", relative, O_RDONLY | O_DIRECTORY, 0)));
    }

    @Override
    public void createFolder(String name, int mode) throws PosixException {
        requireName("create folder", name);
        change("create folder", name, folder -> LibC.mkdirat(folder, name, mode));
    }

    /** {@inheritDoc} The size of a block device is 0 if this process may not read the device. */
    @Override
    public Optional<FileStatus> status(String relative) throws PosixException {
        int found;
        try {
            found = lookUp("get status", relative, O_PATH | O_NOFOLLOW, 0);
        } catch (PosixException refused) {
            if (refused.errno() == Errno.ENOENT || refused.errno() == Errno.ENOTDIR) {
                return Optional.empty();
            }
            throw refused;
        }
        try {
            FileStatus status = Statx.of(found, full(relative));
            return Optional.of(status.isDevice() ? status.withSize(sizeOfDevice(found)) : status);
        } finally {
            LibC.close(found);
        }
    }

    private static long sizeOfDevice(int found) {
        String link = ProcPaths.ofDescriptor(found);
        long device = LibC.restarting(() -> LibC.openat(Flags.AT_FDCWD, link, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0));
        if (device < 0) {
            return 0;
        }
        try {
            return Math.max(Ioctl.blockDeviceSize((int) device), 0);
        } finally {
            LibC.close((int) device);
        }
    }

    @Override
    public void rename(String from, String to) throws PosixException {
        rename(from, to, 0);
    }

    @Override
    public void renameNoReplace(String from, String to) throws PosixException {
        rename(from, to, Flags.RENAME_NOREPLACE);
    }

    private void rename(String from, String to, int flags) throws PosixException {
        requireName("rename", from);
        requireName("rename", to);
        change("rename to " + to, from, folder -> LibC.renameat2(folder, from, to, flags));
    }

    @Override
    public void unlink(String name) throws PosixException {
        requireName("remove", name);
        change("remove", name, folder -> LibC.unlinkat(folder, name));
    }

    @Override
    public List<String> list() throws PosixException {
        // A description of its own: the position in a listing belongs to the description.
        int fd = lookUp("list", ".", O_RDONLY | O_DIRECTORY, 0);
        try {
            return Listing.of(fd, path());
        } finally {
            LibC.close(fd);
        }
    }

    @Override
    public void sync() throws PosixException {
        descriptor.call("sync folder", LibC::fsync);
    }

    @Override
    public long availableBytes() throws PosixException {
        return descriptor.call("get available space", StatFs::availableBytes);
    }

    @Override
    public boolean isInMemory() throws PosixException {
        return descriptor.call("get file system", StatFs::isTmpfs) != 0;
    }

    @Override
    public void close() {
        descriptor.close(_ -> {});
    }

    /** Opens what a name leads to, if that lies beneath this folder. The answer is the caller's to close. */
    private int lookUp(String operation, String relative, int flags, int mode) throws PosixException {
        if (relative.indexOf('\0') >= 0) {
            throw new PosixException(operation, full(relative), Errno.EINVAL);
        }
        int folder = descriptor.enter(operation);
        try {
            long result = -Errno.EAGAIN;
            for (int tries = 0; result == -Errno.EAGAIN && tries < MOST_LOOKUPS; tries++) {
                result = LibC.restarting(() -> LibC.openat2(folder, relative, flags | O_CLOEXEC, mode, resolve));
            }
            return require(result, operation, full(relative));
        } finally {
            descriptor.leave();
        }
    }

    private interface Change {
        long apply(int folder);
    }

    private void change(String operation, String name, Change change) throws PosixException {
        require(descriptor.attempt(operation, change::apply), operation, full(name));
    }

    /** The calls that change names know nothing of confinement: they get single names, which lead nowhere. */
    private void requireName(String operation, String name) throws PosixException {
        if (name.isEmpty()) {
            throw new PosixException(operation, full(name), Errno.ENOENT);
        }
        if (name.equals(".") || name.equals("..") || name.indexOf('/') >= 0 || name.indexOf('\0') >= 0) {
            throw new PosixException(operation, full(name), Errno.EINVAL);
        }
    }

    private String full(String relative) {
        return path().equals("/") ? "/" + relative : path() + "/" + relative;
    }

    /** Asks the kernel for the path; closes the number if it does not know. */
    private static Descriptor describe(int fd) throws PosixException {
        boolean done = false;
        try {
            Descriptor described = new Descriptor(fd, ProcPaths.pathOf(fd));
            done = true;
            return described;
        } finally {
            if (!done) {
                LibC.close(fd);
            }
        }
    }

    private static int require(long result, String operation, String path) throws PosixException {
        if (result < 0) {
            throw new PosixException(operation, path, (int) -result);
        }
        return (int) result;
    }
}
