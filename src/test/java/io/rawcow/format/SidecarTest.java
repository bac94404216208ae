package io.rawcow.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.rawcow.TmpfsFolder;
import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import io.rawcow.posix.OpenFile;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sidecars in real files. */
class SidecarTest {
    private static final int SEEDS = Integer.getInteger("rawcow.seeds", 2000);
    private static final SidecarHeader HEADER = new SidecarHeader("ubuntu.img", "my_vm.img", 0, 10_000, 4096);
    private static final int AREA = 4096;

    @TempDir(factory = TmpfsFolder.class)
    Path folder;

    private Path path;

    @BeforeEach
    void name() {
        path = folder.resolve("a.raw-cow");
    }

    private Sidecar open() throws IOException {
        return open(path);
    }

    private static Sidecar open(Path path) throws IOException {
        OpenFile file = SidecarFiles.open(path);
        try {
            return Sidecar.open(file, "new-uuid");
        } catch (BlockException e) {
            file.close();
            throw e;
        }
    }

    private BlockException refusal() {
        return catchThrowableOfType(BlockException.class, () -> open().close());
    }

    private void write(byte[] bytes) throws IOException {
        Files.write(path, bytes);
    }

    @Test
    void aNewSidecarReadsBack() throws Exception {
        write(SidecarFiles.bytesOf(folder, HEADER));

        try (Sidecar sidecar = open()) {
            assertThat(sidecar.header()).isEqualTo(HEADER);
            assertThat(sidecar.extension()).isEqualTo(SidecarFiles.extension(SidecarState.COW));
            assertThat(sidecar.hasExtensionArea()).isTrue();
            assertThat(sidecar.damagedSlot()).isEqualTo(-1);
        }
    }

    @Test
    void anUpdateTornAtAnyByteLeavesTheOldOrTheNew() throws Exception {
        byte[] old = SidecarFiles.bytesOf(folder, HEADER);
        Extension before = SidecarFiles.extension(SidecarState.COW);
        Extension after = SidecarFiles.extension(SidecarState.STANDALONE);
        write(old);
        try (Sidecar sidecar = open()) {
            sidecar.update(after);
        }
        byte[] next = Files.readAllBytes(path);
        int first = Arrays.mismatch(old, next);
        assertThat(first).isBetween(AREA, AREA + 16); // the older slot

        boolean[] seen = new boolean[2];
        for (int cut = AREA; cut <= AREA + 4096; cut++) {
            byte[] torn = next.clone();
            System.arraycopy(old, cut, torn, cut, old.length - cut);
            write(torn);
            try (Sidecar sidecar = open()) {
                assertThat(sidecar.extension()).as("torn at byte %d", cut).isIn(before, after);
                seen[sidecar.extension().equals(after) ? 1 : 0] = true;
                sidecar.update(after);
            }
            try (Sidecar sidecar = open()) {
                assertThat(sidecar.extension())
                        .as("repeated after byte %d", cut)
                        .isEqualTo(after);
            }
        }
        assertThat(seen).containsExactly(true, true);
    }

    @Test
    void updatesAlternateBetweenTheSlots() throws Exception {
        write(SidecarFiles.bytesOf(folder, HEADER));
        try (Sidecar sidecar = open()) {
            for (int i = 0; i < 10; i++) {
                byte[] before = Files.readAllBytes(path);
                sidecar.update(sidecar.extension().withPin((long) i, null));
                byte[] after = Files.readAllBytes(path);

                int slot = (Arrays.mismatch(before, after) - AREA) / 4096;
                assertThat(slot).isEqualTo(i % 2);
                assertThat(ByteBuffer.wrap(after).getLong(AREA + slot * 4096 + 4))
                        .isEqualTo(3 + i);
            }
        }
    }

