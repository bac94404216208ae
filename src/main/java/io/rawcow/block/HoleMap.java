package io.rawcow.block;

import io.rawcow.posix.Errno;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.PosixException;

/** Tells data from holes in an open file, with SEEK_DATA and SEEK_HOLE. Safe from many threads. */
public final class HoleMap {
    private final OpenFile file;
    /** Set for good once the file has shown that it cannot tell: then everything is data. */
    private volatile boolean blind;

    public HoleMap(OpenFile file) {
        this.file = file;
    }

    /** The extent that begins at {@code offset} and ends at {@code limit} at the latest; past the end is a hole. */
    public Extent extentAt(long offset, long limit) throws PosixException {
        if (blind) {
            return new Extent(ByteRange.between(offset, limit), false);
        }
        try {
            long data = file.nextData(offset);
            if (data < 0 || data >= limit) {
                return new Extent(ByteRange.between(offset, limit), true);
            }
            if (data > offset) {
                return new Extent(ByteRange.between(offset, data), true);
            }
            long hole = Math.min(file.nextHole(offset), limit);
            return new Extent(ByteRange.between(offset, hole), false);
        } catch (PosixException e) {
            // Devices and some file systems answer so: they know of no holes.
            if (e.errno() == Errno.EINVAL || e.errno() == Errno.EOPNOTSUPP) {
                blind = true;
                return new Extent(ByteRange.between(offset, limit), false);
            }
            throw e;
        }
    }
}
