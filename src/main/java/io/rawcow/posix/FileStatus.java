package io.rawcow.posix;

/**
 * What fstat(2) tells of a file.
 *
 * @param size bytes; for a block device its capacity
 * @param mtimeNanos nanoseconds since 1970
 * @param allocatedBytes bytes of disk the file occupies; 0 for a device
 * @param identity two files are the same file if and only if these are equal
 * @param birthNanos when it was made, nanoseconds since 1970; 0 where the file system does not tell. Inode numbers are
 *     used again, this time is not
 * @param owner user id
 * @param permissions the twelve bits that say who may do what
 */
public record FileStatus(
        FileType type,
        FileIdentity identity,
        long size,
        long mtimeNanos,
        long allocatedBytes,
        int links,
        long birthNanos,
        int owner,
        int permissions) {

    public boolean isDevice() {
        return type == FileType.BLOCK_DEVICE;
    }

    FileStatus withSize(long bytes) {
        return new FileStatus(type, identity, bytes, mtimeNanos, allocatedBytes, links, birthNanos, owner, permissions);
    }
}
