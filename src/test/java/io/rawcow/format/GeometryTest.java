package io.rawcow.format;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.block.ByteRange;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Arithmetic up to the largest size, against integers that cannot overflow. */
class GeometryTest {
    private static final int SEEDS = Integer.getInteger("rawcow.seeds", 2000);

    static IntStream everySectorSize() {
        return IntStream.rangeClosed(9, 21).map(shift -> 1 << shift);
    }

    @ParameterizedTest
    @CsvSource({
        // size, sectorsize, sectors, bytes of bitmap, where the extension area starts
        "1, 512, 1, 1, 4096",
        "10000, 4096, 3, 1, 4096",
        "66060288, 4096, 16128, 2016, 4096", // header and bitmap fill a block exactly
        "66060289, 4096, 16129, 2017, 8192",
        "1099511627776, 4096, 268435456, 33554432, 33558528",
        "9223372036852678656, 512, 18014398509477888, 2251799813684736, 2251799813689344",
        "9223372036852678656, 2097152, 4398046511103, 549755813888, 549755817984",
    })
    void workedExamples(long size, int sectorSize, long sectors, long bitmapBytes, long areaOffset) {
        var geometry = new Geometry(size, sectorSize);

        assertThat(geometry.sectorCount()).isEqualTo(sectors);
        assertThat(geometry.bitmapBytes()).isEqualTo(bitmapBytes);
        assertThat(geometry.areaOffset()).isEqualTo(areaOffset);
        assertThat(geometry.fileBytes()).isEqualTo(areaOffset + 8192);
    }

    @ParameterizedTest
    @MethodSource("everySectorSize")
    void countsAndOffsetsAgreeWithUnboundedIntegers(int sectorSize) {
        for (long size : sizesAround(sectorSize)) {
            var geometry = new Geometry(size, sectorSize);
            BigInteger sectors = ceilDivide(big(size), big(sectorSize));
            BigInteger bitmapBytes = ceilDivide(sectors, big(8));
            BigInteger area = ceilDivide(bitmapBytes.add(big(2080)), big(4096)).multiply(big(4096));

            assertThat(big(geometry.sectorCount())).as("sectors of %d", size).isEqualTo(sectors);
            assertThat(big(geometry.bitmapBytes())).isEqualTo(bitmapBytes);
            assertThat(big(geometry.areaOffset())).isEqualTo(area);
            assertThat(big(geometry.fileBytes())).isEqualTo(area.add(big(8192)));
            assertThat(geometry.offsetOf(geometry.sectorCount())).isEqualTo(size);
            assertThat(geometry.sectorAt(size - 1)).isEqualTo(geometry.sectorCount() - 1);
            assertThat(geometry.sectorAfter(size)).isEqualTo(geometry.sectorCount());
        }
    }

    @ParameterizedTest
    @MethodSource("everySectorSize")
    void rangesAreWidenedToWholeSectorsAndCutAtTheSize(int sectorSize) {
        var random = new SplittableRandom(sectorSize);
        for (long size : sizesAround(sectorSize)) {
            var geometry = new Geometry(size, sectorSize);
            for (int i = 0; i < SEEDS / 100; i++) {
                long offset = random.nextLong(size);
                long end = random.nextLong(offset, size) + 1;
                BigInteger unit = big(sectorSize);
                BigInteger first = big(offset).divide(unit).multiply(unit);
                BigInteger last = ceilDivide(big(end), unit).multiply(unit).min(big(size));

                ByteRange wide = geometry.alignOut(ByteRange.between(offset, end));

                assertThat(big(wide.offset())).isEqualTo(first);
                assertThat(big(wide.end())).isEqualTo(last);
                assertThat(big(geometry.sectorAfter(offset))).isEqualTo(ceilDivide(big(offset), unit));
            }
        }
    }

    @Test
    void theLargestSizeLeavesRoomToRoundUpToAnySector() {
        assertThat(big(SidecarHeader.MAX_SIZE)).isEqualTo(big(1).shiftLeft(63).subtract(big(1 << 21)));
    }

    private static List<Long> sizesAround(int sectorSize) {
        var sizes = new ArrayList<>(List.of(1L, SidecarHeader.MAX_SIZE, SidecarHeader.MAX_SIZE - 1));
        var random = new SplittableRandom(sectorSize);
        for (int shift = 9; shift < 63; shift += 3) {
            long round = 1L << shift;
            sizes.addAll(List.of(round - 1, round, round + 1, random.nextLong(round, 2 * (round - 1))));
        }
        // Where header and bitmap come to the end of a block.
        long fullBlock = (4096L - 2080) * 8 * sectorSize;
        sizes.addAll(List.of(fullBlock - 1, fullBlock, fullBlock + 1));
        return sizes.stream().filter(size -> size <= SidecarHeader.MAX_SIZE).toList();
    }

    private static BigInteger ceilDivide(BigInteger dividend, BigInteger divisor) {
        return dividend.add(divisor).subtract(BigInteger.ONE).divide(divisor);
    }

    private static BigInteger big(long value) {
        return BigInteger.valueOf(value);
    }
}
