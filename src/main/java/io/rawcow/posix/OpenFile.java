package io.rawcow.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * An open regular file or block device.
 *
 * <p>Safe from many threads. Calls that are in the kernel when {@link #close} is called finish on the file they were
 * started on; later ones fail with EBADF and can never hit another file that got the same descriptor number.
 */
public interface OpenFile extends AutoCloseable {

    /** The absolute path without symbolic links, as it was when the file was opened. */
    String path();

    FileStatus status() throws PosixException;

    /** As {@link #status}, but as it is known here: no file server is asked, so that one that hangs keeps nobody. */
    default FileStatus knownStatus() throws PosixException {
        return status();
    }

    /**
     * The run of the file system that the file is on, or of the medium that a device has in it: text that is another
     * one after a mount, where the file system lets that be seen, and is only good for comparing.
     */
    String fileSystem() throws PosixException;

    /**
     * Maps the file's bytes from its beginning, shared with whoever else has it open. Closing the arena unmaps them.
     * Touching a byte that has no space (see {@link #allocate}), or none any more, can kill the process.
     *
     * @param length bytes, at most the file's size
     * @throws PosixException ENOMEM if there is no room for it
     */
    MemorySegment map(long length, Arena arena) throws PosixException;

    /**
     * Reads at {@code offset} until {@code target} is full or the file ends.
     *
     * @return the bytes read: less than the target's size only at the end of the file
     */
    long read(long offset, MemorySegment target) throws PosixException;

    /** Writes all of {@code source} at {@code offset}, or throws; part of it may have been written then. */
    void write(long offset, MemorySegment source) throws PosixException;

    void truncate(long size) throws PosixException;

    /** Reserves space for a range of bytes and extends the file over it; the bytes read as zeros where nothing was. */
    void allocate(long offset, long length) throws PosixException;

    /** Gives the range's space back; it reads as zeros. Never changes the size. EOPNOTSUPP where it cannot. */
    void punchHole(long offset, long length) throws PosixException;

    /**
     * Makes the range read as zeros and keeps its space reserved. Never changes the size. EOPNOTSUPP where it cannot.
     */
    void zeroRange(long offset, long length) throws PosixException;

    /**
     * Gives this file the owner, group and permissions of another one, which it is to replace.
     *
     * @throws PosixException EPERM if this process may not
     */
    default void takeOwnershipOf(OpenFile other) throws PosixException {
        throw new PosixException("change owner", path(), Errno.EOPNOTSUPP);
    }

    /** fdatasync(2): after it returns, bytes written before survive a loss of power. */
    void dataSync() throws PosixException;

    /** fsync(2): as {@link #dataSync}, and all metadata too. */
    void sync() throws PosixException;

    /** Asks the kernel to start writing the range back, without waiting. A hint: never fails. */
    void startWriteback(long offset, long length);

    /**
     * The first offset at or after {@code offset} that holds data (SEEK_DATA), or -1 if there is none before the end.
     * EINVAL where the file cannot tell.
     */
    long nextData(long offset) throws PosixException;

    /** The first offset at or after {@code offset} that lies in a hole (SEEK_HOLE); the file's end counts as one. */
    long nextHole(long offset) throws PosixException;

    /**
     * Takes an open-file-description lock on bytes of the file without waiting. Length 0 means up to the end, wherever
     * that is. ENOLCK where the file system has no locks.
     *
     * @return false if another description holds a lock that conflicts
     */
    boolean tryLock(LockMode mode, long start, long length) throws PosixException;

    /** Whether another open file description holds a lock that a lock of this mode would conflict with. */
    boolean wouldConflict(LockMode mode, long start, long length) throws PosixException;

    void unlock(long start, long length) throws PosixException;

    /** Releases all locks at once; the descriptor itself goes when the last call under way has returned. */
    @Override
    void close();
}
