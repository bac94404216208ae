package io.rawcow.posix;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.function.LongSupplier;

/**
 * The C library: the only class with downcalls. Every call answers what the C function does, or the negated errno where
 * that would be -1; none throws for what the kernel refuses.
 *
 * <p>Segments must be native. Calls block their carrier, so they belong on platform threads. They are never
 * {@code critical}: those would hold up the garbage collector for as long as a disk takes.
 */
@SuppressWarnings("restricted")
final class LibC {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout CALL_STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = CALL_STATE.varHandle(PathElement.groupElement("errno"));

    /**
     * Where a thread's calls leave their errno. One segment a thread: an arena a call would cost more than the call.
     */
    private static final ThreadLocal<MemorySegment> STATE =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(CALL_STATE));

    /** struct open_how has flags, mode and resolve; openat2 has this number on every architecture, and no wrapper. */
    private static final long SYS_OPENAT2 = 437;

    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_SHARED = 0x01;
    private static final int MAP_PRIVATE_ANONYMOUS = 0x22;

    private static final MethodHandle CLOSE = function("close", JAVA_INT, JAVA_INT);
    private static final MethodHandle PREAD = function("pread", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle PWRITE = function("pwrite", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle FTRUNCATE = function("ftruncate", JAVA_INT, JAVA_INT, JAVA_LONG);
    private static final MethodHandle FCHMOD = function("fchmod", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle FCHOWN = function("fchown", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle FALLOCATE =
            function("fallocate", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle FDATASYNC = function("fdatasync", JAVA_INT, JAVA_INT);
    private static final MethodHandle FSYNC = function("fsync", JAVA_INT, JAVA_INT);
    private static final MethodHandle SYNC_FILE_RANGE =
            function("sync_file_range", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
    private static final MethodHandle LSEEK = function("lseek", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle STATX =
            function("statx", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS);
    private static final MethodHandle RENAMEAT2 =
            function("renameat2", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle UNLINKAT = function("unlinkat", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle MKDIRAT = function("mkdirat", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle GETDENTS64 = function("getdents64", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
    private static final MethodHandle READLINK = function("readlink", JAVA_LONG, ADDRESS, ADDRESS, JAVA_LONG);
    private static final MethodHandle MMAP =
            function("mmap", ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);
    private static final MethodHandle MUNMAP = function("munmap", JAVA_INT, ADDRESS, JAVA_LONG);
    private static final MethodHandle FSTATFS = function("fstatfs", JAVA_INT, JAVA_INT, ADDRESS);
    private static final MethodHandle GETEUID = function("geteuid", JAVA_INT);
    private static final MethodHandle GETPAGESIZE = function("getpagesize", JAVA_INT);

    // Variadic functions: the calling convention may differ from the first argument after the named ones.
    private static final MethodHandle OPENAT = variadic(3, "openat", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);
    private static final MethodHandle FCNTL = variadic(2, "fcntl", JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS);
    private static final MethodHandle IOCTL = variadic(2, "ioctl", JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS);
    private static final MethodHandle SYSCALL =
            variadic(1, "syscall", JAVA_LONG, JAVA_LONG, JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG);

    private LibC() {}

    /** Repeats a call for as long as signals interrupt it. */
    static long restarting(LongSupplier call) {
        long result = call.getAsLong();
        while (result == -Errno.EINTR) {
            result = call.getAsLong();
        }
        return result;
    }

    static int openat(int folder, String path, int flags, int mode) {
        MemorySegment state = STATE.get();
        try (Arena arena = Arena.ofConfined()) {
            return result(state, (int) OPENAT.invokeExact(state, folder, arena.allocateFrom(path), flags, mode));
        } catch (Throwable thrown) {
            throw propagate(thrown);
        }
    }

    static int openat2(int folder, String path, int flags, int mode, int resolve) {
        MemorySegment state = STATE.get();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment how = arena.allocateFrom(JAVA_LONG, flags, mode, resolve);
            MemorySegment name = arena.allocateFrom(path);
            long length = how.byteSize();
            return (int) result(state, (long) SYSCALL.invokeExact(state, SYS_OPENAT2, folder, name, how, length));
        } catch (Throwable thrown) {
            throw propagate(thrown);
        }
    }

    /** Must not be repeated when a signal interrupts it: Linux has given the number back by then. */
    static int close(int descriptor) {
        MemorySegment state = STATE.get();
        try {
            return result(state, (int) CLOSE.invokeExact(state, descriptor));
        } catch (Throwable thrown) {
            throw propagate(thrown);
        }
    }

    static long pread(int descriptor, MemorySegment target, long length, long offset) {
        MemorySegment state = STATE.get();
        try {
            return result(state, (long) PREAD.invokeExact(state, descriptor, target, length, offset));
        } catch (Throwable thrown) {
            throw propagate(thrown);
        }
    }

    static long pwrite(int descriptor, MemorySegment source, long length, long offset) {
        MemorySegment state = STATE.get();
        try {
            return result(state, (long) PWRITE.invokeExact(state, descriptor, source, length, offset));
        } catch (Throwable thrown) {
            throw propagate(thrown);
        }
    }

    static int ftruncate(int descriptor, long size) {
        MemorySegment state = STATE.get();
        try {
            return result(state, (int) FTRUNCATE.invokeExact(state, descriptor, size));
        } catch (Throwable thrown) {
            throw propagate(thrown);
        }
    }

    static int fchmod(int descriptor, int mode) {
        MemorySegment state = STATE.get();
        try {
            return result(state, (int) FCHMOD.invokeExact(state, descriptor, mode));
        } catch (Throwable thrown) {
            throw propagate(thrown);
        }
    }

    static int fchown(int descriptor, int user, int group) {
        MemorySegment state = STATE.get();
        try {
            return result(state, (int) FCHOWN.invokeExact(state, descriptor, user, group));
        } catch (Throwable thrown) {
            throw propagate(thrown);
        }
    }

    static int fallocate(int descriptor, int mode, long offset, long length) {
        MemorySegment state = STATE.get();
        try {
            return result(state, (int) FALLOCATE.invokeExact(state, descriptor, mode, offset, length));
        } catch (Throwable thrown) {
            throw propagate(thrown);
        }
    }

    static int fdatasync(int descriptor) {
        MemorySegment state = STATE.get();
        try {
            return result(state, (int) FDATASYNC.invokeExact(state, descriptor));
        } catch (Throwable thrown) {
            throw propagate(thrown);
        }
    }

    static int fsync(int descriptor) {
        MemorySegment state = STATE.get();
        try {
            return result(state, (int) FSYNC.invokeExact(state, descriptor));
        } catch (Throwable thrown) {
            throw propagate(thrown);
        }
    }

    static int syncFileRange(int descriptor, long offset, long length, int flags) {
        MemorySegment state = STATE.get();
        try {
            return result(state, (int) SYNC_FILE_RANGE.invokeExact(state, descriptor, offset, length, flags));
        } catch (Throwable thrown) {
            throw propagate(thrown);
        }
    }

    static long lseek(int descriptor, long offset, int whence) {
        MemorySegment state = STATE.get();
        try {
            return result(state, (long) LSEEK.invokeExact(state, descriptor, offset, whence));
        } catch (Throwable thrown) {
            throw propagate(thrown);
        }
    }

    static int fcntl(int descriptor, int command, MemorySegment flock) {
        MemorySegment state = STATE.get();
        try {
            return result(state, (int) FCNTL.invokeExact(state, descriptor, command, flock));
        } catch (Throwable thrown) {
            throw propagate(thrown);
        }
    }

    static int ioctl(int descriptor, long request, MemorySegment argument) {
        MemorySegment state = STATE.get();
        try {
            return result(state, (int) IOCTL.invokeExact(state, descriptor, request, argument));
        } catch (Throwable thrown) {
            throw propagate(thrown);
        }
    }

    static int statx(int folder, String path, int flags, int mask, MemorySegment status) {
        MemorySegment state = STATE.get();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(path);
            return result(state, (int) STATX.invokeExact(state, folder, name, flags, mask, status));
        } catch (Throwable thrown) {
            throw propagate(thrown);
        }
    }

    static int renameat2(int folder, String from, String to, int flags) {
        MemorySegment state = STATE.get();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment source = arena.allocateFrom(from);
            MemorySegment target = arena.allocateFrom(to);
            return result(state, (int) RENAMEAT2.invokeExact(state, folder, source, folder, target, flags));
        } catch (Throwable thrown) {
            throw propagate(thrown);
        }
    }

    static int unlinkat(int folder, String name) {
        MemorySegment state = STATE.get();
        try (Arena arena = Arena.ofConfined()) {
            return result(state, (int) UNLINKAT.invokeExact(state, folder, arena.allocateFrom(name), 0));
        } catch (Throwable thrown) {
            throw propagate(thrown);
        }
    }

    static int mkdirat(int folder, String name, int mode) {
        MemorySegment state = STATE.get();
        try (Arena arena = Arena.ofConfined()) {
            return result(state, (int) MKDIRAT.invokeExact(state, folder, arena.allocateFrom(name), mode));
        } catch (Throwable thrown) {
            throw propagate(thrown);
        }
    }

    static long getdents64(int folder, MemorySegment entries) {
        MemorySegment state = STATE.get();
        try {
            return result(state, (long) GETDENTS64.invokeExact(state, folder, entries, entries.byteSize()));
        } catch (Throwable thrown) {
            throw propagate(thrown);
        }
    }

    static long readlink(String path, MemorySegment target) {
        MemorySegment state = STATE.get();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(path);
            return result(state, (long) READLINK.invokeExact(state, name, target, target.byteSize()));
        } catch (Throwable thrown) {
            throw propagate(thrown);
        }
    }

    static int fstatfs(int descriptor, MemorySegment status) {
        MemorySegment state = STATE.get();
        try {
            return result(state, (int) FSTATFS.invokeExact(state, descriptor, status));
        } catch (Throwable thrown) {
            throw propagate(thrown);
        }
    }

    /**
     * Maps zero pages, which the closing of the arena unmaps.
     *
     * @throws OutOfMemoryError if the kernel refuses
     */
    static MemorySegment mmapAnonymous(long length, Arena arena) {
        return mmap(MAP_PRIVATE_ANONYMOUS, -1, length, arena);
    }

    /** Maps a file from its beginning, as it is and will be; as {@link #mmapAnonymous} else. */
    static MemorySegment mmapShared(int descriptor, long length, Arena arena) {
        return mmap(MAP_SHARED, descriptor, length, arena);
    }

    private static MemorySegment mmap(int flags, int descriptor, long length, Arena arena) {
        MemorySegment state = STATE.get();
        try {
            MemorySegment mapped = (MemorySegment)
                    MMAP.invokeExact(state, MemorySegment.NULL, length, PROT_READ_WRITE, flags, descriptor, 0L);
            if (mapped.address() == -1) {
                int errno = (int) ERRNO.get(state, 0L);
                throw new OutOfMemoryError("cannot map memory: %s: bytes=%d".formatted(Errno.message(errno), length));
            }
            return owned(mapped, length, arena);
        } catch (Throwable thrown) {
            throw propagate(thrown);
        }
    }

    static int geteuid() {
        MemorySegment state = STATE.get();
        try {
            return (int) GETEUID.invokeExact(state);
        } catch (Throwable thrown) {
            throw propagate(thrown);
        }
    }

    static int getpagesize() {
        MemorySegment state = STATE.get();
        try {
            return (int) GETPAGESIZE.invokeExact(state);
        } catch (Throwable thrown) {
            throw propagate(thrown);
        }
    }

    private static MemorySegment owned(MemorySegment mapped, long length, Arena arena) {
        boolean done = false;
        try {
            MemorySegment owned = mapped.reinterpret(length, arena, segment -> munmap(segment, length));
            done = true;
            return owned;
        } finally {
            if (!done) {
                munmap(mapped, length);
            }
        }
    }

    private static void munmap(MemorySegment mapped, long length) {
        MemorySegment state = STATE.get();
        try {
            int _ = (int) MUNMAP.invokeExact(state, mapped, length);
        } catch (Throwable thrown) {
            throw propagate(thrown);
        }
    }

    private static long result(MemorySegment state, long returned) {
        return returned == -1 ? -(int) ERRNO.get(state, 0L) : returned;
    }

    private static int result(MemorySegment state, int returned) {
        return returned == -1 ? -(int) ERRNO.get(state, 0L) : returned;
    }

    private static RuntimeException propagate(Throwable thrown) {
        if (thrown instanceof Error error) {
            throw error;
        }
        return thrown instanceof RuntimeException unchecked ? unchecked : new IllegalStateException(thrown);
    }

    private static MethodHandle function(String name, MemoryLayout result, MemoryLayout... arguments) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow(name),
                FunctionDescriptor.of(result, arguments),
                Linker.Option.captureCallState("errno"));
    }

    private static MethodHandle variadic(int named, String name, MemoryLayout result, MemoryLayout... arguments) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow(name),
                FunctionDescriptor.of(result, arguments),
                Linker.Option.captureCallState("errno"),
                Linker.Option.firstVariadicArg(named));
    }
}
