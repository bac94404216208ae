package io.rawcow.image;

import io.rawcow.block.BlockException;
import io.rawcow.block.Invariant;
import io.rawcow.format.Extension.Dirty;
import io.rawcow.format.Geometry;
import io.rawcow.format.LastingMemory;
import io.rawcow.posix.Errno;
import io.rawcow.posix.FileIdentity;
import io.rawcow.posix.Folder;
import io.rawcow.posix.LockMode;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.PosixException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The bits of an open image in memory that outlives this process, so that an answered write is found again whose bit
 * was not saved yet. Setting a bit there costs what setting a bit costs. Safe from many threads; {@link #close} is for
 * when nobody sets bits any more.
 */
final class LiveFile implements LastingMemory, AutoCloseable {
    private static final int MODE = 0600;

    private final LiveFolder folder;
    private final LiveIdentity identity;
    private final OpenFile file;
    private final FileIdentity inode;
    private final Arena arena;
    private final MemorySegment memory;
    private final AtomicLong taken;

    @SuppressWarnings("MustBeClosedChecker") // closed by close()
    private LiveFile(LiveFolder folder, LiveIdentity identity, OpenFile file, long taken) throws PosixException {
        this.folder = folder;
        this.identity = identity;
        this.file = file;
        this.inode = file.status().identity();
        this.taken = new AtomicLong(taken);
        this.arena = Arena.ofShared();
        this.memory = file.map(LiveHeader.fileBytes(identity.geometry()), arena);
    }

    /**
     * Makes a live file.
     *
     * @param saved bits that are in the sidecar
     * @return null if there is no memory to be had for it
     */
    static @Nullable LiveFile create(LiveFolder folder, LiveIdentity identity, long saved, OpenFile sidecar) {
        long header = LiveHeader.bytes(identity.geometry());
        if (!folder.tryTake(header)) {
            return null;
        }
        LiveFile made = null;
        try {
            made = folder.make(in -> create(in, folder, identity, saved, sidecar.path()));
            return made;
        } catch (PosixException | BlockException _) {
            // Whatever it is: writes are answered after a round then, and no promise is lost.
            return null;
        } finally {
            if (made == null) {
                folder.giveBack(header);
            }
        }
    }

    private static LiveFile create(Folder in, LiveFolder folder, LiveIdentity identity, long saved, String path)
            throws PosixException {
        String temporary = LiveFolder.temporaryName(identity.owner());
        if (in.status(temporary).isPresent()) {
            in.unlink(temporary);
        }
        OpenFile file = in.create(temporary, MODE);
        LiveFile live = null;
        boolean made = false;
        try {
            long header = LiveHeader.bytes(identity.geometry());
            if (!file.tryLock(LockMode.EXCLUSIVE, 0, 0)) {
                throw new PosixException("lock", file.path(), Errno.EAGAIN);
            }
            file.allocate(0, header);
            file.truncate(LiveHeader.fileBytes(identity.geometry()));
            try (Arena arena = Arena.ofConfined()) {
                file.write(0, LiveHeader.encode(arena, identity, saved, path));
            }
            live = new LiveFile(folder, identity, file, header);
            in.renameNoReplace(temporary, identity.fileName());
            made = true;
            return live;
        } finally {
            if (!made) {
                if (live != null) {
                    live.arena.close();
                }
                file.close();
                in.unlink(temporary);
            }
        }
    }

    /** What the sidecar says as long as this file counts. */
    Dirty mark() {
        return new Dirty(identity.bootId(), identity.nonce());
    }

    String fileName() {
        return identity.fileName();
    }

    @Override
    public @Nullable MemorySegment take(int step, long bytes) {
        Geometry geometry = identity.geometry();
        Invariant.hold(bytes == LiveHeader.stepBytes(geometry, step), "bytes of step %d: %d", step, bytes);
        if (!folder.tryTake(bytes)) {
            return null;
        }
        try {
            file.allocate(LiveHeader.stepAt(geometry, step), bytes);
            taken.addAndGet(bytes);
            return memory.asSlice(LiveHeader.stepAt(geometry, step), bytes);
        } catch (PosixException _) {
            folder.giveBack(bytes);
            return null;
        }
    }

    @Override
    public void holds(int step) {
        LiveHeader.setHolds(memory, step);
    }

    /** So many bits are in the sidecar for good, at the least. */
    void saved(long bits) {
        LiveHeader.setSaved(memory, bits);
    }

    /** A sync has failed: the next open must know. */
    void poison() {
        LiveHeader.setPoison(memory);
    }

    /** Takes its name away: the sidecar does not need it any more. */
    void remove() {
        folder.remove(identity.fileName(), inode);
    }

    /** Gives the memory back to the kernel, if the file was removed, and to the budget. */
    @Override
    public void close() {
        arena.close();
        file.close();
        folder.giveBack(taken.getAndSet(0));
    }
}
