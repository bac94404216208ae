package io.rawcow.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Images that are wrong are refused with a reason, at once, and not a byte or time of any file has changed. */
@Timeout(30)
class BadInputTest {
    private static final int BACKING_FILE = 8;
    private static final int RAW_FILE = 1032;
    private static final int SIZE = 2064;
    private static final int SECTOR_SIZE = 2072;
    private static final int BITMAP = 2080;
    private static final int SLOTS = 4096;

    @TempDir
    Path outside;

    private Path folder;
    private ImageFiles files;

    @BeforeEach
    void create() throws IOException {
        folder = Files.createDirectory(outside.resolve("data"));
        Files.write(outside.resolve("secret.img"), new byte[100_000]);
        files = new ImageFiles(folder);
        files.createOver(100_000); // 25 sectors, the last one short
    }

    interface Damage {
        void to(ImageFiles files) throws Exception;
    }

    private static Arguments damage(String name, FaultKind kind, String message, Damage damage) {
        return Arguments.of(name, kind, message, damage);
    }

    private static Arguments header(String name, String message, Damage damage) {
        return damage(name, FaultKind.SIDECAR_INVALID, message, damage);
    }

    static Stream<Arguments> headers() {
        return Stream.of(
                header("bad magic", "magic is 0x4F4F4F4D", f -> patch(f, 0, "OOOM")),
                header("version 2", "version is 0x2", f -> patch(f, 7, "\2")),
                header("size 0", "size=0", f -> patchLong(f, SIZE, 0)),
                header("size 2^63", "size=-9223372036854775808", f -> patchLong(f, SIZE, Long.MIN_VALUE)),
                header(
                        "largest size",
                        "its bitmap is cut off",
                        f -> patchLong(f, SIZE, Long.MAX_VALUE - (2 << 20) + 1)),
                header("sectorsize 0", "sectorsize=0", f -> patchInt(f, SECTOR_SIZE, 0)),
                header("sectorsize 3", "sectorsize=3", f -> patchInt(f, SECTOR_SIZE, 3)),
                header("sectorsize 2^31", "sectorsize=-2147483648", f -> patchInt(f, SECTOR_SIZE, 1 << 31)),
                header(
                        "backing name without end",
                        "backing_file is not NUL-terminated",
                        f -> patch(f, BACKING_FILE, "a".repeat(1024))),
                header(
                        "raw name without end",
                        "raw_file is not NUL-terminated",
                        f -> patch(f, RAW_FILE, "a".repeat(1024))),
                header("raw name of no bytes", "raw_file must not be empty", f -> name(f, RAW_FILE, "")),
                header(
                        "backing name not UTF-8",
                        "backing_file is not UTF-8",
                        f -> patchLong(f, BACKING_FILE, 0xFFFE_0000_0000_0000L)),
                header("raw name not UTF-8", "raw_file is not UTF-8", f -> patch(f, RAW_FILE, "\u00c3(")),
                header("no bytes", "shorter than a header", f -> truncate(f, 0)),
                header("half a header", "shorter than a header", f -> truncate(f, 1000)),
                header("no bitmap", "its bitmap is cut off", f -> truncate(f, BITMAP)),
                header("half a bitmap", "its bitmap is cut off", f -> truncate(f, BITMAP + 3)),
                header("bits past the end", "bits are set past the last sector", f -> patch(f, BITMAP + 3, "\2")),
                header("both slots damaged", "neither slot", f -> {
                    patch(f, SLOTS + 20, "x");
                    patch(f, SLOTS + 4096 + 20, "x");
                }),
                header("bytes behind the bitmap and no slot", "neither slot", f -> {
                    truncate(f, BITMAP + 4);
                    patch(f, BITMAP + 10, "x");
                }),
                header("newest slot damaged in an image with bits", "bits are set although it is still being", f -> {
                    // Creation left slot 0 saying creating, slot 1 saying cow.
                    patch(f, BITMAP, "\1");
                    patch(f, SLOTS + 4096 + 20, "x");
                }));
    }

    static Stream<Arguments> missing() {
        return Stream.of("a.raw-cow", "a.img", "base.img")
                .map(name -> damage(name, FaultKind.FILE_NOT_FOUND, name, f -> Files.delete(f.path(name))));
    }

