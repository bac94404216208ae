package io.rawcow.posix;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** statx(2), whose structure is the same on every architecture, unlike that of stat(2). */
final class Statx {
    private static final int BYTES = 256;
    private static final int BASIC_STATS_AND_BIRTH = 0xfff;
    private static final int BIRTH = 0x800;

    private static final int MASK = 0;
    private static final int NLINK = 16;
    private static final int UID = 20;
    private static final int GID = 24;
    private static final int MODE = 28;
    private static final int INO = 32;
    private static final int SIZE = 40;
    private static final int BLOCKS = 48;
    private static final int BIRTH_TIME = 80;
    private static final int MTIME = 112;
    private static final int RDEV_MAJOR = 128;
    private static final int DEV_MAJOR = 136;

    private static final int BYTES_PER_BLOCK = 512;
    private static final long NANOS_PER_SECOND = 1_000_000_000;

    /** Who owns a file, and the twelve bits that say who may do what. */
    record Ownership(int user, int group, int mode) {}

    private Statx() {}

    static FileStatus of(int descriptor, String path) throws PosixException {
        return of(descriptor, 0, path);
    }

    /**
     * The status of what a descriptor stands for; the size of a block device is left 0.
     *
     * @param flags how much a file server is asked
     */
    static FileStatus of(int descriptor, int flags, String path) throws PosixException {
        return at(descriptor, "", Flags.AT_EMPTY_PATH | flags, path);
    }

    /** The status of what an absolute path leads to, following links and asking no file server. */
    static FileStatus cached(String path) throws PosixException {
        return at(Flags.AT_FDCWD, path, Flags.AT_STATX_DONT_SYNC, path);
    }

    static Ownership ownershipOf(int descriptor, String path) throws PosixException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment raw = call(arena, descriptor, "", Flags.AT_EMPTY_PATH, path);
            return new Ownership(raw.get(JAVA_INT, UID), raw.get(JAVA_INT, GID), raw.get(JAVA_SHORT, MODE) & 0xfff);
        }
    }

    private static FileStatus at(int folder, String name, int flags, String path) throws PosixException {
        try (Arena arena = Arena.ofConfined()) {
            return decode(call(arena, folder, name, flags, path));
        }
    }

    private static MemorySegment call(Arena arena, int folder, String name, int flags, String path)
            throws PosixException {
        MemorySegment raw = arena.allocate(BYTES, Long.BYTES);
        long result = LibC.restarting(() -> LibC.statx(folder, name, flags, BASIC_STATS_AND_BIRTH, raw));
        if (result < 0) {
            throw new PosixException("get status", path, (int) -result);
        }
        return raw;
    }

    private static FileStatus decode(MemorySegment raw) {
        FileType type = typeOf(Short.toUnsignedInt(raw.get(JAVA_SHORT, MODE)));
        boolean device = type == FileType.BLOCK_DEVICE;
        return new FileStatus(
                type,
                device
                        ? new FileIdentity(0, deviceNumber(raw, RDEV_MAJOR))
                        : new FileIdentity(deviceNumber(raw, DEV_MAJOR), raw.get(JAVA_LONG, INO)),
                device ? 0 : raw.get(JAVA_LONG, SIZE),
                nanos(raw, MTIME),
                device ? 0 : raw.get(JAVA_LONG, BLOCKS) * BYTES_PER_BLOCK,
                raw.get(JAVA_INT, NLINK),
                device || (raw.get(JAVA_INT, MASK) & BIRTH) == 0 ? 0 : nanos(raw, BIRTH_TIME),
                raw.get(JAVA_INT, UID),
                raw.get(JAVA_SHORT, MODE) & 0xfff);
    }

    private static long nanos(MemorySegment raw, int time) {
        return raw.get(JAVA_LONG, time) * NANOS_PER_SECOND + raw.get(JAVA_INT, time + Long.BYTES);
    }

    private static FileType typeOf(int mode) {
        return switch (mode & 0xf000) {
            case 0x1000 -> FileType.FIFO;
            case 0x2000 -> FileType.CHARACTER_DEVICE;
            case 0x4000 -> FileType.FOLDER;
            case 0x6000 -> FileType.BLOCK_DEVICE;
            case 0x8000 -> FileType.REGULAR;
            case 0xa000 -> FileType.SYMBOLIC_LINK;
            case 0xc000 -> FileType.SOCKET;
            default -> FileType.ANONYMOUS;
        };
    }

    /** Packs a major and a minor number as makedev(3) does. */
    private static long deviceNumber(MemorySegment raw, int majorOffset) {
        long major = Integer.toUnsignedLong(raw.get(JAVA_INT, majorOffset));
        long minor = Integer.toUnsignedLong(raw.get(JAVA_INT, majorOffset + Integer.BYTES));
        return ((major & 0xfffff000L) << 32) | ((major & 0xfff) << 8) | ((minor & 0xffffff00L) << 12) | (minor & 0xff);
    }
}