    @Test
    void theHigherSequenceCountsAndIsReadUnsigned() throws Exception {
        byte[] bytes = SidecarFiles.bytesOf(folder, HEADER);
        put(bytes, 0, ExtensionSlotTest.slot(-1, "{\"uuid\":\"higher\",\"state\":\"cow\"}"));
        put(bytes, 1, ExtensionSlotTest.slot(5, "{\"uuid\":\"lower\",\"state\":\"cow\"}"));
        write(bytes);

        try (Sidecar sidecar = open()) {
            assertThat(sidecar.extension().uuid()).isEqualTo("higher");
        }
    }

    private static void put(byte[] bytes, int slot, byte[] content) {
        System.arraycopy(content, 0, bytes, AREA + slot * 4096, content.length);
    }

    @Test
    void whatTheOlderSlotSaysIsOfNoMatter() throws Exception {
        byte[] bytes = SidecarFiles.bytesOf(folder, HEADER);
        put(bytes, 0, ExtensionSlotTest.slot(1, "{\"state\":\"from the future\",\"requires\":[\"x\"]}"));
        write(bytes);

        try (Sidecar sidecar = open()) {
            assertThat(sidecar.extension().state()).isEqualTo(SidecarState.COW);
        }
    }

    @Test
    void aDamagedSlotIsToldAndTheOtherCounts() throws Exception {
        byte[] bytes = SidecarFiles.bytesOf(folder, HEADER);
        bytes[AREA + 4096 + 20]++;
        write(bytes);

        try (Sidecar sidecar = open()) {
            assertThat(sidecar.extension().state()).isEqualTo(SidecarState.CREATING);
            assertThat(sidecar.damagedSlot()).isEqualTo(1);
        }
    }

    @Test
    void twoDamagedSlotsAreRefused() throws Exception {
        byte[] bytes = SidecarFiles.bytesOf(folder, HEADER);
        bytes[AREA]++;
        bytes[AREA + 4096 + 20]++;
        write(bytes);

        assertThat(refusal().kind()).isEqualTo(FaultKind.SIDECAR_INVALID);
        assertThat(refusal())
                .hasMessageContaining("neither slot of its extension area is intact: offset=4096: path=" + path);
    }

    @Test
    void twoSlotsOfOneSequenceAreRefused() throws Exception {
        byte[] bytes = SidecarFiles.bytesOf(folder, HEADER);
        put(bytes, 0, ExtensionSlotTest.slot(2, "{\"uuid\":\"u\",\"state\":\"cow\"}"));
        write(bytes);

        assertThat(refusal()).hasMessageContaining("both slots of its extension area have one sequence: sequence=2");
    }

    @Test
    void aDamagedSlotNextToAnEmptyOneIsNoFileWithoutArea() throws Exception {
        byte[] bytes = SidecarFiles.bytesOf(folder, HEADER);
        Arrays.fill(bytes, AREA + 4096, bytes.length, (byte) 0);
        bytes[AREA + 20]++;
        write(bytes);

        assertThat(refusal()).hasMessageContaining("neither slot");
    }

    @ParameterizedTest
    @ValueSource(ints = {2081, 2082, 4095, 4096, 4097, 8192, 12288, 100_000})
    void aFileThatEndsWithItsBitmapOrHasZerosBehindItHasNoArea(int length) throws Exception {
        write(Arrays.copyOf(structOnly(), length));

        try (Sidecar sidecar = open()) {
            assertThat(sidecar.hasExtensionArea()).isFalse();
            assertThat(sidecar.extension())
                    .isEqualTo(new Extension(
                            "new-uuid", SidecarState.COW, "raw", null, null, null, null, null, List.of()));
        }
        assertThat(path).hasSize(length); // reading has changed nothing
    }

    private byte[] structOnly() throws IOException {
        return Arrays.copyOf(SidecarFiles.bytesOf(folder, HEADER), 2081);
    }

