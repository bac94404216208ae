package io.rawcow.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import io.rawcow.format.Extension;
import io.rawcow.format.Extension.Dirty;
import io.rawcow.format.Sidecar;
import io.rawcow.format.SidecarState;
import io.rawcow.image.ImageRebase.NewBacking;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A backing that has moved is found again, with every bit kept; anything else leaves the image as it was. */
class ImageRebaseTest {
    private static final int SIZE = 70 * ImageFiles.SECTOR + 5;

    @TempDir
    Path folder;

    private ImageFiles files;
    private byte[] content;

    @BeforeEach
    void createOneThatIsPartlyFilled() throws Exception {
        files = new ImageFiles(folder);
        content = files.createOver(SIZE);
        try (LiveImage image = files.open("a.raw-cow")) {
            byte[] written = {1, 2, 3};
            ImageFiles.write(image, 5000, written);
            System.arraycopy(written, 0, content, 5000, 3);
        }
        Files.createDirectory(files.path("store"));
    }

    private void rebase(String name, String format, boolean accept) throws IOException {
        ImageRebase.rebase(files.roots(), files.place("a.raw-cow"), new NewBacking(name, format, accept));
    }

    private BlockException refusal(String name) throws IOException {
        Map<String, String> before = files.snapshot();
        var refusal = catchThrowableOfType(BlockException.class, () -> rebase(name, "raw", false));
        assertThat(refusal).isNotNull();
        assertThat(files.snapshot()).as(refusal.getMessage()).isEqualTo(before);
        return refusal;
    }

    private void move() throws IOException {
        Files.move(files.path("base.img"), files.path("store/moved.img"));
    }

    private Extension extension() throws IOException {
        try (Sidecar sidecar = files.sidecar("a.raw-cow")) {
            return sidecar.extension();
        }
    }

    @Test
    void theImageReadsAsBeforeOverTheMovedBacking() throws Exception {
        Extension before = extension();
        move();

        rebase("store/moved.img", "raw", false);

        assertThat(extension()).isEqualTo(before);
        try (LiveImage image = files.open("a.raw-cow")) {
            assertThat(image.sectorsAllocated()).isEqualTo(1);
            assertThat(ImageFiles.read(image)).isEqualTo(content);
        }
        assertThat(files.snapshot().keySet()).containsExactly("a.img", "a.raw-cow", "store", "store/moved.img");
    }

    @Test
    void thePermissionsStay() throws Exception {
        Files.setPosixFilePermissions(files.path("a.raw-cow"), PosixFilePermissions.fromString("rw-rw----"));
        move();

        rebase("store/moved.img", "raw", false);

        assertThat(Files.getPosixFilePermissions(files.path("a.raw-cow")))
                .isEqualTo(PosixFilePermissions.fromString("rw-rw----"));
    }

    @Test
    void aLeftoverOfAKilledOneIsNotInTheWay() throws Exception {
        Files.writeString(files.path(".a.raw-cow.rebasing"), "half a sidecar");
        move();

        rebase("store/moved.img", null, false);

        assertThat(files.path(".a.raw-cow.rebasing")).doesNotExist();
        try (LiveImage image = files.open("a.raw-cow")) {
            assertThat(ImageFiles.read(image)).isEqualTo(content);
        }
    }

    @Test
    void aSidecarOfTheStructAloneGetsItsExtension() throws Exception {
        byte[] bytes = Files.readAllBytes(files.path("a.raw-cow"));
        Files.write(files.path("a.raw-cow"), java.util.Arrays.copyOf(bytes, 2080 + 9));
        move();

        rebase("store/moved.img", "raw", false);

        try (LiveImage image = files.open("a.raw-cow")) {
            assertThat(ImageFiles.read(image)).isEqualTo(content);
        }
        assertThat(extension().backingSize()).isEqualTo(SIZE);
    }

    @Test
    void anotherFileIsNotTheBacking() throws Exception {
        files.fill("other.img", SIZE);

        BlockException refusal = refusal("other.img");

        assertThat(refusal.kind()).isEqualTo(FaultKind.BACKING_CHANGED);
        assertThat(refusal.action()).contains("--accept-backing-change");
    }

    @Test
    void aCopyWithoutItsTimeIsTakenWhenThatIsAccepted() throws Exception {
        Files.copy(files.path("base.img"), files.path("store/copy.img"), StandardCopyOption.COPY_ATTRIBUTES);
        Files.setLastModifiedTime(files.path("store/copy.img"), FileTime.from(Instant.parse("2030-01-01T00:00:00Z")));
        assertThat(refusal("store/copy.img").kind()).isEqualTo(FaultKind.BACKING_CHANGED);

        rebase("store/copy.img", "raw", true);

        try (LiveImage image = files.open("a.raw-cow")) {
            assertThat(ImageFiles.read(image)).isEqualTo(content);
        }
    }

    @Test
    void anOpenImageIsLeftAlone() throws Exception {
        try (LiveImage image = files.open("a.raw-cow")) {
            assertThat(refusal("base.img").kind()).isEqualTo(FaultKind.IMAGE_LOCKED);
            assertThat(image.isComplete()).isFalse();
        }
    }

    @Test
    void theImagesOwnFilesAreNoBacking() throws Exception {
        assertThat(refusal("a.img").kind()).isEqualTo(FaultKind.INVALID_VALUE);
        assertThat(refusal("a.raw-cow").kind()).isEqualTo(FaultKind.INVALID_VALUE);
    }

    @Test
    void aBackingThatIsNotThere() throws Exception {
        assertThat(refusal("nowhere.img").kind()).isEqualTo(FaultKind.FILE_NOT_FOUND);
    }

    @Test
    void oneThatNeedsNoBackingGetsNone() throws Exception {
        files.create(files.spec("b.raw-cow", "b.img", SIZE));
        var refusal = catchThrowableOfType(
                BlockException.class,
                () -> ImageRebase.rebase(
                        files.roots(), files.place("b.raw-cow"), new NewBacking("base.img", "raw", false)));
        assertThat(refusal.getMessage()).contains("has no backing");

        try (Sidecar sidecar = files.sidecar("a.raw-cow")) {
            sidecar.update(sidecar.extension().withState(SidecarState.STANDALONE));
        }
        assertThat(refusal("base.img").getMessage()).contains("does not need its backing");
    }

    @Test
    void unsavedBitsOfADeadServiceAreNotLeftBehind() throws Exception {
        try (Sidecar sidecar = files.sidecar("a.raw-cow")) {
            Extension e = sidecar.extension();
            sidecar.update(new Extension(
                    e.uuid(),
                    e.state(),
                    e.backingFormat(),
                    e.backingSize(),
                    e.backingMtimeNanos(),
                    null,
                    null,
                    new Dirty(BootId.current(), "00112233445566778899aabbccddeeff"),
                    List.of()));
        }

        assertThat(refusal("base.img").getMessage()).contains("unsaved bits");
    }

    @Test
    void aQcow2FileGetsTheLineThatConvertsIt() throws Exception {
        Files.write(files.path("q.qcow2"), new byte[] {'Q', 'F', 'I', (byte) 0xfb, 0, 0, 0, 3});

        var unclear = catchThrowableOfType(BlockException.class, () -> rebase("q.qcow2", null, false));
        var unsupported = catchThrowableOfType(BlockException.class, () -> rebase("q.qcow2", "qcow2", false));

        assertThat(unclear.kind()).isEqualTo(FaultKind.BACKING_FORMAT_UNCLEAR);
        assertThat(unsupported.action()).contains("qemu-img convert -f qcow2 -O raw q.qcow2 q.raw");
    }
}
