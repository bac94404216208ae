package io.rawcow.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.rawcow.block.BlockException;
import io.rawcow.block.ByteRange;
import io.rawcow.block.FaultKind;
import io.rawcow.format.Sidecar;
import io.rawcow.format.SidecarHeader;
import io.rawcow.format.SidecarState;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What was changed while an image was closed is noticed, told, and taken only if somebody says so. */
class ChangedFilesTest {
    private static final int SIZE = 100_000;
    private static final OpenOptions ACCEPT = new OpenOptions(true, false, false);

    @TempDir
    Path folder;

    private ImageFiles files;
    private byte[] backing;

    @BeforeEach
    void create() throws IOException {
        files = new ImageFiles(folder);
        backing = files.createOver(SIZE);
    }

    private BlockException refusal() throws IOException {
        Map<String, String> before = files.snapshot();
        var refusal = catchThrowableOfType(
                BlockException.class, () -> files.open("a.raw-cow").close());
        assertThat(files.snapshot()).isEqualTo(before);
        return refusal;
    }

    private void setLength(String name, long length) throws IOException {
        try (var file = new RandomAccessFile(files.path(name).toFile(), "rw")) {
            file.setLength(length);
        }
    }

    private void setTime(String name, String instant) throws IOException {
        Files.setLastModifiedTime(files.path(name), FileTime.from(java.time.Instant.parse(instant)));
    }

    // ---- backing

