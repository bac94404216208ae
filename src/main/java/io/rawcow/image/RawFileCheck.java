package io.rawcow.image;

import io.rawcow.block.BlockException;
import io.rawcow.block.ByteRange;
import io.rawcow.block.Extent;
import io.rawcow.block.HoleMap;
import io.rawcow.format.AllocationBitmap;
import io.rawcow.format.Geometry;
import io.rawcow.format.SidecarState;
import io.rawcow.image.CheckReport.Severity;
import io.rawcow.posix.FileStatus;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.PosixException;
import org.jspecify.annotations.Nullable;

/** Holds a raw file to its image's size and bits. */
final class RawFileCheck {
    /** What file systems give space in, mostly: a clear sector in a grain with a set one takes no space of its own. */
    private static final int GRAIN = 4096;

    private final Geometry geometry;
    private final @Nullable AllocationBitmap bitmap;
    private final OpenFile raw;
    private final Findings findings;

    /** @param bitmap null if it cannot be read */
    RawFileCheck(Geometry geometry, @Nullable AllocationBitmap bitmap, OpenFile raw, Findings findings) {
        this.geometry = geometry;
        this.bitmap = bitmap;
        this.raw = raw;
        this.findings = findings;
    }

    void run(FileStatus now, SidecarState state) {
        checkSize(now, state);
        boolean preallocated = now.isDevice() || now.allocatedBytes() >= geometry.size();
        if (state == SidecarState.COW && bitmap != null && !preallocated) {
            try {
                checkClearSectors(bitmap);
            } catch (PosixException e) {
                findings.unchecked("file_unreadable", BlockException.of(e, "raw file"));
            }
        }
    }

    private void checkSize(FileStatus now, SidecarState state) {
        String sizes = "bytes=%d size=%d path=%s".formatted(now.size(), geometry.size(), raw.path());
        if (now.size() > geometry.size()) {
            findings.add(Severity.CORRUPTION, "raw_file_long", "the raw file is longer than its image: " + sizes, null);
        } else if (now.size() < geometry.size()) {
            boolean lost = state == SidecarState.STANDALONE || now.isDevice() || holdsBitsFrom(now.size());
            findings.add(
                    lost ? Severity.CORRUPTION : Severity.NOTE,
                    "raw_file_short",
                    (lost
                                    ? "the raw file is shorter than what is in it: "
                                    : "the raw file is shorter than its image; opening it extends it: ")
                            + sizes,
                    now.size());
        }
    }

    private boolean holdsBitsFrom(long offset) {
        return bitmap == null || bitmap.nextAllocated(geometry.sectorAt(offset)) < geometry.sectorCount();
    }

    /** Bytes there mean nothing: a stream that was cut off leaves them, and another one writes them again. */
    private void checkClearSectors(AllocationBitmap bits) throws PosixException {
        var holes = new HoleMap(raw);
        long bytes = 0;
        long first = -1;
        for (long sector = bits.nextUnallocated(0); sector < bits.sectorCount(); ) {
            long end = bits.nextAllocated(sector);
            ByteRange run = geometry.bytesOf(sector, end);
            long grainsStart = (run.offset() + GRAIN - 1) / GRAIN * GRAIN;
            long grainsEnd = end == bits.sectorCount() ? run.end() : run.end() / GRAIN * GRAIN;
            for (long at = grainsStart; at < grainsEnd; ) {
                Extent extent = holes.extentAt(at, grainsEnd);
                if (!extent.zero()) {
                    bytes += extent.range().length();
                    first = first < 0 ? at : first;
                }
                at = extent.range().end();
            }
            sector = bits.nextUnallocated(end);
        }
        if (bytes > 0) {
            findings.add(
                    Severity.NOTE,
                    "data_under_clear_bits",
                    "the raw file has bytes where the backing answers; they mean nothing: bytes=%d path=%s"
                            .formatted(bytes, raw.path()),
                    first);
        }
    }
}
