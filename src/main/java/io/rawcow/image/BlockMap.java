package io.rawcow.image;

import io.rawcow.block.ByteRange;
import io.rawcow.format.AllocationBitmap;
import io.rawcow.format.Geometry;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * An image as a row of equal parts, for pictures.
 *
 * @param cellSize bytes of every part but the last, which may be shorter
 * @param allocated of each part, the share of its sectors that the raw file answers for, from 0 to 1
 * @param guest the share that guests wrote since the image was opened, about
 * @param zero the share that was made zeros since then, about
 * @param copying the parts that are being copied, by their places from 0
 */
public record BlockMap(
        long cellSize, List<Double> allocated, List<Double> guest, List<Double> zero, List<Integer> copying) {
    /** Shares have four decimals: what differs by less looks the same. */
    private static final double PRECISION = 10_000;

    /**
     * Looks at every bit; holds nothing.
     *
     * @param cells how many parts at the most, 1 or more
     * @param copied ranges that are being copied, which whoever copies them knows
     */
    public static BlockMap of(LiveImage image, int cells, List<ByteRange> copied) {
        Overlay overlay = image.overlay();
        AllocationBitmap bitmap = overlay == null ? null : overlay.bitmap();
        Geometry geometry = image.geometry();
        ImageActivity activity = image.activity();
        long sectors = geometry.sectorCount();
        long each = (sectors - 1) / cells + 1;
        int count = Math.toIntExact((sectors - 1) / each + 1);
        List<Double> allocated = IntStream.range(0, count)
                .mapToObj(cell -> bitmap == null
                        ? Double.valueOf(1)
                        : share(
                                (double) bitmap.countAllocated(cell * each, endOf(cell, each, sectors)),
                                cell,
                                each,
                                sectors))
                .toList();
        return new BlockMap(
                each * geometry.sectorSize(),
                allocated,
                shares(activity.written(), allocated, each, sectors),
                shares(activity.zeroed(), allocated, each, sectors),
                copied.stream()
                        .flatMapToLong(range -> LongStream.rangeClosed(
                                geometry.sectorAt(range.offset()) / each, geometry.sectorAt(range.end() - 1) / each))
                        .mapToInt(Math::toIntExact)
                        .distinct()
                        .sorted()
                        .boxed()
                        .toList());
    }

    private static long endOf(int cell, long each, long sectors) {
        return Math.min(sectors, (cell + 1) * each);
    }

    /** No larger than the share that is allocated, which is exact. */
    private static List<Double> shares(Origins origins, List<Double> allocated, long each, long sectors) {
        return IntStream.range(0, allocated.size())
                .mapToObj(cell -> Math.min(
                        allocated.get(cell),
                        share(origins.between(cell * each, endOf(cell, each, sectors)), cell, each, sectors)))
                .toList();
    }

    /** 1 only for all of it, 0 only for nothing. */
    private static double share(double found, int cell, long each, long sectors) {
        long of = endOf(cell, each, sectors) - cell * each;
        if (found <= 0 || found >= of) {
            return found <= 0 ? 0 : 1;
        }
        return Math.clamp(Math.rint(found / of * PRECISION), 1, PRECISION - 1) / PRECISION;
    }
}
