package io.rawcow.posix;

import static io.rawcow.posix.Flags.FALLOC_FL_KEEP_SIZE;
import static io.rawcow.posix.Flags.FALLOC_FL_PUNCH_HOLE;
import static io.rawcow.posix.Flags.FALLOC_FL_ZERO_RANGE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A file of the kernel's.
 *
 * <p>Segments to read into or to write from must be native, in an arena that the calling thread may use: anything else
 * is an IllegalArgumentException, or what {@code java.lang.foreign} throws. An exclusive lock needs a file that is open
 * for writing (else EBADF).
 */
final class PosixFile implements OpenFile {
    /** The most that one call moves, zeroes or reserves: the kernel takes hardly more, and others get their turn. */
    private static final long MOST_BYTES_A_CALL = 1L << 30;

    private final Descriptor descriptor;

    PosixFile(Descriptor descriptor) {
        this.descriptor = descriptor;
    }

    @Override
    public String path() {
        return descriptor.path();
    }

    @Override
    public FileStatus status() throws PosixException {
        return status(0);
    }

    @Override
    public FileStatus knownStatus() throws PosixException {
        return status(Flags.AT_STATX_DONT_SYNC);
    }

    private FileStatus status(int flags) throws PosixException {
        int fd = descriptor.enter("get status");
        try {
            FileStatus status = Statx.of(fd, flags, path());
            return status.isDevice()
                    ? status.withSize(descriptor.require(Ioctl.blockDeviceSize(fd), "get size"))
                    : status;
        } finally {
            descriptor.leave();
        }
    }

    @Override
    public String fileSystem() throws PosixException {
        int fd = descriptor.enter("get file system");
        try {
            return FileSystemInstance.of(fd, Statx.of(fd, path()));
        } finally {
            descriptor.leave();
        }
    }

    @Override
    public MemorySegment map(long length, Arena arena) throws PosixException {
        int fd = descriptor.enter("map");
        try {
            return LibC.mmapShared(fd, length, arena);
        } catch (OutOfMemoryError refused) {
            throw new PosixException("map", path(), Errno.ENOMEM);
        } finally {
            descriptor.leave();
        }
    }

    @Override
    public long read(long offset, MemorySegment target) throws PosixException {
        if (target.isReadOnly()) {
            throw new IllegalArgumentException("target must be writable");
        }
        return transfer("read", LibC::pread, offset, target);
    }

    @Override
    public void write(long offset, MemorySegment source) throws PosixException {
        long written = transfer("write", LibC::pwrite, offset, source);
        if (written < source.byteSize()) {
            // A write of nothing without a reason: no kernel should, but silence would lose bytes.
            throw new PosixException("write", path(), Errno.EIO);
        }
    }

    private interface Transfer {
        long move(int descriptor, MemorySegment bytes, long length, long offset);
    }

    /** Moves bytes until all are or a call moves none. The one place for short transfers and interrupted ones. */
    private long transfer(String operation, Transfer transfer, long offset, MemorySegment bytes) throws PosixException {
        if (!bytes.isNative()) {
            throw new IllegalArgumentException("segment must be native");
        }
        int fd = descriptor.enter(operation);
        try {
            long size = bytes.byteSize();
            long done = 0;
            while (done < size) {
                MemorySegment rest = done == 0 ? bytes : bytes.asSlice(done);
                long moved = transfer.move(fd, rest, Math.min(size - done, MOST_BYTES_A_CALL), offset + done);
                if (moved == 0) {
                    break;
                }
                if (moved != -Errno.EINTR) {
                    done += descriptor.require(moved, operation);
                }
            }
            return done;
        } finally {
            descriptor.leave();
        }
    }

    @Override
    public void truncate(long size) throws PosixException {
        descriptor.call("truncate", fd -> LibC.ftruncate(fd, size));
    }

    @Override
    public void allocate(long offset, long length) throws PosixException {
        fallocate("reserve space", 0, offset, length);
    }

