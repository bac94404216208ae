package io.rawcow.posix;

/**
 * What fstat(2) tells of a file.
 *
 * @param size bytes; for a block device its capacity
 * @param mtimeNanos nanoseconds since 1970
 * @param allocatedBytes bytes of disk the file occupies; 0 for a device
 * @param identity two files are the same file if and only if these are equal
 */
public record FileStatus(
        FileType type, FileIdentity identity, long size, long mtimeNanos, long allocatedBytes, int links) {

    public boolean isDevice() {
        return type == FileType.BLOCK_DEVICE;
    }

    FileStatus withSize(long bytes) {
        return new FileStatus(type, identity, bytes, mtimeNanos, allocatedBytes, links);
    }
}
