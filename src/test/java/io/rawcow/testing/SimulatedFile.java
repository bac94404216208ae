package io.rawcow.testing;

import io.rawcow.posix.Access;
import io.rawcow.posix.Errno;
import io.rawcow.posix.FileStatus;
import io.rawcow.posix.FileType;
import io.rawcow.posix.LockMode;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.PosixException;
import io.rawcow.testing.Operation.Kind;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** An open file of a {@link SimulatedDisk}. */
final class SimulatedFile implements OpenFile {
    private final SimulatedDisk disk;
    private final SimulatedInode inode;
    private final String path;
    private final Access access;
    private boolean closed;

    SimulatedFile(SimulatedDisk disk, SimulatedInode inode, String path, Access access) {
        this.disk = disk;
        this.inode = inode;
        this.path = path;
        this.access = access;
    }

    SimulatedInode inode() {
        return inode;
    }

    @Override
    public String path() {
        return path;
    }

    @Override
    public FileStatus status() throws PosixException {
        requireOpen("get status");
        return disk.status(inode);
    }

    @Override
    public String fileSystem() throws PosixException {
        requireOpen("get file system");
        return "simulated";
    }

    @Override
    public MemorySegment map(long length, Arena arena) throws PosixException {
        requireWritable("map");
        return inode.map(length, arena);
    }

    @Override
    public long read(long offset, MemorySegment target) throws PosixException {
        requireOpen("read");
        requireNative(target);
        return inode.cached().read(offset, target);
    }

    /** As the kernel's files do. */
    private static void requireNative(MemorySegment bytes) {
        if (!bytes.isNative()) {
            throw new IllegalArgumentException("segment must be native");
        }
    }

    private interface Body {
        void run(long now);
    }

    private void change(Kind kind, long offset, long length, Body whole, Body half) throws PosixException {
        String verb = kind.name().toLowerCase(java.util.Locale.ROOT);
        requireWritable(verb);
        int errno = disk.begin(kind, path, offset, length);
        if (errno == 0) {
            whole.run(disk.now());
        } else if (errno != Errno.EOPNOTSUPP) {
            half.run(disk.now());
        }
        disk.end();
        if (errno != 0) {
            throw new PosixException(verb, path, errno);
        }
    }

    private static final Body NOTHING = _ -> {};

    @Override
    public void write(long offset, MemorySegment source) throws PosixException {
        requireNative(source);
        long length = source.byteSize();
        if (inode.type == FileType.BLOCK_DEVICE
                && offset + length > inode.cached().size()) {
            throw new PosixException("write", path, Errno.ENOSPC);
        }
        long half = Math.max((offset + length / 2) / SimulatedInode.SECTOR * SimulatedInode.SECTOR - offset, 0);
        change(Kind.WRITE, offset, length, now -> inode.write(offset, source, now), now -> {
            if (half > 0) {
                inode.write(offset, source.asSlice(0, half), now);
            }
        });
    }

    @Override
    public void truncate(long size) throws PosixException {
        requireRegular("truncate");
        change(Kind.TRUNCATE, 0, size, now -> inode.truncate(size, now), NOTHING);
    }

    @Override
    public void allocate(long offset, long length) throws PosixException {
        requireRegular("reserve space");
        change(Kind.ALLOCATE, offset, length, now -> inode.allocate(offset, offset + length, now), NOTHING);
    }

    private void requireRegular(String verb) throws PosixException {
        if (inode.type == FileType.BLOCK_DEVICE) {
            throw new PosixException(verb, path, Errno.EINVAL);
        }
    }

    @Override
    public void punchHole(long offset, long length) throws PosixException {
        change(Kind.PUNCH, offset, length, now -> inode.zero(offset, offset + length, false, now), NOTHING);
    }

    @Override
    public void zeroRange(long offset, long length) throws PosixException {
        change(Kind.ZERO_RANGE, offset, length, now -> inode.zero(offset, offset + length, true, now), NOTHING);
    }

    @Override
    public void dataSync() throws PosixException {
        sync(Kind.DATA_SYNC, false);
    }

    @Override
    public void sync() throws PosixException {
        sync(Kind.SYNC, true);
    }

    private void sync(Kind kind, boolean timesToo) throws PosixException {
        requireOpen("sync");
        int errno = disk.begin(kind, path, 0, 0);
        if (errno == 0) {
            inode.sync(timesToo);
        } else {
            inode.loseChanges();
            disk.afterLostChanges(inode);
        }
        disk.end();
        if (errno != 0) {
            throw new PosixException("sync", path, errno);
        }
    }

    @Override
    public void startWriteback(long offset, long length) {
        // What is written early is one of the choices of Survival anyway.
    }

    @Override
    public long nextData(long offset) throws PosixException {
        return next(offset, true);
    }

    @Override
    public long nextHole(long offset) throws PosixException {
        long found = next(offset, false);
        return found < 0 ? Math.max(offset, inode.cached().size()) : found;
    }

    private long next(long offset, boolean data) throws PosixException {
        requireOpen("find data");
        if (inode.type == FileType.BLOCK_DEVICE) {
            throw new PosixException("find data", path, Errno.EINVAL);
        }
        return inode.cached().next(offset, data);
    }

    @Override
    public boolean tryLock(LockMode mode, long start, long length) throws PosixException {
        requireOpen("lock");
        return disk.locks().tryLock(this, mode, start, length);
    }

    @Override
    public boolean wouldConflict(LockMode mode, long start, long length) throws PosixException {
        requireOpen("test lock");
        return disk.locks().conflicts(this, mode, start, length);
    }

    @Override
    public void unlock(long start, long length) throws PosixException {
        requireOpen("unlock");
        disk.locks().unlock(this, start, length);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            disk.locks().unlock(this, 0, 0);
            disk.closed(inode);
        }
    }

    private void requireOpen(String verb) throws PosixException {
        if (closed || disk.isDead()) {
            throw new PosixException(verb, path, Errno.EBADF);
        }
    }

    private void requireWritable(String verb) throws PosixException {
        requireOpen(verb);
        if (access == Access.READ) {
            throw new PosixException(verb, path, Errno.EBADF);
        }
    }
}
