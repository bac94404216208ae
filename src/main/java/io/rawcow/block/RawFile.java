package io.rawcow.block;

import io.rawcow.posix.Errno;
import io.rawcow.posix.FileStatus;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.PosixException;
import java.lang.foreign.MemorySegment;

/** The raw file: guest bytes at their own offsets, in a regular file or a block device. Owns its descriptor. */
public final class RawFile implements BlockDevice {
    private final OpenFile file;
    private final long sizeBytes;
    private final boolean keepsSpace;
    private final HoleMap holes;
    private volatile boolean canPunch = true;
    private volatile boolean canZeroRange = true;

    /**
     * @param sizeBytes bytes that belong to the image, at most the file's size
     * @param keepsSpace true where zeros must not give space back: the file was preallocated, or is a device
     */
    public RawFile(OpenFile file, long sizeBytes, boolean keepsSpace) {
        this.file = file;
        this.sizeBytes = sizeBytes;
        this.keepsSpace = keepsSpace;
        this.holes = new HoleMap(file);
    }

    public OpenFile file() {
        return file;
    }

    /** As it is known here, without a question to a file server: for people, not for decisions. */
    public FileStatus knownStatus() throws BlockException {
        try {
            return file.knownStatus();
        } catch (PosixException e) {
            throw BlockException.of(e, "raw file");
        }
    }

    @Override
    public long sizeBytes() {
        return sizeBytes;
    }

    @Override
    public void read(long offset, MemorySegment target) throws BlockException {
        requireInside(offset, target.byteSize());
        try {
            long moved = file.read(offset, target);
            if (moved < target.byteSize()) {
                throw new BlockException(
                        FaultKind.IO_ERROR,
                        "cannot read raw file: it is shorter than its image: offset=%d size=%d path=%s"
                                .formatted(offset + moved, sizeBytes, file.path()));
            }
        } catch (PosixException e) {
            throw BlockException.at(e, "raw file", offset, target.byteSize());
        }
    }

    @Override
    public Extent extentAt(long offset, long limit) throws BlockException {
        try {
            return holes.extentAt(offset, limit);
        } catch (PosixException e) {
            throw BlockException.at(e, "raw file", offset, limit - offset);
        }
    }

    @Override
    public void write(long offset, MemorySegment source) throws BlockException {
        requireInside(offset, source.byteSize());
        try {
            file.write(offset, source);
        } catch (PosixException e) {
            throw BlockException.at(e, "raw file", offset, source.byteSize());
        }
    }

    @Override
    public void zero(ByteRange range, Zeroing how) throws BlockException {
        requireInside(range.offset(), range.length());
        try {
            boolean keep = keepsSpace || how == Zeroing.KEEP_ALLOCATED;
            if (!(keep ? zeroRange(range) : punch(range) || zeroRange(range))) {
                writeZeros(range);
            }
        } catch (PosixException e) {
            throw BlockException.at(e, "raw file", range.offset(), range.length());
        }
    }

    @Override
    public void zeroFast(ByteRange range, Zeroing how) throws BlockException {
        requireInside(range.offset(), range.length());
        try {
            boolean keep = keepsSpace || how == Zeroing.KEEP_ALLOCATED;
            if (!(keep ? zeroRange(range) : punch(range) || zeroRange(range))) {
                throw new BlockException(
                        FaultKind.NOT_SUPPORTED, "cannot zero raw file without writing zeros: path=" + file.path());
            }
        } catch (PosixException e) {
            throw BlockException.at(e, "raw file", range.offset(), range.length());
        }
    }

    @Override
    public void trim(ByteRange range) throws BlockException {
        requireInside(range.offset(), range.length());
        try {
            if (!keepsSpace) {
                punch(range);
            }
        } catch (PosixException e) {
            throw BlockException.at(e, "raw file", range.offset(), range.length());
        }
    }

    private boolean punch(ByteRange range) throws PosixException {
        if (canPunch) {
            try {
                file.punchHole(range.offset(), range.length());
                return true;
            } catch (PosixException e) {
                requireUnsupported(e);
                canPunch = false;
            }
        }
        return false;
    }

    private boolean zeroRange(ByteRange range) throws PosixException {
        if (canZeroRange) {
            try {
                file.zeroRange(range.offset(), range.length());
                return true;
            } catch (PosixException e) {
                requireUnsupported(e);
                canZeroRange = false;
            }
        }
        return false;
    }

    private static void requireUnsupported(PosixException e) throws PosixException {
        if (e.errno() != Errno.EOPNOTSUPP && e.errno() != Errno.EINVAL) {
            throw e;
        }
    }

    private void writeZeros(ByteRange range) throws PosixException {
        for (long at = range.offset(); at < range.end(); ) {
            MemorySegment zeros = Zeros.upTo(range.end() - at);
            file.write(at, zeros);
            at += zeros.byteSize();
        }
    }

    /** Hints that the range should reach the disk soon, so that the next sync has less to do. */
    public void startWriteback(ByteRange range) {
        file.startWriteback(range.offset(), range.length());
    }

    @Override
    public void flush() throws BlockException {
        try {
            file.dataSync();
        } catch (PosixException e) {
            throw BlockException.of(e, "raw file");
        }
    }

    private void requireInside(long offset, long length) throws BlockException {
        if (offset < 0 || length < 0 || offset > sizeBytes - length) {
            throw new BlockException(
                    FaultKind.OUT_OF_RANGE,
                    "cannot reach past the end: offset=%d length=%d size=%d".formatted(offset, length, sizeBytes));
        }
    }

    @Override
    public void close() {
        file.close();
    }
}
