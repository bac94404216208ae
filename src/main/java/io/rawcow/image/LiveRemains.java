package io.rawcow.image;

import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import io.rawcow.format.AllocationBitmap;
import io.rawcow.format.Geometry;
import io.rawcow.format.LastingMemory;
import io.rawcow.posix.Access;
import io.rawcow.posix.Errno;
import io.rawcow.posix.FileStatus;
import io.rawcow.posix.FileType;
import io.rawcow.posix.Folder;
import io.rawcow.posix.LockMode;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.PosixException;
import io.rawcow.posix.User;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * The live file of a process that has died, locked and held to everything it should be. Its bits are believed all or
 * not at all. For one thread.
 */
final class LiveRemains implements AutoCloseable {
    private static final int OTHERS = 0077;
    /** A process that is being killed gives up the sidecar before its live file, which is mapped. */
    private static final Duration DYING = Duration.ofSeconds(2);

    private static final Duration PAUSE = Duration.ofMillis(20);

    private final LiveFolder folder;
    private final LiveIdentity identity;
    private final OpenFile file;

    private LiveRemains(LiveFolder folder, LiveIdentity identity, OpenFile file) {
        this.folder = folder;
        this.identity = identity;
        this.file = file;
    }

    /**
     * Finds the live file that a sidecar names.
     *
     * @throws BlockException ANSWERED_WRITES_LOST if there is none, or not the very one; IMAGE_LOCKED if somebody holds
     *     it; of I/O if the kernel has not the means to open it now
     */
    static LiveRemains find(LiveFolder folder, LiveIdentity identity) throws BlockException {
        try {
            Optional<OpenFile> found = folder.find(in -> open(in, identity, Access.READ_WRITE_NO_FOLLOW));
            if (found.isEmpty()) {
                throw lost(identity, noneIn(folder));
            }
            return claim(folder, identity, found.get());
        } catch (PosixException e) {
            throw isPassing(e.errno())
                    ? BlockException.of(e, "live file")
                    : lost(identity, "its live file cannot be used: " + e.getMessage());
        } catch (BlockException e) {
            // The folder is not one that live files are believed in.
            throw e.kind() == FaultKind.INVALID_VALUE ? lost(identity, String.valueOf(e.getMessage())) : e;
        }
    }

    private static String noneIn(LiveFolder folder) {
        return "there is no live file: folder=" + folder.path();
    }

    /** Whether the same call may well succeed in a minute: nothing is lost then. */
    private static boolean isPassing(int errno) {
        return switch (errno) {
            case Errno.EMFILE, Errno.ENFILE, Errno.ENOMEM, Errno.EINTR, Errno.EAGAIN, Errno.ENOLCK -> true;
            default -> false;
        };
    }

    private static LiveRemains claim(LiveFolder folder, LiveIdentity identity, OpenFile file)
            throws PosixException, BlockException {
        boolean claimed = false;
        try {
            if (!lock(file)) {
                throw new BlockException(
                                FaultKind.IMAGE_LOCKED,
                                "cannot open image: somebody holds its live file: path=" + file.path())
                        .withAction("wait until the process that served it has ended");
            }
            requireAgreeing(file, identity);
            claimed = true;
            return new LiveRemains(folder, identity, file);
        } finally {
            if (!claimed) {
                file.close();
            }
        }
    }

    private static boolean lock(OpenFile file) throws PosixException {
        long start = System.nanoTime();
        while (!file.tryLock(LockMode.EXCLUSIVE, 0, 0)) {
            if (System.nanoTime() - start > DYING.toNanos()
                    || Thread.currentThread().isInterrupted()) {
                return false;
            }
            LockSupport.parkNanos(PAUSE.toNanos());
        }
        return true;
    }

