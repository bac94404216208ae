package io.rawcow.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import io.rawcow.testing.TestMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** {@code a.raw-cow} over {@code base.img}, the folder of its live file, and services that die. */
final class LiveLab {
    static final int SECTOR = ImageFiles.SECTOR;
    static final int SIZE = 64 * SECTOR;
    static final OpenOptions ACCEPT_LOSS = new OpenOptions(false, true, false);
    private static final long BUDGET = 1 << 20;

    private final Path folder;
    private final Path live;
    private final ImageFiles files;
    private final byte[] expected;

    LiveLab(Path folder) throws IOException {
        this.folder = folder;
        this.live = Files.createTempDirectory(TestMemory.path(), "lab").resolve("live");
        this.files = new ImageFiles(folder);
        this.expected = files.createOver(SIZE);
    }

    private LiveLab(LiveLab before) throws IOException {
        this.folder = before.folder;
        this.live = before.live;
        this.files = new ImageFiles(folder);
        this.expected = before.expected;
    }

    /** The same after a mount. */
    LiveLab reopened() throws IOException {
        return new LiveLab(this);
    }

    /** Lets go of the folder, so that it can be unmounted. */
    void close() {
        files.roots().primary().folder().close();
    }

    ImageFiles files() {
        return files;
    }

    Path path(String name) {
        return folder.resolve(name);
    }

    /** What the guest must find. */
    byte[] expected() {
        return expected;
    }

    // ---- live files

    Path livePath() {
        return live;
    }

    /** That of a new process. */
    LiveFolder live() throws BlockException {
        return live(BUDGET);
    }

    LiveFolder live(long budget) throws BlockException {
        return LiveFolder.at(live.toString(), budget);
    }

    List<Path> liveFiles() throws IOException {
        if (!Files.exists(live)) {
            return List.of();
        }
        try (Stream<Path> all = Files.list(live)) {
            return all.sorted().toList();
        }
    }

    Path liveFile() throws IOException {
        assertThat(liveFiles()).hasSize(1);
        return liveFiles().getFirst();
    }

    // ---- images

    LiveImage open() throws IOException {
        return open(OpenOptions.STRICT);
    }

    LiveImage open(OpenOptions options) throws IOException {
        return files.open("a.raw-cow", live(), options);
    }

    LiveImage open(long budget) throws IOException {
        return files.open("a.raw-cow", live(budget), OpenOptions.STRICT);
    }

    void write(LiveImage image, int sector) throws IOException {
        write(image, sector * SECTOR, SECTOR, sector + 1);
    }

    /** A write of a guest. */
    void write(LiveImage image, int offset, int length, int value) throws IOException {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        ImageFiles.write(image, offset, bytes);
        System.arraycopy(bytes, 0, expected, offset, length);
    }

    /** A service that wrote sectors 1, flushed, and 5, not flushed, and died. */
    void die() throws IOException {
        LiveImage image = open();
        write(image, 1);
        image.flush();
        write(image, 5);
        image.abandon();
    }

    /** The image has all that was answered, now and after it was closed. */
    void assertAllThere() throws IOException {
        try (LiveImage image = open()) {
            assertThat(ImageFiles.read(image)).isEqualTo(expected);
        }
        try (LiveImage image = open()) {
            assertThat(ImageFiles.read(image)).isEqualTo(expected);
        }
        assertThat(liveFiles()).isEmpty();
    }

    /** An open is refused, also one that would accept a loss: nothing is lost. */
    void assertKept(FaultKind kind, LiveFolder live) {
        assertThatExceptionOfType(BlockException.class)
                .isThrownBy(() -> files.open("a.raw-cow", live, ACCEPT_LOSS))
                .matches(e -> e.kind() == kind);
    }

    void assertLost(String why) {
        assertLost("a.raw-cow", why);
    }

    /** An open is refused, and changes nothing. */
    void assertLost(String sidecar, String why) {
        assertThatExceptionOfType(BlockException.class)
                .isThrownBy(() -> files.open(sidecar, live(), OpenOptions.STRICT))
                .matches(e -> e.kind() == FaultKind.ANSWERED_WRITES_LOST)
                .withMessageContaining(why);
    }
}
