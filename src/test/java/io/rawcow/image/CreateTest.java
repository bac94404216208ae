package io.rawcow.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import io.rawcow.format.Extension.Clean;
import io.rawcow.format.Sidecar;
import io.rawcow.format.SidecarHeader;
import io.rawcow.format.SidecarState;
import io.rawcow.posix.Access;
import io.rawcow.posix.OpenFile;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What creation leaves behind, when it succeeds and when it is refused. */
class CreateTest {
    private static final long TEN_TIB = 10L << 40;

    @TempDir
    Path folder;

    private ImageFiles files;

    @BeforeEach
    void open() throws IOException {
        files = new ImageFiles(folder);
    }

    private ImageSpec spec(String backing, String format, Long size, int sectorSize) throws IOException {
        return new ImageSpec(
                files.place("a.raw-cow"), backing, format, "a.img", size, sectorSize, Preallocation.OFF, false, true);
    }

    /** Refused, and the folder is as it was. */
    private BlockException refusal(ImageSpec spec) throws IOException {
        Map<String, String> before = files.snapshot();
        var refusal = catchThrowableOfType(BlockException.class, () -> files.create(spec));
        assertThat(refusal).isNotNull();
        assertThat(files.snapshot()).as(refusal.getMessage()).isEqualTo(before);
        return refusal;
    }

    private long allocated(String name) throws IOException {
        try (OpenFile file = files.place(name).open(Access.READ)) {
            return file.status().allocatedBytes();
        }
    }

    @Test
    void theHeaderHoldsWhatWasAskedForAndTheExtensionThePin() throws Exception {
        files.fill("base.img", 70_001);
        Files.setLastModifiedTime(
                files.path("base.img"), FileTime.from(Instant.parse("2017-07-14T02:40:00.123456789Z")));

        SidecarHeader header = files.create(files.spec("a.raw-cow", "base.img", "a.img"));

        assertThat(header).isEqualTo(new SidecarHeader("base.img", "a.img", 1_500_000_000, 70_001, 4096));
        assertThat(files.path("a.img")).hasSize(70_001);
        try (Sidecar sidecar = files.sidecar("a.raw-cow")) {
            assertThat(sidecar.header()).isEqualTo(header);
            assertThat(sidecar.extension().state()).isEqualTo(SidecarState.COW);
            assertThat(sidecar.extension().backingFormat()).isEqualTo("raw");
            assertThat(sidecar.extension().backingSize()).isEqualTo(70_001);
            assertThat(sidecar.extension().backingMtimeNanos()).isEqualTo(1_500_000_000_123_456_789L);
            assertThat(sidecar.extension().clean())
                    .isEqualTo(new Clean(
                            70_001L,
                            files.place("a.img").open(Access.READ).status().mtimeNanos()));
            assertThat(sidecar.extension().requires()).isEmpty();
        }
        assertThat(files.snapshot().keySet()).containsExactly("a.img", "a.raw-cow", "base.img");
    }

    @Test
    void tenTebibytesTakeNoSpaceAndNoTimeThatGrowsWithThem() throws Exception {
        files.fill("base.img", 100_000);
        ImageSpec huge = spec("base.img", "raw", TEN_TIB, 4096);

        files.create(huge);

        assertThat(allocated("a.img")).isLessThanOrEqualTo(4096);
        assertThat(allocated("a.raw-cow")).isLessThanOrEqualTo(64 << 10);
        assertThat(files.path("a.raw-cow")).hasSize((TEN_TIB / 4096 / 8 / 4096 + 1) * 4096 + 8192);
        try (LiveImage image = files.open("a.raw-cow")) {
            assertThat(image.sizeBytes()).isEqualTo(TEN_TIB);
            ImageFiles.write(image, TEN_TIB - 5000, new byte[] {1, 2, 3});
            assertThat(ImageFiles.read(image, TEN_TIB - 5001, 5)).containsExactly(0, 1, 2, 3, 0);
        }
        assertThat(allocated("a.img")).isLessThanOrEqualTo(64 << 10);
        // The place of the bits is reserved by the mebibyte.
        assertThat(allocated("a.raw-cow")).isLessThanOrEqualTo(2 << 20);
    }

    @Test
    void anImageWithoutBackingReadsAsZeros() throws Exception {
        files.create(files.spec("a.raw-cow", "a.img", 5001));

        try (LiveImage image = files.open("a.raw-cow")) {
            assertThat(image.backing()).isEmpty();
            assertThat(image.isComplete()).isFalse();
            assertThat(ImageFiles.read(image)).containsOnly(0).hasSize(5001);
        }
    }