    @Test
    void aTouchedBackingIsToldWithBothTimes() throws Exception {
        setTime("base.img", "2001-02-03T04:05:06.123456789Z");
        files.create(files.spec("b.raw-cow", "base.img", "b.img"));
        setTime("base.img", "2001-02-03T04:05:06.123456790Z");

        var refusal = catchThrowableOfType(BlockException.class, () -> files.open("b.raw-cow"));

        assertThat(refusal.kind()).isEqualTo(FaultKind.BACKING_CHANGED);
        assertThat(refusal)
                .hasMessageContaining("pinned size=100000 mtime=2001-02-03T04:05:06.123456789Z, "
                        + "now size=100000 mtime=2001-02-03T04:05:06.123456790Z: path=" + files.path("base.img"));
        assertThat(refusal.action()).contains("acceptBackingChange").contains("--accept-backing-change");
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 99_999, 100_001, 1_000_000})
    void aBackingThatGrewOrShrankIsToldWithBothSizes(long length) throws Exception {
        FileTime time = Files.getLastModifiedTime(files.path("base.img"));
        setLength("base.img", length);
        Files.setLastModifiedTime(files.path("base.img"), time);

        BlockException refusal = refusal();

        assertThat(refusal.kind()).isEqualTo(FaultKind.BACKING_CHANGED);
        assertThat(refusal)
                .hasMessageContaining("pinned size=100000")
                .hasMessageContaining("now size=%d".formatted(length));
    }

    @Test
    void aBackingThatWasReplacedIsRefused() throws Exception {
        files.fill("other.img", SIZE);
        Files.move(files.path("other.img"), files.path("base.img"), java.nio.file.StandardCopyOption.REPLACE_EXISTING);

        assertThat(refusal().kind()).isEqualTo(FaultKind.BACKING_CHANGED);
    }

    @Test
    void anAcceptedChangeIsPinnedAnew() throws Exception {
        setTime("base.img", "2001-02-03T04:05:06.5Z");

        try (LiveImage image = files.open("a.raw-cow", ACCEPT)) {
            assertThat(ImageFiles.read(image)).isEqualTo(backing);
            assertThat(image.extension().orElseThrow().backingMtimeNanos()).isEqualTo(981_173_106_500_000_000L);
        }

        files.open("a.raw-cow").close();
        setTime("base.img", "2001-02-03T04:05:06Z");
        assertThat(refusal()).hasMessageContaining("pinned size=100000 mtime=2001-02-03T04:05:06.500Z");
    }

    @Test
    void anAcceptedBackingThatIsShorterReadsAsZerosBehindItsEnd() throws Exception {
        setLength("base.img", 5000);

        try (LiveImage image = files.open("a.raw-cow", ACCEPT)) {
            assertThat(ImageFiles.read(image)).isEqualTo(Arrays.copyOf(Arrays.copyOf(backing, 5000), SIZE));
        }
    }

    @Test
    void aBackingThatGrowsWhileOpenStillEndsWhereItDid() throws Exception {
        files.create(new ImageSpec(
                files.place("b.raw-cow"), "base.img", "raw", "b.img", 200_000L, 4096, Preallocation.OFF, false, true));
        try (LiveImage image = files.open("b.raw-cow")) {
            byte[] more = new byte[200_000];
            Arrays.fill(more, (byte) 7);
            try (var file = new RandomAccessFile(files.path("base.img").toFile(), "rw")) {
                file.seek(SIZE);
                file.write(more, 0, 100_000);
            }

            assertThat(ImageFiles.read(image, SIZE, 100_000)).containsOnly(0);
        }
    }

    @Test
    void aBackingThatShrinksWhileOpenIsAnErrorAndNeverZeros() throws Exception {
        try (LiveImage image = files.open("a.raw-cow")) {
            setLength("base.img", 50_000);

            var refusal = catchThrowableOfType(BlockException.class, () -> ImageFiles.read(image, 49_000, 2000));

            assertThat(refusal.kind()).isEqualTo(FaultKind.IO_ERROR);
            assertThat(refusal).hasMessageContaining("it has become shorter: offset=50000 size=100000");
            assertThat(ImageFiles.read(image, 0, 50_000)).isEqualTo(Arrays.copyOf(backing, 50_000));
        }
    }

    @Test
    void theBackingIsNeverWritten() throws Exception {
        String before = files.snapshot().get("base.img");
        try (LiveImage image = files.open("a.raw-cow")) {
            ImageFiles.write(image, 5000, new byte[10_000]);
            ImageFiles.hydrate(image);
            image.detach(false, () -> {});
        }

        assertThat(files.snapshot()).containsEntry("base.img", before).doesNotContainKey("a.raw-cow");
    }

    // ---- raw file

    @ParameterizedTest
    @ValueSource(longs = {100_001, 1L << 40})
    void aLongerRawFileIsRefusedWhateverIsAccepted(long length) throws Exception {
        setLength("a.img", length);

        var refusal = catchThrowableOfType(BlockException.class, () -> files.open("a.raw-cow", ACCEPT));

        assertThat(refusal.kind()).isEqualTo(FaultKind.RAW_FILE_CHANGED);
        assertThat(refusal)
                .hasMessageContaining("it must have exactly the image's size: bytes=%d size=100000".formatted(length));
        assertThat(files.path("a.img")).hasSize(length);
    }

    @Test
    void aShorterRawFileWithoutBitsBeyondItsEndIsExtended() throws Exception {
        writeThenCutOff(0, 4096, 4096);

        try (LiveImage image = files.open("a.raw-cow", ACCEPT)) {
            assertThat(files.path("a.img")).hasSize(SIZE);
            byte[] expected = backing.clone();
            Arrays.fill(expected, 0, 4096, (byte) 9);
            assertThat(ImageFiles.read(image)).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 4096, 8191, 8192, 12_287})
    void aShorterRawFileWithABitBeyondItsEndHasLostData(long length) throws Exception {
        writeThenCutOff(8192, 4096, length);

        var refusal = catchThrowableOfType(BlockException.class, () -> files.open("a.raw-cow", ACCEPT));

        assertThat(refusal.kind()).isEqualTo(FaultKind.RAW_FILE_CHANGED);
        assertThat(refusal)
                .hasMessageContaining("it was cut off and data is lost: bytes=%d size=100000".formatted(length));
        assertThat(files.path("a.img")).hasSize(length);
    }

    @Test
    void theShortLastSectorCountsToo() throws Exception {
        writeThenCutOff(SIZE - 1, 1, SIZE - 1);

        var refusal = catchThrowableOfType(BlockException.class, () -> files.open("a.raw-cow", ACCEPT));

        assertThat(refusal).hasMessageContaining("it was cut off and data is lost: bytes=99999");
    }

    private void writeThenCutOff(long offset, int length, long rawBytes) throws IOException {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) 9);
        try (LiveImage image = files.open("a.raw-cow")) {
            ImageFiles.write(image, offset, bytes);
        }
        setLength("a.img", rawBytes);
    }

    @Test
    void aRawFileWrittenWhileClosedIsToldWithBothTimes() throws Exception {
        String then;
        try (LiveImage image = files.open("a.raw-cow")) {
            ImageFiles.write(image, 0, new byte[100]);
        }
        try (Sidecar sidecar = files.sidecar("a.raw-cow")) {
            then = String.valueOf(sidecar.extension().clean().rawMtimeNanos());
        }
        setTime("a.img", "2001-02-03T04:05:06.5Z");

        BlockException refusal = refusal();

        assertThat(refusal.kind()).isEqualTo(FaultKind.RAW_FILE_CHANGED);
        assertThat(refusal)
                .hasMessageContaining(
                        "then size=100000 mtime=%s ns, now size=100000 mtime=981173106500000000 ns".formatted(then));
        assertThat(refusal.action()).contains("acceptBackingChange");

        files.open("a.raw-cow", ACCEPT).close();
        files.open("a.raw-cow").close();
    }

    @Test
    void afterACrashTheRawFilesTimeProvesNothing() throws Exception {
        LiveImage crashed = files.open("a.raw-cow");
        ImageFiles.write(crashed, 0, new byte[100]);
        crashed.flush();
        crashed.abandon();
        setTime("a.img", "2001-02-03T04:05:06.5Z");

        try (LiveImage image = files.open("a.raw-cow")) {
            assertThat(image.sectorsAllocated()).isEqualTo(1);
        }
    }

    @Test
    void anOpenThatChangesNothingLeavesEveryFileAlone() throws Exception {
        Map<String, String> before = files.snapshot();
        byte[] sidecar = Files.readAllBytes(files.path("a.raw-cow"));

        try (LiveImage image = files.open("a.raw-cow")) {
            ImageFiles.read(image);
            image.flush();
        }

        // Its extension is written again as it is: what the page cache shows need not be on the disk.
        assertThat(files.path("a.raw-cow")).hasBinaryContent(sidecar);
        Map<String, String> after = files.snapshot();
        after.keySet().remove("a.raw-cow");
        before.keySet().remove("a.raw-cow");
        assertThat(after).isEqualTo(before);
    }

    // ---- files with the struct and the bitmap alone

    private void writeStructOnly(byte[] header, int bitmap) throws IOException {
        byte[] bytes = Arrays.copyOf(header, SidecarHeader.BYTES + 4);
        bytes[SidecarHeader.BYTES] = (byte) bitmap;
        Files.write(files.path("a.raw-cow"), bytes);
    }

    private int seconds(String name) throws IOException {
        return (int) Files.getLastModifiedTime(files.path(name)).toInstant().getEpochSecond();
    }

    @Test
    void aStructOnlyFileOpensAndIsPinned() throws Exception {
        byte[] raw = files.fill("a.img", SIZE);
        writeStructOnly(new SidecarHeader("base.img", "a.img", seconds("base.img"), SIZE, 4096).encode(), 0b10);

        try (LiveImage image = files.open("a.raw-cow")) {
            byte[] expected = backing.clone();
            System.arraycopy(raw, 4096, expected, 4096, 4096);
            assertThat(ImageFiles.read(image)).isEqualTo(expected);
        }

        try (Sidecar sidecar = files.sidecar("a.raw-cow")) {
            assertThat(sidecar.hasExtensionArea()).isTrue();
            assertThat(sidecar.extension().state()).isEqualTo(SidecarState.COW);
            assertThat(sidecar.extension().backingFormat()).isEqualTo("raw");
            assertThat(sidecar.extension().backingSize()).isEqualTo(SIZE);
            assertThat(sidecar.extension().clean()).isNotNull();
            assertThat(sidecar.extension().uuid()).hasSize(36);
        }
        setTime("base.img", "2001-02-03T04:05:06Z");
        assertThat(refusal().kind()).isEqualTo(FaultKind.BACKING_CHANGED);
    }

    @Test
    void aStructOnlyFileHoldsItsBackingToTheSecondsOfItsHeader() throws Exception {
        writeStructOnly(new SidecarHeader("base.img", "a.img", seconds("base.img") - 1, SIZE, 4096).encode(), 0);

        assertThat(refusal().kind()).isEqualTo(FaultKind.BACKING_CHANGED);
        files.open("a.raw-cow", ACCEPT).close();
        files.open("a.raw-cow").close();
    }

    @Test
    void secondsBeyond2038AreComparedUnsigned() throws Exception {
        setTime("base.img", "2100-01-01T00:00:00.25Z"); // 4102444800, negative as an i32
        writeStructOnly(new SidecarHeader("base.img", "a.img", (int) 4_102_444_800L, SIZE, 4096).encode(), 0);
        files.open("a.raw-cow").close();

        writeStructOnly(new SidecarHeader("base.img", "a.img", (int) 4_102_444_801L, SIZE, 4096).encode(), 0);
        assertThat(refusal()).hasMessageContaining("pinned size=unknown mtime=2100-01-01T00:00:01Z");
    }

    @Test
    void aTimeOfZeroIsUnknown() throws Exception {
        writeStructOnly(new SidecarHeader("base.img", "a.img", 0, SIZE, 4096).encode(), 0);

        files.open("a.raw-cow").close();
    }

    @Test
    void aStructOnlyFileWhoseRawFileIsNewerThanNothingIsExtended() throws Exception {
        Files.write(files.path("a.img"), new byte[0]);
        writeStructOnly(new SidecarHeader("base.img", "a.img", 0, SIZE, 4096).encode(), 0);

        try (LiveImage image = files.open("a.raw-cow")) {
            assertThat(ImageFiles.read(image)).isEqualTo(backing);
        }
        assertThat(files.path("a.img")).hasSize(SIZE);
    }

    @Test
    void otherFormatsInAStructOnlyFileFailInsteadOfMisreading() throws Exception {
        writeStructOnly(new SidecarHeader("qcow2:base.img", "a.img", 0, SIZE, 4096).encode(), 0);

        BlockException refusal = refusal();

        assertThat(refusal.kind()).isEqualTo(FaultKind.BACKING_FORMAT_UNSUPPORTED);
        assertThat(refusal.action())
                .isEqualTo("make a raw copy and use that: qemu-img convert -f qcow2 -O raw base.img base.raw");
    }

    // ---- standalone

    @Test
    void aStandaloneSidecarLeavesTheRawFileAlone() throws Exception {
        detachKeepingTheSidecar();
        Files.delete(files.path("base.img")); // owes nothing to anybody

        try (LiveImage image = files.open("a.raw-cow")) {
            assertThat(image.isStandalone()).isTrue();
            assertThat(image.isComplete()).isTrue();
            assertThat(ImageFiles.read(image)).isEqualTo(backing);
            image.zero(new ByteRange(0, 10), io.rawcow.block.Zeroing.PUNCH);
            image.detach(false, () -> {});
        }
        assertThat(files.path("a.raw-cow")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(longs = {99_999, 100_001})
    void aStandaloneRawFileHasExactlyItsSize(long length) throws Exception {
        detachKeepingTheSidecar();
        setLength("a.img", length);

        assertThat(refusal().kind()).isEqualTo(FaultKind.RAW_FILE_CHANGED);
        assertThat(refusal()).hasMessageContaining("it should hold everything, but its size differs");
    }

    private void detachKeepingTheSidecar() throws IOException {
        try (LiveImage image = files.open("a.raw-cow")) {
            ImageFiles.hydrate(image);
            image.detach(true, () -> {});
        }
        try (Sidecar sidecar = files.sidecar("a.raw-cow")) {
            assertThat(sidecar.extension().state()).isEqualTo(SidecarState.STANDALONE);
        }
    }

    @Test
    void aBackingChangedWhileStreamingIsNotForgotten() throws Exception {
        try (LiveImage image = files.open("a.raw-cow")) {
            ImageFiles.hydrate(image);
            setTime("base.img", "2001-02-03T04:05:06Z");

            var refusal = catchThrowableOfType(BlockException.class, () -> image.detach(false, () -> {}));

            assertThat(refusal.kind()).isEqualTo(FaultKind.BACKING_CHANGED);
            assertThat(image.isStandalone()).isFalse();
        }
        assertThat(files.path("a.raw-cow")).exists();
    }
}