    /**
     * Only looks: what would stand in the way of adopting the live file that a sidecar names; empty if nothing but its
     * bits could.
     */
    static Optional<String> obstacle(LiveFolder folder, LiveIdentity identity) {
        try {
            Optional<OpenFile> found = folder.find(in -> open(in, identity, Access.READ));
            if (found.isEmpty()) {
                return Optional.of(noneIn(folder));
            }
            try (OpenFile file = found.get()) {
                requireAgreeing(file, identity);
                return Optional.empty();
            }
        } catch (PosixException | BlockException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    private static Optional<OpenFile> open(Folder in, LiveIdentity identity, Access access)
            throws PosixException, BlockException {
        OpenFile file;
        try {
            file = in.open(identity.fileName(), access);
        } catch (PosixException e) {
            if (e.errno() == Errno.ENOENT) {
                return Optional.empty();
            }
            throw e;
        }
        boolean ours = false;
        try {
            ours = isOurs(in, file.status());
        } finally {
            if (!ours) {
                file.close();
            }
        }
        if (!ours) {
            throw lost(identity, "its live file is not one that this user alone could have made");
        }
        return Optional.of(file);
    }

    private static boolean isOurs(Folder in, FileStatus status) throws PosixException {
        return status.type() == FileType.REGULAR
                && status.links() == 1
                && status.owner() == User.effectiveId()
                && (status.permissions() & OTHERS) == 0
                && status.identity().device()
                        == in.status(".").orElseThrow().identity().device();
    }

    private static void requireAgreeing(OpenFile file, LiveIdentity identity) throws PosixException, BlockException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment header = LiveHeader.read(file, arena);
            String text = LiveHeader.text(header);
            if (text == null || file.status().size() != LiveHeader.fileBytes(identity.geometry())) {
                throw lost(identity, "its live file is not whole");
            }
            if (!text.startsWith(identity.text())) {
                throw lost(identity, "its live file belongs to other files: " + identity.difference(text));
            }
            if (LiveHeader.isPoisoned(header)) {
                throw lost(identity, "a sync failed before the process died");
            }
        }
    }

    static BlockException lost(LiveIdentity identity, String why) {
        return new BlockException(
                        FaultKind.ANSWERED_WRITES_LOST,
                        "cannot open image: writes were answered whose bits are gone: %s: nonce=%s"
                                .formatted(why, identity.nonce()))
                .withAction("if another user served it, or with another rawcow.live.folder, open it so (on the command"
                        + " line --live); else accept the loss (acceptLostWrites, on the command line"
                        + " --accept-lost-writes): what was not flushed may be old or new");
    }

    // ---- its bits

    private interface StepVisitor {
        void visit(int step, MemorySegment bits) throws BlockException;
    }

    private void forEachStep(StepVisitor visitor) throws BlockException {
        Geometry geometry = identity.geometry();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment header = arena.allocate(LiveHeader.bytes(geometry), Long.BYTES);
            long _ = file.read(0, header);
            MemorySegment buffer = arena.allocate(LastingMemory.STEP_BYTES, Long.BYTES);
            for (int step = 0; step < LiveHeader.stepCount(geometry); step++) {
                if (LiveHeader.holds(header, step)) {
                    MemorySegment bits = buffer.asSlice(0, LiveHeader.stepBytes(geometry, step));
                    if (file.read(LiveHeader.stepAt(geometry, step), bits) < bits.byteSize()) {
                        throw lost(identity, "its live file is not whole");
                    }
                    visitor.visit(step, bits);
                }
            }
        } catch (PosixException e) {
            throw lost(identity, "its live file cannot be read: " + e.getMessage());
        }
    }

    private static long firstSector(int step) {
        return 8L * LastingMemory.STEP_BYTES * step;
    }

    /**
     * Adds its bits to the saved ones, which it must contain: else one of the two is from another time.
     *
     * @param saved unchanged if this fails
     * @throws BlockException ANSWERED_WRITES_LOST
     */
    void uniteWith(AllocationBitmap saved) throws BlockException {
        requireFitting(saved);
        forEachStep((step, bits) -> saved.unite(firstSector(step), bits));
    }

    private void requireFitting(AllocationBitmap saved) throws BlockException {
        long sectors = saved.sectorCount();
        try (Arena arena = Arena.ofConfined()) {
            long then = LiveHeader.saved(LiveHeader.read(file, arena));
            if (saved.allocatedCount() < then) {
                throw lost(
                        identity,
                        "the sidecar is an older one: saved=%d then=%d".formatted(saved.allocatedCount(), then));
            }
        } catch (PosixException e) {
            throw lost(identity, "its live file cannot be read: " + e.getMessage());
        }
        forEachStep((step, bits) -> {
            if (!saved.isWithin(firstSector(step), bits)) {
                throw lost(identity, "the sidecar has bits that its live file has not");
            }
            long last = bits.getAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, bits.byteSize() / Long.BYTES - 1);
            boolean cut = step == LiveHeader.stepCount(identity.geometry()) - 1 && sectors % 64 != 0;
            if (cut && last >>> (sectors % 64) != 0) {
                throw lost(identity, "its live file has bits past the last sector");
            }
        });
    }

    /** A sync has failed while its bits were being saved: the next open must know. */
    void poison() throws PosixException {
        LiveHeader.writePoison(file);
    }

    /** The sidecar does not name it any more. */
    void remove() throws BlockException {
        try {
            folder.remove(identity.fileName(), file.status().identity());
        } catch (PosixException e) {
            throw BlockException.of(e, "live file");
        }
    }

    @Override
    public void close() {
        file.close();
    }
}
