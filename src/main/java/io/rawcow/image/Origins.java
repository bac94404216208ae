package io.rawcow.image;

import io.rawcow.format.Geometry;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/**
 * Where in an image guests have written and zeros were made since it was opened, in sectors a cell of a coarse grid:
 * for pictures, not for decisions. It is told of a sector once, when its bit rises. Safe from many threads.
 */
final class Origins {
    private static final int CELLS = 2048;

    private final long sectorCount;
    private final long sectorsPerCell;
    private volatile @Nullable AtomicLongArray counts;

    Origins(Geometry geometry) {
        this.sectorCount = geometry.sectorCount();
        this.sectorsPerCell = (sectorCount - 1) / CELLS + 1;
    }

    /** The bits of all sectors between two rise. */
    void add(long firstSector, long endSector) {
        AtomicLongArray grid = grid();
        for (long sector = firstSector; sector < endSector; ) {
            long cell = sector / sectorsPerCell;
            long cellEnd = Math.min((cell + 1) * sectorsPerCell, endSector);
            grid.getAndAdd((int) cell, cellEnd - sector);
            sector = cellEnd;
        }
    }

    private AtomicLongArray grid() {
        AtomicLongArray grid = counts;
        if (grid == null) {
            synchronized (this) {
                grid = counts;
                if (grid == null) {
                    grid = new AtomicLongArray(CELLS);
                    counts = grid;
                }
            }
        }
        return grid;
    }

    /** How many sectors between two, as far as the grid can tell. */
    double between(long firstSector, long endSector) {
        AtomicLongArray grid = counts;
        if (grid == null) {
            return 0;
        }
        double sum = 0;
        for (long sector = firstSector; sector < endSector; ) {
            long cell = sector / sectorsPerCell;
            long cellEnd = Math.min((cell + 1) * sectorsPerCell, endSector);
            long cellSectors = Math.min(sectorsPerCell, sectorCount - cell * sectorsPerCell);
            sum += (double) grid.get((int) cell) * (cellEnd - sector) / cellSectors;
            sector = cellEnd;
        }
        return sum;
    }
}
