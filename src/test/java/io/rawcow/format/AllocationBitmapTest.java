package io.rawcow.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AllocationBitmapTest {
    private static final int SEEDS = Integer.getInteger("rawcow.seeds", 2000);

    @ParameterizedTest
    @CsvSource({
        // sectors, first, end, bytes of the file
        "3, 0, 1, 01",
        "3, 0, 3, 07",
        "8, 7, 8, 80",
        "10, 8, 10, 00 03",
        "20, 3, 13, F8 1F 00",
        "100, 60, 70, 00 00 00 00 00 00 00 F0 3F 00 00 00 00",
        "64, 0, 64, FF FF FF FF FF FF FF FF",
    })
    void bitsStandWhereTheFormatPutsThem(long sectors, long first, long end, String hex) {
        var bitmap = empty(sectors);

        bitmap.markAllocated(first, end);

        assertThat(hexOf(bitmap.takeUnsaved())).isEqualTo(hex);
    }

    @Test
    void countAgreesWithASetOfBits() {
        for (long seed = 0; seed < SEEDS; seed++) {
            var random = new SplittableRandom(seed);
            int sectors = random.nextInt(1, 500);
            var bitmap = empty(sectors);
            var model = new BitSet();
            for (int step = 0; step < 5; step++) {
                int first = random.nextInt(sectors);
                int end = random.nextInt(first, sectors) + 1;
                bitmap.markAllocated(first, end);
                model.set(first, end);
            }
            int first = random.nextInt(sectors);
            int end = random.nextInt(first, sectors) + 1;
            assertThat(bitmap.countAllocated(first, end))
                    .as("seed=%d", seed)
                    .isEqualTo(model.get(first, end).cardinality());
        }
    }

    @Test
    void countGoesOnFromStepToStep() {
        long step = 8L * LastingMemory.STEP_BYTES;
        var bitmap = empty(3 * step);
        bitmap.markAllocated(step - 3, step + 5);
        bitmap.markAllocated(3 * step - 1, 3 * step);

        assertThat(bitmap.countAllocated(0, 3 * step)).isEqualTo(9);
        assertThat(bitmap.countAllocated(step - 1, 2 * step)).isEqualTo(6);
        assertThat(bitmap.countAllocated(step, step + 1)).isEqualTo(1);

        bitmap.release();
        assertThat(bitmap.countAllocated(0, 3 * step)).isEqualTo(3 * step);
    }

    private static String hexOf(BitmapPages pages) {
        byte[] bytes = pages.pages().getFirst().bytes().toArray(ValueLayout.JAVA_BYTE);
        return HexFormat.ofDelimiter(" ").withUpperCase().formatHex(bytes);
    }

    @Test
    void agreesWithASetOfBitsThatSawTheSame() {
        for (long seed = 0; seed < SEEDS; seed++) {
            var random = new SplittableRandom(seed);
            int sectors = random.nextInt(1, 400);
            var bitmap = empty(sectors);
            var model = new BitSet();
            for (int step = 0; step < 10; step++) {
                int first = random.nextInt(sectors);
                int end = random.nextInt(first, sectors) + 1;
                int before = model.cardinality();
                model.set(first, end);

                assertThat(bitmap.markAllocated(first, end)).isEqualTo(model.cardinality() - before);
                requireSame(bitmap, model, "seed " + seed);
            }
        }
    }

    private static void requireSame(AllocationBitmap bitmap, BitSet model, String seed) {
        int sectors = (int) bitmap.sectorCount();
        assertThat(bitmap.allocatedCount()).as(seed).isEqualTo(model.cardinality());
        assertThat(bitmap.isComplete()).as(seed).isEqualTo(model.cardinality() == sectors);
        for (int sector = 0; sector < sectors; sector++) {
            int set = model.nextSetBit(sector);
            assertThat(bitmap.isAllocated(sector)).as(seed).isEqualTo(model.get(sector));
            assertThat(bitmap.nextAllocated(sector)).as(seed).isEqualTo(set < 0 ? sectors : set);
            assertThat(bitmap.nextUnallocated(sector))
                    .as(seed)
                    .isEqualTo(Math.min(model.nextClearBit(sector), sectors));
            assertThat(bitmap.areAllocated(sector, sectors))
                    .as(seed)
                    .isEqualTo(model.get(sector, sectors).cardinality() == sectors - sector);
        }
    }

    @Test
    void whatIsTakenIsExactlyThePagesThatChanged() {
        for (long seed = 0; seed < SEEDS / 100; seed++) {
            var random = new SplittableRandom(seed);
            int sectors = random.nextInt(1, 300_000);
            var bitmap = empty(sectors);
            var saved = new Saved(sectors);
            for (int step = 0; step < 20; step++) {
                int first = random.nextInt(sectors);
                int end = Math.min(sectors, first + random.nextInt(1, 40_000));
                bitmap.markAllocated(first, end);
                assertThat(bitmap.mayBeUnsaved(first)).isTrue();

                BitmapPages taken = bitmap.takeUnsaved();

                assertThat(taken.pages())
                        .as("seed %d", seed)
                        .hasSize((end - 1) / (8 * 4096) - first / (8 * 4096) + 1)
                        .allMatch(page -> page.offset() + page.bytes().byteSize() <= (sectors + 7) / 8);
                if (random.nextBoolean()) {
                    bitmap.restoreUnsaved(taken);
                    taken = bitmap.takeUnsaved();
                }
                assertThat(bitmap.mayBeUnsaved(first)).isTrue();
                saved.write(taken);
                bitmap.saved(taken);
                assertThat(bitmap.hasUnsaved()).isFalse();
                requireSaved(saved, bitmap, "seed " + seed);
            }
        }
    }

    @Test
    void aCopyDoesNotChangeWithTheBitmap() {
        var bitmap = empty(16);
        bitmap.markAllocated(0, 1);
        BitmapPages taken = bitmap.takeUnsaved();

        bitmap.markAllocated(1, 16);

        assertThat(hexOf(taken)).isEqualTo("01 00");
    }

    @Test
    void noBitIsLostBetweenThreadsThatSetAndOneThatSaves() throws Exception {
        int sectors = 8 * 4096 * 5 + 777;
        var bitmap = empty(sectors);
        var saved = new Saved(sectors);
        var marking = new AtomicBoolean(true);
        try (var pool = Executors.newFixedThreadPool(4)) {
            Future<?> saver = pool.submit(() -> {
                while (marking.get()) {
                    BitmapPages taken = bitmap.takeUnsaved();
                    if (taken.pages().size() % 3 == 1) {
                        bitmap.restoreUnsaved(taken); // as after a failed write
                    } else {
                        saved.write(taken);
                        bitmap.saved(taken);
                    }
                }
                return null;
            });
            long raised = 0;
            for (Future<Long> marker : pool.invokeAll(markers(bitmap, 3))) {
                raised += marker.get();
            }
            marking.set(false);
            saver.get();

            assertThat(raised).isEqualTo(bitmap.allocatedCount());
        }

        saved.write(bitmap.takeUnsaved());

        assertThat(bitmap.allocatedCount()).isGreaterThan(sectors / 2);
        requireSaved(saved, bitmap, "");
    }

    /** A guest that finds a bit set writes past it and flushes, whether or not the one who sets it has come further. */
    @Test
    void whatIsSeenIsSavedByTheNextRound() throws Exception {
        int sectors = 8 * AllocationBitmap.PAGE_BYTES;
        for (int round = 0; round < SEEDS; round++) {
            var bitmap = empty(sectors);
            var saved = new Saved(sectors);
            try (var pool = Executors.newSingleThreadExecutor()) {
                Future<?> setter = pool.submit(() -> bitmap.markAllocated(0, sectors));
                for (boolean over = false; !over; ) {
                    over = setter.isDone();
                    long seen = bitmap.nextUnallocated(0);
                    BitmapPages taken = bitmap.takeUnsaved();
                    saved.write(taken);
                    bitmap.saved(taken);
                    assertThat(seen == 0 || saved.get((int) seen - 1))
                            .as("round %d, bit %d", round, seen - 1)
                            .isTrue();
                }
            }
        }
    }

    private static List<Callable<Long>> markers(AllocationBitmap bitmap, int count) {
        List<Callable<Long>> markers = new ArrayList<>();
        for (int marker = 0; marker < count; marker++) {
            var random = new SplittableRandom(marker);
            markers.add(() -> {
                long raised = 0;
                for (int i = 0; i < 20 * SEEDS; i++) {
                    long first = random.nextLong(bitmap.sectorCount());
                    raised +=
                            bitmap.markAllocated(first, Math.min(bitmap.sectorCount(), first + random.nextLong(1, 12)));
                }
                return raised;
            });
        }
        return markers;
    }

    // ---- where bits are

    /** Memory for some steps. */
    private static final class SomeSteps implements LastingMemory {
        private final Map<Integer, MemorySegment> taken = new ConcurrentHashMap<>();
        private final Set<Integer> held = ConcurrentHashMap.newKeySet();

        @Override
        public MemorySegment take(int step, long bytes) {
            return step % 2 == 1
                    ? null
                    : taken.computeIfAbsent(step, _ -> Arena.ofAuto().allocate(bytes, 8));
        }

        @Override
        public void holds(int step) {
            held.add(step);
        }
    }

    private static final long STEP = 8L * LastingMemory.STEP_BYTES;

    @Test
    void aStepMovesBeforeTheFirstOfItsBitsIsSet() {
        MemorySegment loaded = Arena.ofAuto().allocate(AllocationBitmap.memoryBytes(3 * STEP), 8);
        loaded.set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
        var bitmap = new AllocationBitmap(loaded, 3 * STEP, 1);
        var memory = new SomeSteps();
        bitmap.keepIn(memory);

        bitmap.markAllocated(STEP - 1, STEP + 1);

        assertThat(memory.held).containsExactly(0);
        assertThat(memory.taken.get(0).get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 1);
        assertThat(memory.taken.get(0).get(ValueLayout.JAVA_BYTE, LastingMemory.STEP_BYTES - 1))
                .isEqualTo((byte) 0x80);
        assertThat(loaded.get(ValueLayout.JAVA_BYTE, LastingMemory.STEP_BYTES - 1))
                .isZero();
        assertThat(bitmap.nextAllocated(1)).isEqualTo(STEP - 1);
        assertThat(bitmap.areAllocated(STEP - 1, STEP + 1)).isTrue();
        assertThat(bitmap.allocatedCount()).isEqualTo(3);
    }

    @Test
    void whatWouldDieWithTheProcess() {
        var bitmap = empty(3 * STEP);
        bitmap.keepIn(new SomeSteps());
        bitmap.markAllocated(0, 1);
        assertThat(bitmap.wouldDie(0, 1)).isFalse();
        bitmap.markAllocated(STEP, STEP + 1);
        assertThat(bitmap.wouldDie(STEP, STEP + 1)).isTrue();
        assertThat(bitmap.wouldDie(0, 3 * STEP)).isTrue();

        BitmapPages taken = bitmap.takeUnsaved();
        assertThat(bitmap.wouldDie(STEP, STEP + 1)).isTrue(); // on its way is not there yet
        bitmap.restoreUnsaved(taken);
        assertThat(bitmap.wouldDie(STEP, STEP + 1)).isTrue();
        bitmap.saved(bitmap.takeUnsaved());

        assertThat(bitmap.wouldDie(0, 3 * STEP)).isFalse();
    }

    @Test
    void noBitIsLostWhileStepsMove() throws Exception {
        for (int round = 0; round < 50; round++) {
            var bitmap = empty(4 * STEP);
            var memory = new SomeSteps();
            bitmap.keepIn(memory);
            try (var pool = Executors.newFixedThreadPool(4)) {
                List<Callable<Long>> markers = new ArrayList<>();
                for (long marker = 0; marker < 4; marker++) {
                    long first = marker;
                    markers.add(() -> {
                        long raised = 0;
                        for (long sector = first; sector < 4 * STEP; sector += STEP / 4) {
                            raised += bitmap.markAllocated(sector, sector + 1);
                        }
                        return raised;
                    });
                }
                for (Future<Long> marker : pool.invokeAll(markers)) {
                    assertThat(marker.get()).isEqualTo(16);
                }
            }
            for (long quarter = 0; quarter < 16; quarter++) {
                assertThat(bitmap.areAllocated(quarter * STEP / 4, quarter * STEP / 4 + 4))
                        .isTrue();
            }
            assertThat(memory.held).containsExactlyInAnyOrder(0, 2);
        }
    }

    /** Its memory goes while others look at it: they see every bit set, as it was. */
    @Test
    @SuppressWarnings("MustBeClosedChecker") // closed amid the readers
    void memoryThatIsReleasedUnderReaders() throws Exception {
        int sectors = 200_000;
        for (int round = 0; round < 20; round++) {
            Arena arena = Arena.ofShared();
            MemorySegment memory = arena.allocate(AllocationBitmap.memoryBytes(sectors), 8);
            var bitmap = new AllocationBitmap(memory, sectors, 0);
            bitmap.markAllocated(0, sectors);
            var over = new AtomicBoolean();
            try (var pool = Executors.newFixedThreadPool(2)) {
                var reader = pool.submit(() -> {
                    var random = new SplittableRandom(1);
                    while (!over.get()) {
                        long sector = random.nextLong(sectors);
                        if (!bitmap.isAllocated(sector)
                                || bitmap.nextUnallocated(sector) != sectors
                                || bitmap.nextAllocated(sector) != sector
                                || bitmap.markAllocated(sector, sector + 1) != 0) {
                            return sector;
                        }
                    }
                    return -1L;
                });
                bitmap.release();
                arena.close();
                over.set(true);
                assertThat(reader.get()).isEqualTo(-1);
            }
            assertThat(bitmap.areAllocated(0, sectors)).isTrue();
        }
    }

    @Test
    void sectorsBeyondTheLastAreAnErrorOfTheCaller() {
        var bitmap = empty(10);

        assertThatIllegalStateException().isThrownBy(() -> bitmap.markAllocated(9, 11));
        assertThatIllegalStateException().isThrownBy(() -> bitmap.markAllocated(-1, 1));
    }

    private static AllocationBitmap empty(long sectors) {
        return new AllocationBitmap(Arena.ofAuto().allocate(AllocationBitmap.memoryBytes(sectors), 8), sectors, 0);
    }

    private static void requireSaved(Saved saved, AllocationBitmap bitmap, String seed) {
        for (int sector = 0; sector < bitmap.sectorCount(); sector++) {
            if (saved.get(sector) != bitmap.isAllocated(sector)) {
                assertThat(saved.get(sector)).as("%s sector %d", seed, sector).isEqualTo(bitmap.isAllocated(sector));
            }
        }
    }

    /** What a file would hold. */
    private static final class Saved {
        private final byte[] bytes;

        Saved(int sectors) {
            bytes = new byte[(sectors + 7) / 8];
        }

        void write(BitmapPages pages) {
            for (BitmapPages.Page page : pages.pages()) {
                MemorySegment.copy(page.bytes(), ValueLayout.JAVA_BYTE, 0, bytes, (int) page.offset(), (int)
                        page.bytes().byteSize());
            }
        }

        boolean get(int sector) {
            return (bytes[sector / 8] & 1 << (sector % 8)) != 0;
        }
    }
}
