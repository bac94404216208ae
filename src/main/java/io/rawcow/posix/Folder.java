package io.rawcow.posix;

import java.util.List;
import java.util.Optional;

/**
 * An open folder. Names are relative to it and can never lead out of it: a path that would, by {@code ..} or by a
 * symbolic link, fails with EXDEV in the kernel, without a race (openat2 with RESOLVE_BENEATH and
 * RESOLVE_NO_MAGICLINKS).
 *
 * <p>Safe from many threads. {@code relative} may have several components; {@code name} is a single one.
 */
public interface Folder extends AutoCloseable {

    /** The absolute path without symbolic links, as it was when the folder was opened. */
    String path();

    /**
     * Opens an existing regular file or block device, following links beneath this folder. Never creates, never blocks,
     * never touches a file of another type. A block device opened for writing is claimed with O_EXCL.
     *
     * @throws WrongFileTypeException for anything else (folder, FIFO, socket, character device)
     */
    OpenFile open(String relative, Access access) throws PosixException;

    /** Creates a regular file for reading and writing (O_EXCL, O_NOFOLLOW). EEXIST if the name is taken. */
    OpenFile create(String name, int mode) throws PosixException;

    /** Opens a folder beneath this one. */
    Folder folder(String relative) throws PosixException;

    /** Creates a folder. EEXIST if the name is taken. */
    void createFolder(String name, int mode) throws PosixException;

    /** The status of what a path names, without following a link in its last component; empty if nothing is there. */
    Optional<FileStatus> status(String relative) throws PosixException;

    /** Renames within this folder, replacing what {@code to} names. */
    void rename(String from, String to) throws PosixException;

    /** Renames within this folder. EEXIST if {@code to} is taken. */
    void renameNoReplace(String from, String to) throws PosixException;

    void unlink(String name) throws PosixException;

    /** The names in this folder, without {@code .} and {@code ..}, in no order. */
    List<String> list() throws PosixException;

    /** Makes creations, renames and removals in this folder survive a loss of power. */
    void sync() throws PosixException;

    /** Bytes that an unprivileged writer may still use on this folder's file system. */
    long availableBytes() throws PosixException;

    /** Whether it is on tmpfs: gone with the machine's power, and with nothing else. */
    boolean isInMemory() throws PosixException;

    @Override
    void close();
}
