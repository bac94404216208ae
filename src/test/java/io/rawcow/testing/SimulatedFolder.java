package io.rawcow.testing;

import io.rawcow.posix.Access;
import io.rawcow.posix.Errno;
import io.rawcow.posix.FileStatus;
import io.rawcow.posix.FileType;
import io.rawcow.posix.Folder;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.PosixException;
import io.rawcow.posix.WrongFileTypeException;
import io.rawcow.testing.Operation.Kind;
import io.rawcow.testing.SimulatedFolderNode.Entry;
import java.util.List;
import java.util.Optional;

/** An open folder of a {@link SimulatedDisk}. There are no symbolic links, and {@code ..} is refused. */
final class SimulatedFolder implements Folder {
    private final SimulatedDisk disk;
    private final SimulatedFolderNode node;
    private final String path;
    private boolean closed;

    SimulatedFolder(SimulatedDisk disk, SimulatedFolderNode node, String path) {
        this.disk = disk;
        this.node = node;
        this.path = path;
    }

    @Override
    public String path() {
        return path;
    }

    private record Found(Entry entry, String path) {}

    private Found find(String operation, String relative) throws PosixException {
        requireOpen(operation);
        SimulatedFolderNode at = node;
        Found found = new Found(new Entry(null, node), path);
        for (String name : relative.split("/", -1)) {
            if (name.isEmpty() || name.equals(".")) {
                continue;
            }
            if (name.equals("..")) {
                throw new PosixException(operation, full(relative), Errno.EXDEV);
            }
            if (at == null) {
                throw new PosixException(operation, full(relative), Errno.ENOTDIR);
            }
            Entry entry = at.names().get(name);
            if (entry == null) {
                throw new PosixException(operation, full(relative), Errno.ENOENT);
            }
            found = new Found(entry, found.path + "/" + name);
            at = entry.folder();
        }
        return found;
    }

    @Override
    public OpenFile open(String relative, Access access) throws PosixException {
        Found found = find("open", relative);
        if (found.entry.file() == null) {
            throw new WrongFileTypeException("open", full(relative), FileType.FOLDER);
        }
        return disk.opened(found.entry.file(), found.path, access);
    }

    @Override
    public OpenFile create(String name, int mode) throws PosixException {
        SimulatedInode made = disk.newInode();
        change(Kind.CREATE, name, () -> node.add(name, new Entry(made, null)));
        return disk.opened(made, full(name), Access.READ_WRITE);
    }

    @Override
    public Folder folder(String relative) throws PosixException {
        Found found = find("open folder", relative);
        if (found.entry.folder() == null) {
            throw new PosixException("open folder", full(relative), Errno.ENOTDIR);
        }
        return new SimulatedFolder(disk, found.entry.folder(), found.path);
    }

    @Override
    public void createFolder(String name, int mode) throws PosixException {
        change(Kind.CREATE_FOLDER, name, () -> node.add(name, new Entry(null, disk.newFolder())));
    }

    @Override
    public Optional<FileStatus> status(String relative) throws PosixException {
        try {
            Entry entry = find("get status", relative).entry;
            return Optional.of(entry.file() != null ? disk.status(entry.file()) : disk.status(entry.folder()));
        } catch (PosixException e) {
            if (e.errno() == Errno.ENOENT || e.errno() == Errno.ENOTDIR) {
                return Optional.empty();
            }
            throw e;
        }
    }

    @Override
    public void rename(String from, String to) throws PosixException {
        change(Kind.RENAME, from, () -> node.rename(from, to, true));
    }

    @Override
    public void renameNoReplace(String from, String to) throws PosixException {
        change(Kind.RENAME, from, () -> node.rename(from, to, false));
    }

    @Override
    public void unlink(String name) throws PosixException {
        change(Kind.UNLINK, name, () -> node.remove(name));
    }

    private interface Body {
        int run();
    }

    private void change(Kind kind, String name, Body body) throws PosixException {
        requireOpen(kind.name());
        int errno = disk.begin(kind, full(name), 0, 0);
        if (errno == 0) {
            errno = body.run();
        }
        disk.end();
        if (errno != 0) {
            throw new PosixException(kind.name().toLowerCase(java.util.Locale.ROOT), full(name), errno);
        }
    }

    @Override
    public List<String> list() throws PosixException {
        requireOpen("list");
        return List.copyOf(node.names().keySet());
    }

    @Override
    public void sync() throws PosixException {
        requireOpen("sync folder");
        int errno = disk.begin(Kind.FOLDER_SYNC, path, 0, 0);
        if (errno == 0) {
            node.sync();
        } else {
            node.loseChanges();
        }
        disk.end();
        if (errno != 0) {
            throw new PosixException("sync folder", path, errno);
        }
    }

    @Override
    public long availableBytes() {
        return 1L << 40;
    }

    @Override
    public boolean isInMemory() {
        return path.startsWith(SimulatedDisk.MEMORY);
    }

    @Override
    public void close() {
        closed = true;
    }

    private String full(String relative) {
        return path + "/" + relative;
    }

    private void requireOpen(String operation) throws PosixException {
        if (closed || disk.isDead()) {
            throw new PosixException(operation, path, Errno.EBADF);
        }
    }
}