    @ParameterizedTest
    @EnumSource(Preallocation.class)
    void spaceIsTakenAsAsked(Preallocation preallocation) throws Exception {
        long size = 3 << 20;
        files.create(
                new ImageSpec(files.place("a.raw-cow"), null, null, "a.img", size, 4096, preallocation, false, true));

        assertThat(files.path("a.img")).hasSize(size);
        if (preallocation == Preallocation.OFF) {
            assertThat(allocated("a.img")).isZero();
        } else {
            assertThat(allocated("a.img")).isBetween(size, size + (64 << 10));
        }
        assertThat(Files.readAllBytes(files.path("a.img"))).containsOnly(0);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 4096, size must be 1 to 9223372036852678656 bytes: size=0",
        "-1, 4096, size must be 1 to 9223372036852678656 bytes: size=-1",
        "9223372036854775807, 4096, size must be 1 to",
        "9223372036852678657, 4096, size must be 1 to",
        "1000, 0, sectorsize must be a power of two",
        "1000, 3, sectorsize must be a power of two",
        "1000, -2147483648, sectorsize must be a power of two",
        "1000, 256, sectorsize must be a power of two",
        "1000, 4194304, sectorsize must be a power of two",
        "9223372036852678656, 512, cannot hold the bitmap in memory",
    })
    void sizesThatCannotBeAreRefused(long size, int sectorSize, String message) throws Exception {
        BlockException refusal = refusal(spec(null, null, size, sectorSize));

        assertThat(refusal.kind()).isEqualTo(FaultKind.INVALID_VALUE);
        assertThat(refusal).hasMessageContaining(message);
    }

    @Test
    void aRawFileThatCannotBeMadeLeavesNothingBehind() throws Exception {
        assumeThat(Files.getFileStore(folder).type()).isEqualTo("ext4"); // which has no files of 64 PiB

        assertThat(refusal(spec(null, null, 1L << 56, 2 << 20)).kind()).isEqualTo(FaultKind.NO_SPACE);
    }

    @Test
    void withoutSizeAndBackingNothingIsKnown() throws Exception {
        assertThat(refusal(spec(null, null, null, 4096)))
                .hasMessage("cannot create image: no size was given")
                .extracting(BlockException::action)
                .isNotNull();
    }

    @Test
    void anEmptyBackingGivesNoSize() throws Exception {
        files.fill("base.img", 0);

        assertThat(refusal(spec("base.img", "raw", null, 4096)).kind()).isEqualTo(FaultKind.INVALID_VALUE);
    }

    @Test
    void nothingThatExistsIsTakenOver() throws Exception {
        files.fill("base.img", 10_000);
        files.fill("a.img", 10_000);
        assertThat(refusal(spec("base.img", "raw", null, 4096)).kind()).isEqualTo(FaultKind.RAW_FILE_EXISTS);

        Files.delete(files.path("a.img"));
        Files.createSymbolicLink(files.path("a.img"), Path.of("not there"));
        assertThat(refusal(spec("base.img", "raw", null, 4096)).kind()).isEqualTo(FaultKind.RAW_FILE_EXISTS);

        files.fill("a.raw-cow", 10);
        assertThat(refusal(spec("base.img", "raw", null, 4096)).kind()).isEqualTo(FaultKind.SIDECAR_EXISTS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a.raw-cow", "./a.raw-cow", "sub/../a.raw-cow", "again/a.raw-cow"})
    void oneFileIsNotSidecarAndRawFile(String rawName) throws Exception {
        Files.createDirectory(files.path("sub"));
        Files.createSymbolicLink(files.path("again"), Path.of("."));

        BlockException refusal = refusal(files.spec("a.raw-cow", rawName, 10_000));

        assertThat(refusal.kind()).isEqualTo(FaultKind.INVALID_VALUE);
        assertThat(refusal).hasMessageContaining("cannot use one file as sidecar and raw file");
    }

    @ParameterizedTest
    @ValueSource(strings = {"base.img", "link.img", "hard.img"})
    void oneFileIsNotBackingAndRawFile(String rawName) throws Exception {
        Files.write(files.path("base.img"), new byte[10_000]); // without data: could be reused otherwise
        Files.createSymbolicLink(files.path("link.img"), Path.of("base.img"));
        Files.createLink(files.path("hard.img"), files.path("base.img"));
        var reusing = new ImageSpec(
                files.place("a.raw-cow"), "base.img", "raw", rawName, 5000L, 4096, Preallocation.OFF, true, true);

        BlockException refusal = refusal(reusing);

        assertThat(refusal.kind()).isEqualTo(FaultKind.INVALID_VALUE);
        assertThat(refusal).hasMessageContaining("cannot use one file as backing and raw file");
    }

    @Test
    void aRawFileWithoutDataIsReusedIfAsked() throws Exception {
        try (var file = new RandomAccessFile(files.path("a.img").toFile(), "rw")) {
            file.setLength(77);
        }
        files.create(new ImageSpec(
                files.place("a.raw-cow"), null, null, "a.img", 10_000L, 4096, Preallocation.OFF, true, true));
        assertThat(files.path("a.img")).hasSize(10_000);

        files.fill("b.img", 10);
        var withData = new ImageSpec(
                files.place("b.raw-cow"), null, null, "b.img", 10_000L, 4096, Preallocation.OFF, true, true);
        assertThat(refusal(withData).kind()).isEqualTo(FaultKind.RAW_FILE_NOT_EMPTY);
    }

    // ---- backings

    @Test
    void aBackingIsNeverGuessedToBeRaw() throws Exception {
        Files.write(files.path("base.img"), "QFI\u00fb\0\0\0\3 and so on".getBytes(StandardCharsets.ISO_8859_1));

        BlockException refusal = refusal(spec("base.img", null, 10_000L, 4096));

        assertThat(refusal.kind()).isEqualTo(FaultKind.BACKING_FORMAT_UNCLEAR);
        assertThat(refusal).hasMessageContaining("begins like a qcow2 image and no format was given");
        assertThat(refusal.action()).contains("-F raw").contains("-F qcow2");
        files.create(spec("base.img", "raw", 10_000L, 4096));
    }

    @Test
    void withoutFormatAndMagicItIsRaw() throws Exception {
        files.fill("base.img", 10_000);

        files.create(spec("base.img", null, null, 4096));

        try (Sidecar sidecar = files.sidecar("a.raw-cow")) {
            assertThat(sidecar.extension().backingFormat()).isEqualTo("raw");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "golden.qcow2, qemu-img convert -f qcow2 -O raw golden.qcow2 golden.raw",
        "images/golden.img, qemu-img convert -f qcow2 -O raw images/golden.img images/golden.raw",
        "golden, qemu-img convert -f qcow2 -O raw golden golden.raw",
        "my images/it's.qcow2, qemu-img convert -f qcow2 -O raw 'my images/it'\\''s.qcow2' 'my images/it'\\''s.raw'",
        "a.b/golden, qemu-img convert -f qcow2 -O raw a.b/golden a.b/golden.raw",
    })
    void aQcow2BackingGetsTheLineThatMakesARawOne(String backing, String line) throws Exception {
        BlockException refusal = refusal(spec(backing, "qcow2", null, 4096));

        assertThat(refusal.kind()).isEqualTo(FaultKind.BACKING_FORMAT_UNSUPPORTED);
        assertThat(refusal.action()).isEqualTo("make a raw copy and use that: " + line);
    }

    @Test
    void aBackingTakenOnTrustIsPinnedWhenItIsFirstOpened() throws Exception {
        files.create(new ImageSpec(
                files.place("a.raw-cow"), "later.img", "raw", "a.img", 10_000L, 4096, Preallocation.OFF, false, false));
        try (Sidecar sidecar = files.sidecar("a.raw-cow")) {
            assertThat(sidecar.header().mtime()).isZero();
            assertThat(sidecar.extension().backingSize()).isNull();
        }

        byte[] backing = files.fill("later.img", 10_000);
        try (LiveImage image = files.open("a.raw-cow")) {
            assertThat(ImageFiles.read(image)).isEqualTo(backing);
        }

        files.fill("later.img", 10_001);
        var refusal = catchThrowableOfType(BlockException.class, () -> files.open("a.raw-cow"));
        assertThat(refusal.kind()).isEqualTo(FaultKind.BACKING_CHANGED);
    }

    // ---- names

    @ParameterizedTest
    @CsvSource({
        "base:1.img, ./base:1.img",
        "./base:1.img, ./base:1.img",
        "sub/base:1.img, sub/base:1.img",
        "../images/base.img, ../images/base.img",
        "ubuntu é 牛.img, ubuntu é 牛.img",
    })
    void namesAreStoredAsGivenAndResolvedAgainstTheSidecarsFolder(String backing, String stored) throws Exception {
        Files.createDirectories(files.path("images/sub"));
        byte[] bytes = files.fill("x", 10_000);
        Files.move(files.path("x"), files.path("images").resolve(backing));

        files.create(files.spec("images/a.raw-cow", backing, "a:raw.img"));

        assertThat(files.path("images/a:raw.img")).exists();
        try (Sidecar sidecar = files.sidecar("images/a.raw-cow")) {
            assertThat(sidecar.header().backingFile()).isEqualTo(stored);
            assertThat(sidecar.header().rawFile()).isEqualTo("a:raw.img");
        }
        try (LiveImage image = files.open("images/a.raw-cow")) {
            assertThat(ImageFiles.read(image)).isEqualTo(bytes);
        }
    }

    @Test
    void theFolderIsTheSidecarsOwnAfterLinks() throws Exception {
        for (String sub : List.of("images", "links")) {
            Files.createDirectory(files.path(sub));
        }
        byte[] backing = files.fill("images/base.img", 10_000);
        files.create(files.spec("images/a.raw-cow", "base.img", "a.img"));
        files.fill("links/base.img", 10_000); // the wrong one
        Files.createSymbolicLink(files.path("links/vm.raw-cow"), Path.of("../images/a.raw-cow"));

        try (LiveImage image = files.open("links/vm.raw-cow")) {
            assertThat(ImageFiles.read(image)).isEqualTo(backing);
            ImageFiles.hydrate(image);
            image.detach(false, () -> {});
        }

        assertThat(files.path("images/a.raw-cow")).doesNotExist();
        assertThat(files.path("links/vm.raw-cow")).isSymbolicLink();
    }

    @ParameterizedTest
    @ValueSource(strings = {"../outside.img", "/etc/not-there.img", "sub/../../outside.img", "up/outside.img"})
    void namesCannotLeadOutOfTheRoots(String name) throws Exception {
        var inner = new ImageFiles(Files.createDirectory(folder.resolve("inner")));
        Files.createDirectory(inner.path("sub"));
        Files.createSymbolicLink(inner.path("up"), Path.of(".."));

        var refusal =
                catchThrowableOfType(BlockException.class, () -> inner.create(inner.spec("a.raw-cow", name, 10_000)));

        assertThat(refusal.kind()).isEqualTo(FaultKind.PATH_OUTSIDE_ROOTS);
        assertThat(folder.resolve("outside.img")).doesNotExist();
        assertThat(inner.snapshot().keySet()).containsExactly("sub", "up");
    }

    @ParameterizedTest
    @ValueSource(strings = {"sub/", "sub/.", ".", "..", "not there/a.img"})
    void namesThatNoFileCanHaveAreRefused(String name) throws Exception {
        Files.createDirectory(files.path("sub"));

        refusal(files.spec("a.raw-cow", name, 10_000));
    }

    @Test
    void namesTooLongForTheirFieldAreRefused() throws Exception {
        String name = "d/".repeat(600) + "a.img";
        Path deep = Files.createDirectories(files.path(name).getParent());
        assertThat(deep).isDirectory();

        BlockException refusal = refusal(files.spec("a.raw-cow", name, 10_000));

        assertThat(refusal.kind()).isEqualTo(FaultKind.INVALID_VALUE);
        assertThat(refusal).hasMessageContaining("raw_file must not be longer than 1023 bytes: bytes=1205");
    }

    // ---- creations that were cut off

    @Test
    void whatAKilledCreationLeftIsClearedAway() throws Exception {
        files.fill("base.img", 10_000);
        files.create(files.spec("a.raw-cow", "base.img", "a.img"));
        Files.move(files.path("a.raw-cow"), files.path(".a.raw-cow.creating"));

        files.create(files.spec("a.raw-cow", "base.img", "a.img"));

        assertThat(files.snapshot().keySet()).containsExactly("a.img", "a.raw-cow", "base.img");
    }

    @Test
    void aLeftoverDoesNotMakeARawFileWithDataFree() throws Exception {
        files.fill("base.img", 10_000);
        files.create(files.spec("a.raw-cow", "base.img", "a.img"));
        Files.move(files.path("a.raw-cow"), files.path(".a.raw-cow.creating"));
        byte[] data = files.fill("a.img", 10_000);

        var refusal = catchThrowableOfType(
                BlockException.class, () -> files.create(files.spec("a.raw-cow", "base.img", "a.img")));

        assertThat(refusal.kind()).isEqualTo(FaultKind.RAW_FILE_EXISTS);
        assertThat(Files.readAllBytes(files.path("a.img"))).isEqualTo(data);
    }
}