    @ParameterizedTest
    @ValueSource(ints = {2081, 4095, 4096, 5000, 8192, 12287, 99_999})
    void aByteBehindTheBitmapThatIsNotZeroIsDamage(int at) throws Exception {
        byte[] bytes = Arrays.copyOf(structOnly(), 100_000);
        bytes[at] = 1;
        write(bytes);

        assertThat(refusal().kind()).isEqualTo(FaultKind.SIDECAR_INVALID);
    }

    @Test
    void theFirstUpdateAddsTheArea() throws Exception {
        write(structOnly());
        try (Sidecar sidecar = open()) {
            sidecar.update(sidecar.extension().withPin(10_000L, 7L));
        }

        try (Sidecar sidecar = open()) {
            assertThat(sidecar.hasExtensionArea()).isTrue();
            assertThat(sidecar.extension().uuid()).isEqualTo("new-uuid");
            assertThat(sidecar.extension().backingMtimeNanos()).isEqualTo(7);
            assertThat(sidecar.damagedSlot()).isEqualTo(-1);
        }
    }

    @Test
    void everyRequirementIsUnknownToVersionOne() throws Exception {
        byte[] bytes = SidecarFiles.bytesOf(folder, HEADER);
        put(bytes, 0, ExtensionSlotTest.slot(3, "{\"uuid\":\"u\",\"state\":\"cow\",\"requires\":[\"chunked\"]}"));
        write(bytes);

        assertThat(refusal()).hasMessageContaining("it requires what this version does not know: requires=[chunked]");
    }

    @Test
    void unknownBackingFormatsAreRefused() throws Exception {
        byte[] bytes = SidecarFiles.bytesOf(folder, HEADER);
        put(bytes, 0, ExtensionSlotTest.slot(3, "{\"uuid\":\"u\",\"state\":\"cow\",\"backingFormat\":\"vmdk\"}"));
        write(bytes);

        assertThat(refusal()).hasMessageContaining("backingFormat=vmdk");
    }

    @Test
    void everyTruncationOfTheBitmapIsRefused() throws Exception {
        var header = new SidecarHeader("", "raw", 0, 1_000_000, 512);
        byte[] bytes = SidecarFiles.bytesOf(folder, header);
        for (int length = 2080; length < 2080 + 245; length++) {
            write(Arrays.copyOf(bytes, length));

            assertThat(refusal())
                    .hasMessageContaining("its bitmap is cut off: bytes=%d expected=2325".formatted(length));
        }
    }

    @Test
    void bitsReadBackAsTheyWereSaved() throws Exception {
        for (long seed = 0; seed < SEEDS / 20; seed++) {
            var random = new SplittableRandom(seed);
            var header = new SidecarHeader("", "raw", 0, random.nextLong(1, 1L << 29), 512);
            int sectors = (int) header.geometry().sectorCount();
            var model = new BitSet();
            Files.deleteIfExists(path);
            try (Sidecar sidecar =
                    Sidecar.create(SidecarFiles.create(path), header, SidecarFiles.extension(SidecarState.COW))) {
                AllocationBitmap bitmap = sidecar.load(SidecarFiles.memoryFor(header));
                for (int step = 0; step < 6; step++) {
                    int first = random.nextInt(sectors);
                    int end = Math.min(sectors, first + random.nextInt(1, 1 << random.nextInt(1, 17)));
                    sidecar.reserve(first, end);
                    bitmap.markAllocated(first, end);
                    model.set(first, end);
                    if (random.nextBoolean()) {
                        sidecar.save(bitmap.takeUnsaved());
                    }
                }
                sidecar.save(bitmap.takeUnsaved());
            }
            requireBits(header, model, "seed " + seed);
        }
    }

