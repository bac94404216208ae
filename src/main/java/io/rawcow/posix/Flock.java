package io.rawcow.posix;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Locks of open file descriptions. Unlike those of fcntl(2) of old they belong to the description, not to the process:
 * two descriptions of one process conflict, and closing another one of the same file releases nothing.
 *
 * <p>Results are LibC's, except that a file system without locks always says ENOLCK.
 */
final class Flock {
    /** struct flock on 64-bit Linux: type, whence, start, length, pid (which must be 0). */
    private static final int BYTES = 32;

    private static final int TYPE = 0;
    private static final int START = 8;
    private static final int LENGTH = 16;

    private Flock() {}

    static long lock(int descriptor, LockMode mode, long start, long length) {
        return set(descriptor, typeOf(mode), start, length);
    }

    static long unlock(int descriptor, long start, long length) {
        return set(descriptor, Flags.F_UNLCK, start, length);
    }

    static void unlockAll(int descriptor) {
        unlock(descriptor, 0, 0);
    }

    /** 1 if another description holds a lock that conflicts, 0 if none does. */
    static long conflicts(int descriptor, LockMode mode, long start, long length) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment flock = describe(arena, typeOf(mode), start, length);
            long result = LibC.restarting(() -> LibC.fcntl(descriptor, Flags.F_OFD_GETLK, flock));
            if (result < 0) {
                return noLocks(result);
            }
            return flock.get(JAVA_SHORT, TYPE) == Flags.F_UNLCK ? 0 : 1;
        }
    }

    private static long set(int descriptor, short type, long start, long length) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment flock = describe(arena, type, start, length);
            return noLocks(LibC.restarting(() -> LibC.fcntl(descriptor, Flags.F_OFD_SETLK, flock)));
        }
    }

    private static MemorySegment describe(Arena arena, short type, long start, long length) {
        MemorySegment flock = arena.allocate(BYTES, Long.BYTES);
        flock.set(JAVA_SHORT, TYPE, type);
        flock.set(JAVA_LONG, START, start);
        flock.set(JAVA_LONG, LENGTH, length);
        return flock;
    }

    /** Some file systems that cannot lock say so in other words. */
    private static long noLocks(long result) {
        return result == -Errno.ENOSYS || result == -Errno.EOPNOTSUPP ? -Errno.ENOLCK : result;
    }

    private static short typeOf(LockMode mode) {
        return switch (mode) {
            case SHARED -> Flags.F_RDLCK;
            case EXCLUSIVE -> Flags.F_WRLCK;
        };
    }
}
