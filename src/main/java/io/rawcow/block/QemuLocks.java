package io.rawcow.block;

import io.rawcow.posix.Errno;
import io.rawcow.posix.LockHolders;
import io.rawcow.posix.LockMode;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.PosixException;
import org.jspecify.annotations.Nullable;

/**
 * The locks that QEMU and rawcow tell each other by who uses a file, and how.
 *
 * <p>QEMU (block/file-posix.c, docs/system/qemu-block-drivers: image locking) takes a shared lock on byte 100 + i for
 * each permission i it uses and on byte 200 + i for each it does not share; then it tests the other side of each: one
 * that would conflict belongs to somebody else. Permissions: 0 consistent read, 1 write, 3 resize.
 */
public final class QemuLocks {
    private static final int USED = 100;
    private static final int NOT_SHARED = 200;
    private static final int CONSISTENT_READ = 0;
    private static final int WRITE = 1;
    private static final int RESIZE = 3;

    private QemuLocks() {}

    /**
     * Claims a raw file: nobody else may write it, nor read it while part of it is still in the backing.
     *
     * @param standalone true if the raw file holds everything, so that others may read it
     * @throws BlockException IMAGE_LOCKED if somebody else uses the file; then nothing is held
     */
    public static void claimRawFile(OpenFile file, boolean standalone) throws BlockException {
        int[] used = {CONSISTENT_READ, WRITE};
        int[] notShared = standalone ? new int[] {WRITE, RESIZE} : new int[] {CONSISTENT_READ, WRITE, RESIZE};
        claim(file, "raw file", used, notShared);
    }

    /** Lets others read the raw file: it holds everything now. */
    public static void shareStandalone(OpenFile file) throws BlockException {
        try {
            file.unlock(NOT_SHARED + CONSISTENT_READ, 1);
        } catch (PosixException e) {
            throw BlockException.of(e, "raw file");
        }
    }

    /**
     * Claims a backing: others may read it, nobody may write it.
     *
     * @return false if its file system has no locks, so that a writer cannot be noticed
     */
    public static boolean claimBacking(OpenFile file) throws BlockException {
        try {
            claim(file, "backing", new int[] {CONSISTENT_READ}, new int[] {WRITE, RESIZE});
            return true;
        } catch (BlockException e) {
            if (e.errno() == Errno.ENOLCK) {
                return false;
            }
            throw e;
        }
    }

    /** Claims a sidecar for this open alone. */
    public static void claimSidecar(OpenFile file) throws BlockException {
        try {
            if (!file.tryLock(LockMode.EXCLUSIVE, 0, 0)) {
                throw inUse(file, "sidecar", "lock");
            }
        } catch (PosixException e) {
            throw BlockException.of(e, "sidecar");
        }
    }

    /** Whether somebody has the sidecar claimed; takes nothing. */
    public static boolean isSidecarClaimed(OpenFile file) throws BlockException {
        try {
            return file.wouldConflict(LockMode.EXCLUSIVE, 0, 0);
        } catch (PosixException e) {
            throw BlockException.of(e, "sidecar");
        }
    }

    private static void claim(OpenFile file, String what, int[] used, int[] notShared) throws BlockException {
        try {
            String refused = firstRefused(file, used, notShared);
            if (refused != null) {
                // Before the others are looked for: with locks of its own this file would be named too.
                release(file);
                throw inUse(file, what, refused);
            }
        } catch (PosixException e) {
            release(file);
            throw BlockException.of(e, what);
        }
    }

    /** Takes all locks, then tests them against those of others; the permission that meets one, null if none does. */
    private static @Nullable String firstRefused(OpenFile file, int[] used, int[] notShared) throws PosixException {
        for (int permission : used) {
            if (!file.tryLock(LockMode.SHARED, USED + permission, 1)) {
                return nameOf(permission);
            }
        }
        for (int permission : notShared) {
            if (!file.tryLock(LockMode.SHARED, NOT_SHARED + permission, 1)) {
                return nameOf(permission);
            }
        }
        for (int permission : used) {
            if (file.wouldConflict(LockMode.EXCLUSIVE, NOT_SHARED + permission, 1)) {
                return nameOf(permission);
            }
        }
        for (int permission : notShared) {
            if (file.wouldConflict(LockMode.EXCLUSIVE, USED + permission, 1)) {
                return nameOf(permission);
            }
        }
        return null;
    }

    private static void release(OpenFile file) {
        try {
            file.unlock(USED, 2 * USED);
        } catch (PosixException e) {
            // The descriptor is about to be closed by the caller, which releases them too.
            return;
        }
    }

    private static String nameOf(int permission) {
        return switch (permission) {
            case CONSISTENT_READ -> "consistent read";
            case WRITE -> "write";
            default -> "resize";
        };
    }

    private static BlockException inUse(OpenFile file, String what, String permission) {
        String holder;
        try {
            holder = LockHolders.describe(file.status().identity());
        } catch (PosixException e) {
            holder = "another process";
        }
        return new BlockException(
                        FaultKind.IMAGE_LOCKED,
                        "cannot lock %s: %s has it open and does not share \"%s\": path=%s"
                                .formatted(what, holder, permission, file.path()))
                .withAction("close it there, then try again");
    }
}
