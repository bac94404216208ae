package io.rawcow.posix;

/** The kernel's constants that {@link LibC}'s callers pass, for x86-64 and aarch64. */
final class Flags {
    private static final boolean ARM = System.getProperty("os.arch").equals("aarch64");

    static final int AT_FDCWD = -100;
    static final int AT_EMPTY_PATH = 0x1000;
    /** Take what is cached: never wait for a file server. */
    static final int AT_STATX_DONT_SYNC = 0x4000;

    static final int O_RDONLY = 0;
    static final int O_RDWR = 2;
    static final int O_CREAT = 0x40;
    static final int O_EXCL = 0x80;
    static final int O_NONBLOCK = 0x800;
    static final int O_CLOEXEC = 0x8_0000;
    static final int O_PATH = 0x20_0000;
    static final int O_DIRECTORY = ARM ? 0x4000 : 0x1_0000;
    static final int O_NOFOLLOW = ARM ? 0x8000 : 0x2_0000;

    static final int RESOLVE_NO_MAGICLINKS = 0x02;
    static final int RESOLVE_BENEATH = 0x08;
    static final int RESOLVE_IN_ROOT = 0x10;

    static final int FALLOC_FL_KEEP_SIZE = 0x01;
    static final int FALLOC_FL_PUNCH_HOLE = 0x02;
    static final int FALLOC_FL_ZERO_RANGE = 0x10;

    static final int SYNC_FILE_RANGE_WRITE = 2;

    static final int SEEK_DATA = 3;
    static final int SEEK_HOLE = 4;

    static final int F_OFD_GETLK = 36;
    static final int F_OFD_SETLK = 37;
    static final short F_RDLCK = 0;
    static final short F_WRLCK = 1;
    static final short F_UNLCK = 2;

    static final int RENAME_NOREPLACE = 1;

    private Flags() {}
}