    @Override
    public void punchHole(long offset, long length) throws PosixException {
        fallocate("punch hole", FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
    }

    @Override
    public void zeroRange(long offset, long length) throws PosixException {
        fallocate("zero range", FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, offset, length);
    }

    private void fallocate(String operation, int mode, long offset, long length) throws PosixException {
        if (offset < 0 || length < 0) {
            throw new IllegalArgumentException("bad range: offset=%d length=%d".formatted(offset, length));
        }
        int fd = descriptor.enter(operation);
        try {
            long done = 0;
            while (done < length) {
                long from = offset + done;
                long bytes = Math.min(length - done, MOST_BYTES_A_CALL);
                long result = LibC.restarting(() -> LibC.fallocate(fd, mode, from, bytes));
                descriptor.require(result, operation);
                done += bytes;
            }
        } finally {
            descriptor.leave();
        }
    }

    @Override
    public void takeOwnershipOf(OpenFile other) throws PosixException {
        if (!(other instanceof PosixFile file)) {
            throw new IllegalArgumentException("not a file of the kernel's: " + other.path());
        }
        Statx.Ownership wanted = file.ownership();
        Statx.Ownership now = ownership();
        if (now.user() != wanted.user() || now.group() != wanted.group()) {
            descriptor.call("change owner", fd -> LibC.fchown(fd, wanted.user(), wanted.group()));
        }
        // After the owner, for a change of owner may take permissions away.
        descriptor.call("change permissions", fd -> LibC.fchmod(fd, wanted.mode()));
    }

    private Statx.Ownership ownership() throws PosixException {
        int fd = descriptor.enter("get status");
        try {
            return Statx.ownershipOf(fd, path());
        } finally {
            descriptor.leave();
        }
    }

    @Override
    public void dataSync() throws PosixException {
        descriptor.call("sync data", LibC::fdatasync);
    }

    @Override
    public void sync() throws PosixException {
        descriptor.call("sync", LibC::fsync);
    }

    @Override
    public void startWriteback(long offset, long length) {
        if (length <= 0) {
            return; // the kernel would take 0 for the whole rest of the file
        }
        try {
            descriptor.attempt(
                    "start writeback", fd -> LibC.syncFileRange(fd, offset, length, Flags.SYNC_FILE_RANGE_WRITE));
        } catch (PosixException _) {
            // Closed: whoever gives hints need not know.
        }
    }

    @Override
    public long nextData(long offset) throws PosixException {
        long found = descriptor.attempt("find data", fd -> LibC.lseek(fd, offset, Flags.SEEK_DATA));
        return found == -Errno.ENXIO ? -1 : descriptor.require(found, "find data");
    }

    /** {@inheritDoc} Beyond the end all is hole: the answer is {@code offset} itself. */
    @Override
    public long nextHole(long offset) throws PosixException {
        long found = descriptor.attempt("find hole", fd -> LibC.lseek(fd, offset, Flags.SEEK_HOLE));
        return found == -Errno.ENXIO ? offset : descriptor.require(found, "find hole");
    }

    @Override
    public boolean tryLock(LockMode mode, long start, long length) throws PosixException {
        int fd = descriptor.enter("lock");
        try {
            long result = Flock.lock(fd, mode, start, length);
            if (result == -Errno.EAGAIN || result == -Errno.EACCES) {
                return false;
            }
            descriptor.require(result, "lock");
            // close() closes first and releases the locks second: either it comes after this lock, or it is seen here.
            if (descriptor.isClosed()) {
                Flock.unlockAll(fd);
                throw new PosixException("lock", path(), Errno.EBADF);
            }
            return true;
        } finally {
            descriptor.leave();
        }
    }

    @Override
    public boolean wouldConflict(LockMode mode, long start, long length) throws PosixException {
        return descriptor.call("test lock", fd -> Flock.conflicts(fd, mode, start, length)) != 0;
    }

    @Override
    public void unlock(long start, long length) throws PosixException {
        descriptor.call("unlock", fd -> Flock.unlock(fd, start, length));
    }

    /**
     * {@inheritDoc} The locks are released by name, for the kernel would keep them as long as calls are under way, or a
     * process that is just being started has a copy of the descriptor.
     */
    @Override
    public void close() {
        descriptor.close(Flock::unlockAll);
    }
}
