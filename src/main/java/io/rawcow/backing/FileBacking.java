package io.rawcow.backing;

import io.rawcow.block.BlockException;
import io.rawcow.block.ByteRange;
import io.rawcow.block.Extent;
import io.rawcow.block.FaultKind;
import io.rawcow.block.HoleMap;
import io.rawcow.block.QemuLocks;
import io.rawcow.posix.FileIdentity;
import io.rawcow.posix.FileStatus;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.PosixException;
import java.lang.foreign.MemorySegment;

/** A raw backing in a local file or block device. */
public final class FileBacking implements Backing {
    private final OpenFile file;
    private final FileStatus opened;
    private final boolean locked;
    private final HoleMap holes;

    private FileBacking(OpenFile file, FileStatus opened, boolean locked) {
        this.file = file;
        this.opened = opened;
        this.locked = locked;
        this.holes = new HoleMap(file);
    }

    /**
     * Claims the file against writers and takes ownership of it, also when this fails.
     *
     * @throws BlockException IMAGE_LOCKED if somebody has it open for writing
     */
    public static FileBacking claim(OpenFile file) throws BlockException {
        boolean claimed = false;
        try {
            boolean locked = QemuLocks.claimBacking(file);
            var backing = new FileBacking(file, file.status(), locked);
            claimed = true;
            return backing;
        } catch (PosixException e) {
            throw BlockException.of(e, "backing");
        } finally {
            if (!claimed) {
                file.close();
            }
        }
    }

    /** False if the file system has no locks: a writer would go unnoticed. */
    public boolean isLocked() {
        return locked;
    }

    public FileIdentity identity() {
        return opened.identity();
    }

    @Override
    public String name() {
        return file.path();
    }

    @Override
    public long sizeBytes() {
        return opened.size();
    }

    @Override
    public BackingPin pin() throws BlockException {
        try {
            return pinOf(file.status());
        } catch (PosixException e) {
            throw BlockException.of(e, "backing");
        }
    }

    /** A device node's time says nothing about the bytes behind it. */
    public static BackingPin pinOf(FileStatus status) {
        return new BackingPin(status.size(), status.isDevice() ? null : status.mtimeNanos());
    }

    @Override
    public void read(long offset, MemorySegment target) throws BlockException {
        if (offset < 0 || offset > opened.size() - target.byteSize()) {
            throw new BlockException(
                    FaultKind.OUT_OF_RANGE,
                    "cannot read backing past its end: offset=%d length=%d size=%d path=%s"
                            .formatted(offset, target.byteSize(), opened.size(), file.path()));
        }
        try {
            long moved = file.read(offset, target);
            if (moved < target.byteSize()) {
                throw new BlockException(
                        FaultKind.IO_ERROR,
                        "cannot read backing: it has become shorter: offset=%d size=%d path=%s"
                                .formatted(offset + moved, opened.size(), file.path()));
            }
        } catch (PosixException e) {
            throw BlockException.at(e, "backing", offset, target.byteSize());
        }
    }

    @Override
    public Extent extentAt(long offset, long limit) throws BlockException {
        try {
            // A file cut short meanwhile has no hole there: the read must come and fail.
            return file.status().size() < opened.size()
                    ? new Extent(ByteRange.between(offset, limit), false)
                    : holes.extentAt(offset, limit);
        } catch (PosixException e) {
            throw BlockException.at(e, "backing", offset, limit - offset);
        }
    }

    @Override
    public void close() {
        file.close();
    }
}