    private static Arguments twice(String one, String other, String name, Damage damage) {
        return damage(
                "%s is %s of the %s".formatted(one, name, other),
                FaultKind.INVALID_VALUE,
                "cannot use one file as %s and %s: path=".formatted(one, other),
                damage);
    }

    static Stream<Arguments> oneFileTwice() {
        return Stream.of(
                twice("backing", "raw file", "the name", f -> name(f, BACKING_FILE, "a.img")),
                twice("backing", "raw file", "a link", f -> link(f, "a.img", "base.img")),
                twice("backing", "raw file", "another name", f -> hardLink(f, "a.img", "base.img")),
                twice("sidecar", "raw file", "the name", f -> name(f, RAW_FILE, "./a.raw-cow")),
                twice("sidecar", "raw file", "a link", f -> link(f, "a.img", "a.raw-cow")),
                twice("sidecar", "raw file", "another name", f -> hardLink(f, "a.img", "a.raw-cow")),
                twice("backing", "sidecar", "the name", f -> name(f, BACKING_FILE, "a.raw-cow")),
                twice("backing", "sidecar", "a link", f -> link(f, "base.img", "a.raw-cow")),
                twice("backing", "sidecar", "another name", f -> hardLink(f, "base.img", "a.raw-cow")));
    }

    static Stream<Arguments> wrongTypes() {
        return Stream.of("sidecar", "raw file", "backing").flatMap(what -> {
            String name = what.equals("sidecar") ? "a.raw-cow" : what.equals("backing") ? "base.img" : "a.img";
            FaultKind kind = FaultKind.FILE_TYPE_UNSUPPORTED;
            return Stream.of(
                    damage(what + " is a FIFO", kind, what + ": it is a FIFO", f -> fifo(f, name)),
                    damage(what + " is a folder", kind, what + ": it is a folder", f -> folder(f, name)));
        });
    }

    private static Arguments outside(String name, String what, Damage damage) {
        return damage(name, FaultKind.PATH_OUTSIDE_ROOTS, "cannot resolve path " + what, damage);
    }

    static Stream<Arguments> names() {
        return Stream.of(
                outside("backing in /dev", "backing", f -> name(f, BACKING_FILE, "/dev/null")),
                outside("raw file outside the root", "raw file", f -> name(f, RAW_FILE, "../secret.img")),
                damage(
                        "a link out of the root",
                        FaultKind.PATH_OUTSIDE_ROOTS,
                        "cannot open backing",
                        f -> link(f, "base.img", "../secret.img")),
                damage("a link to itself", FaultKind.FORBIDDEN, "raw file", f -> link(f, "a.img", "a.img")),
                damage(
                        "backing over a protocol",
                        FaultKind.BACKING_FORMAT_UNSUPPORTED,
                        "scheme=nbd",
                        f -> name(f, BACKING_FILE, "nbd://host/base")),
                header(
                        "two formats of a backing",
                        "two formats for the backing: header=qcow2 extension=raw",
                        f -> name(f, BACKING_FILE, "qcow2:base.img")));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource({"headers", "missing", "oneFileTwice", "wrongTypes", "names"})
    void badInputIsRefusedAndNothingChanges(String name, FaultKind kind, String message, Damage damage)
            throws Exception {
        damage.to(files);
        Map<String, String> before = files.snapshot();

        for (int attempt = 0; attempt < 2; attempt++) { // the second meets no lock of the first
            BlockException refusal = refusal();

            assertThat(refusal.kind()).as(refusal.getMessage()).isEqualTo(kind);
            assertThat(refusal).hasMessageStartingWith("cannot ").hasMessageContaining(message);
        }
        assertThat(files.snapshot()).isEqualTo(before);
        assertThat(openFiles()).isEmpty();
    }

    /** What this process has open in the folder. */
    private List<Path> openFiles() throws IOException {
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            return all.map(BadInputTest::target)
                    .filter(path -> path.startsWith(folder) && !path.equals(folder))
                    .toList();
        }
    }

    private static Path target(Path link) {
        try {
            return Files.readSymbolicLink(link);
        } catch (IOException e) {
            return link;
        }
    }

