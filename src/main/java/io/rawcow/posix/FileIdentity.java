package io.rawcow.posix;

/**
 * Which file it is, whatever its names: file system and inode, or the device number for device nodes, of which several
 * may lead to one disk.
 *
 * @param device st_dev; 0 for device nodes
 * @param number st_ino; st_rdev for device nodes
 */
public record FileIdentity(long device, long number) {}