    private void requireBits(SidecarHeader header, BitSet model, String seed) throws IOException {
        byte[] bytes = Files.readAllBytes(path);
        int bitmapEnd = 2080 + (int) header.geometry().bitmapBytes();
        assertThat(BitSet.valueOf(ByteBuffer.wrap(bytes, 2080, bitmapEnd - 2080)))
                .as(seed)
                .isEqualTo(model);
        try (Sidecar sidecar = open()) {
            MemorySegment memory = SidecarFiles.memoryFor(header);
            AllocationBitmap bitmap = sidecar.load(memory);
            assertThat(bitmap.allocatedCount()).as(seed).isEqualTo(model.cardinality());
            assertThat(BitSet.valueOf(memory.asByteBuffer())).as(seed).isEqualTo(model);
            assertThat(bitmap.hasUnsaved()).isFalse();
            sidecar.saveAgain(memory);
        }
        assertThat(Files.readAllBytes(path)).as(seed).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 4, 5, 6, 7})
    void bitsPastTheLastSectorAreRefused(int bit) throws Exception {
        byte[] bytes = SidecarFiles.bytesOf(folder, HEADER); // three sectors
        bytes[2080] = (byte) (1 << bit);
        write(bytes);

        try (Sidecar sidecar = open()) {
            var refusal = catchThrowableOfType(
                    BlockException.class, () -> sidecar.load(SidecarFiles.memoryFor(sidecar.header())));
            assertThat(refusal.kind()).isEqualTo(FaultKind.SIDECAR_INVALID);
            assertThat(refusal).hasMessageContaining("bits are set past the last sector: sectors=3");
        }
    }

    @Test
    void reservedPlaceIsNeverTakenForAnotherSize() throws Exception {
        var header = new SidecarHeader("", "raw", 0, (3L << 20) * 8 * 512 + 1, 512);
        try (Sidecar sidecar =
                Sidecar.create(SidecarFiles.create(path), header, SidecarFiles.extension(SidecarState.COW))) {
            long size = Files.size(path);
            long sectors = header.geometry().sectorCount();
            long before = sidecar.file().status().allocatedBytes();

            sidecar.reserve(0, 1);
            sidecar.reserve(sectors - 1, sectors);
            sidecar.reserve(0, sectors);

            assertThat(Files.size(path)).isEqualTo(size);
            assertThat(sidecar.file().status().allocatedBytes() - before).isBetween(3L << 20, 4L << 20);
            assertThat(sidecar.load(SidecarFiles.memoryFor(header)).allocatedCount())
                    .isZero();
        }
    }

    @Test
    @Timeout(20)
    void theSizeOfASparseFileCostsNothing() throws Exception {
        assumeThat(Files.getFileStore(folder).type()).isEqualTo("tmpfs"); // ext4 has files of 16 TiB at most
        long bitmapEnd = SidecarHeader.BYTES + (1L << 50);
        try (var file = new RandomAccessFile(path.toFile(), "rw")) {
            file.write(new SidecarHeader("", "raw", 0, 1L << 62, 512).encode());
            file.setLength(bitmapEnd);
        }
        try (Sidecar sidecar = open()) {
            assertThat(sidecar.hasExtensionArea()).isFalse();
        }

        try (var file = new RandomAccessFile(path.toFile(), "rw")) {
            file.seek(bitmapEnd);
            file.write(1);
        }
        assertThat(refusal()).hasMessageContaining("neither slot");
    }

    @Test
    void anExtensionThatDoesNotFitIsRefusedAndChangesNothing() throws Exception {
        byte[] bytes = SidecarFiles.bytesOf(folder, HEADER);
        put(bytes, 0, ExtensionSlotTest.slot(3, "{\"uuid\":\"%s\",\"state\":\"cow\"}".formatted("u".repeat(4040))));
        write(bytes);

        try (Sidecar sidecar = open()) {
            var refusal = catchThrowableOfType(
                    BlockException.class,
                    () -> sidecar.update(sidecar.extension().withPin(1L, 1L)));

            assertThat(refusal.kind()).isEqualTo(FaultKind.SIDECAR_INVALID);
            assertThat(refusal).hasMessageContaining("does not fit its slot");
        }
        assertThat(Files.readAllBytes(path)).isEqualTo(bytes);
    }
}