    @Test
    void aBitmapTooLargeForMemoryIsRefusedInNoTime() throws Exception {
        long bitmapBytes = 1L << 43; // a sparse file of 8 TiB, about half of what ext4 can have
        patchLong(files, SIZE, bitmapBytes * 8 * 512);
        patchInt(files, SECTOR_SIZE, 512);
        truncate(files, BITMAP);
        truncate(files, BITMAP + bitmapBytes);
        long modified = Files.getLastModifiedTime(files.path("a.raw-cow")).toMillis();

        assertThat(refusal())
                .hasMessageContaining("cannot hold the bitmap in memory: bytes=" + bitmapBytes)
                .extracting(BlockException::action)
                .isEqualTo("use a larger sector size");
        assertThat(Files.getLastModifiedTime(files.path("a.raw-cow")).toMillis())
                .isEqualTo(modified);
        assertThat(Files.getAttribute(files.path("a.raw-cow"), "unix:size")).isEqualTo(BITMAP + bitmapBytes);
        assertThat(openFiles()).isEmpty();
    }

    @Test
    void aRawFileThatIsTheBackingIsNotTouchedByFinishingACreation() throws Exception {
        Files.write(files.path("base.img"), new byte[100_000]); // looks unused
        files.create(files.spec("b.raw-cow", "base.img", "b.img"));
        asCutOffWhileCreating("b.raw-cow");
        Files.delete(files.path("b.img"));
        Files.createLink(files.path("b.img"), files.path("base.img"));
        patchLong(files, "b.raw-cow", SIZE, 90_000);
        Map<String, String> before = files.snapshot();

        var refusal = catchThrowableOfType(BlockException.class, () -> files.open("b.raw-cow"));

        assertThat(refusal.kind()).isEqualTo(FaultKind.INVALID_VALUE);
        assertThat(files.snapshot()).isEqualTo(before);
    }

    @Test
    void aChangedBackingIsFoundBeforeACreationIsFinished() throws Exception {
        asCutOffWhileCreating("a.raw-cow");
        Files.delete(files.path("a.img"));
        Files.write(files.path("base.img"), new byte[7]);
        Map<String, String> before = files.snapshot();

        assertThat(refusal().kind()).isEqualTo(FaultKind.BACKING_CHANGED);
        assertThat(files.snapshot()).isEqualTo(before);
    }

    /** Only slot 0 is there: the state is {@code creating}. */
    private void asCutOffWhileCreating(String sidecar) throws IOException {
        write(files.path(sidecar), SLOTS + 4096, new byte[4096]);
    }

    private BlockException refusal() {
        return catchThrowableOfType(
                BlockException.class, () -> files.open("a.raw-cow").close());
    }

    // ---- ways to damage

    private static void write(Path path, long at, byte[] bytes) throws IOException {
        try (var file = new RandomAccessFile(path.toFile(), "rw")) {
            file.seek(at);
            file.write(bytes);
        }
    }

    private static void patch(ImageFiles files, long at, String latin) throws IOException {
        write(files.path("a.raw-cow"), at, latin.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static void patchInt(ImageFiles files, long at, int value) throws IOException {
        write(files.path("a.raw-cow"), at, ByteBuffer.allocate(4).putInt(value).array());
    }

    private static void patchLong(ImageFiles files, long at, long value) throws IOException {
        patchLong(files, "a.raw-cow", at, value);
    }

    private static void patchLong(ImageFiles files, String sidecar, long at, long value) throws IOException {
        write(files.path(sidecar), at, ByteBuffer.allocate(8).putLong(value).array());
    }

    private static void name(ImageFiles files, long field, String name) throws IOException {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        write(
                files.path("a.raw-cow"),
                field,
                ByteBuffer.allocate(1024).put(bytes).array());
    }

    private static void truncate(ImageFiles files, long size) throws IOException {
        try (var file = new RandomAccessFile(files.path("a.raw-cow").toFile(), "rw")) {
            file.setLength(size);
        }
    }

    private static void link(ImageFiles files, String link, String target) throws IOException {
        Files.delete(files.path(link));
        Files.createSymbolicLink(files.path(link), Path.of(target));
    }

    private static void hardLink(ImageFiles files, String name, String existing) throws IOException {
        Files.delete(files.path(name));
        Files.createLink(files.path(name), files.path(existing));
    }

    private static void folder(ImageFiles files, String name) throws IOException {
        Files.delete(files.path(name));
        Files.createDirectory(files.path(name));
    }

    private static void fifo(ImageFiles files, String name) throws IOException, InterruptedException {
        Files.delete(files.path(name));
        assertThat(new ProcessBuilder("mkfifo", files.path(name).toString())
                        .start()
                        .waitFor())
                .isZero();
    }
}
