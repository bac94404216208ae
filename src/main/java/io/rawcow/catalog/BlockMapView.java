package io.rawcow.catalog;

import io.rawcow.image.BlockMap;
import io.rawcow.image.LiveImage;
import java.util.List;

/** An image as a row of equal parts, as the REST interface shows it; {@code openapi.yaml} has the meanings. */
public record BlockMapView(
        String image,
        long size,
        int sectorSize,
        int cells,
        long cellSize,
        List<Double> allocated,
        List<Double> guest,
        List<Double> zero,
        List<Integer> copying) {

    static BlockMapView of(String image, LiveImage live, BlockMap map) {
        return new BlockMapView(
                image,
                live.sizeBytes(),
                live.geometry().sectorSize(),
                map.allocated().size(),
                map.cellSize(),
                map.allocated(),
                map.guest(),
                map.zero(),
                map.copying());
    }
}
