package io.rawcow.image;

import static io.rawcow.testing.Tampering.Call.ALLOCATE;
import static io.rawcow.testing.Tampering.Call.DATA_SYNC;
import static io.rawcow.testing.Tampering.Call.WRITE;
import static io.rawcow.testing.Tampering.calls;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.rawcow.block.BlockException;
import io.rawcow.block.ByteRange;
import io.rawcow.block.FaultKind;
import io.rawcow.posix.DataRoots;
import io.rawcow.posix.Errno;
import io.rawcow.posix.Folder;
import io.rawcow.posix.PosixFolder;
import io.rawcow.testing.QuickTempDir;
import io.rawcow.testing.Tampering;
import io.rawcow.testing.Tampering.Touch;
import io.rawcow.testing.Tampering.Trouble;
import io.rawcow.testing.TestMemory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What reaches the disk, in what order, with memory for live files and without; and what a failed sync leaves. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LiveMemoryTest {
    private static final int SECTOR = 4096;
    private static final int SIZE = 256 * SECTOR;
    private static final long ENOUGH = 1 << 20;
    private static final Duration SOON = Duration.ofSeconds(20);

    @TempDir(factory = QuickTempDir.class)
    Path temp;

    private final Tampering tampering = new Tampering();
    private Path memory;
    private PosixFolder folder;
    private DataRoots roots;
    private LiveImage image;

    @BeforeEach
    void create() throws Exception {
        memory = Files.createTempDirectory(TestMemory.path(), "memory");
        folder = PosixFolder.open(temp.toRealPath().toString());
        roots = new DataRoots(List.of(new DataRoots.Root(tampering.on(folder), true, "")));
        Files.write(temp.resolve("base.img"), new byte[SIZE]);
        ImageCreator.create(
                roots,
                new ImageSpec(
                        roots.locate("a.raw-cow"),
                        "base.img",
                        "raw",
                        "a.img",
                        null,
                        SECTOR,
                        Preallocation.OFF,
                        false,
                        true));
    }

    @AfterEach
    void close() {
        if (image != null) {
            image.abandon();
        }
        folder.close();
    }

    /** With tampering in the folder of the live files, too. */
    private void open(long budget) throws IOException {
        open(budget, OpenOptions.STRICT);
    }

    private void open(long budget, OpenOptions options) throws IOException {
        LiveFolder live = LiveFolder.in(this::memory, "live", BootId.current(), budget);
        image = ImageOpener.open(roots, roots.locate("a.raw-cow"), live, options);
        tampering.forget();
    }

    private Folder memory() throws io.rawcow.posix.PosixException {
        return tampering.on(PosixFolder.open(memory.toString()));
    }

    private void write(long offset) throws BlockException {
        try (Arena arena = Arena.ofConfined()) {
            image.write(offset, arena.allocate(SECTOR).fill((byte) 7));
        }
    }

    private List<String> touches() {
        return tampering.touches().stream()
                .map(touch -> touch.call() + " " + (isLive(touch) ? "live" : touch.name()))
                .toList();
    }

    private static boolean isLive(Touch touch) {
        return !touch.name().contains("a.");
    }

    private static Predicate<Touch> live(Tampering.Call call) {
        return touch -> isLive(touch) && touch.call() == call;
    }

    // ---- the order of things

    @Test
    void theFirstChangeOfAGuestComesAfterTheMark() throws Exception {
        open(ENOUGH);

        write(0);
        write(SECTOR);
        write(0);

        assertThat(touches())
                .containsExactly(
                        "WRITE a.raw-cow", // the mark
                        "DATA_SYNC a.raw-cow",
                        "ALLOCATE a.raw-cow",
                        "WRITE a.img",
                        "ALLOCATE live", // before the first bit
                        "WRITE a.img",
                        "WRITE a.img");
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 8192})
    void withoutMemoryAnAllocatingChangeIsAnsweredAfterARound(long budget) throws Exception {
        open(budget);
        write(0);
        tampering.forget();

        write(SECTOR);
        write(SECTOR); // allocates nothing

        assertThat(touches())
                .containsExactly(
                        "WRITE a.img", "DATA_SYNC a.img", "WRITE a.raw-cow", "DATA_SYNC a.raw-cow", "WRITE a.img");
        assertThat(image.hasUnsavedBits()).isFalse();
    }

    @Test
    void whoFindsTheBitOfAWriteThatIsNotAnsweredWaitsToo() throws Exception {
        open(0);
        write(SECTOR);
        Thread second;
        try (Trouble slow = tampering.hang(1, calls("a.img", DATA_SYNC))) {
            Thread first = start();
            await().atMost(SOON).until(() -> slow.hits() == 1);
            second = start();
            await().atMost(SOON).until(() -> second.getState() == Thread.State.WAITING);
            assertThat(first.isAlive()).isTrue();
        }
        second.join();
        image.abandon();

        open(0);
        assertThat(image.sectorsAllocated()).isEqualTo(2);
    }

    private Thread start() {
        return Thread.ofPlatform().start(() -> {
            try {
                write(0);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    /** No memory for a step: the memory file system is full, or a limit was reached. */
    @ParameterizedTest
    @ValueSource(ints = {Errno.ENOSPC, Errno.ENOMEM})
    void whereAStepCannotBeHadNothingIsLost(int errno) throws Exception {
        open(ENOUGH);
        try (var _ = tampering.fail(errno, live(ALLOCATE))) {
            write(0);
        }
        assertThat(image.hasUnsavedBits()).isFalse();
        image.abandon();

        open(ENOUGH);
        assertThat(image.sectorsAllocated()).isOne();
    }

    @ParameterizedTest
    @CsvSource({"ALLOCATE", "WRITE"})
    void whereALiveFileCannotBeMadeNothingIsLost(Tampering.Call call) throws Exception {
        try (var _ = tampering.fail(Errno.ENOSPC, live(call))) {
            open(ENOUGH);
        }
        write(0);
        assertThat(image.hasUnsavedBits()).isFalse();
        assertThat(memory.resolve("live")).isEmptyDirectory();
        image.abandon();

        open(ENOUGH);
        assertThat(image.sectorsAllocated()).isOne();
    }

    /** The place of its bit: told to the write, and never to a flush. */
    @ParameterizedTest
    @ValueSource(longs = {0, ENOUGH})
    void noPlaceInTheSidecarIsThatWritesTrouble(long budget) throws Exception {
        open(budget);
        try (var _ = tampering.fail(Errno.ENOSPC, calls("a.raw-cow", ALLOCATE))) {
            assertThatExceptionOfType(BlockException.class)
                    .isThrownBy(() -> write(0))
                    .matches(e -> e.kind() == FaultKind.NO_SPACE);
            image.flush();
        }
        assertThat(image.sectorsAllocated()).isZero();
        write(0);
        image.flush();
    }

    // ---- failed syncs

    @ParameterizedTest
    @CsvSource({"1048576, a.img", "1048576, a.raw-cow", "8192, a.img", "0, a.img", "0, a.raw-cow"})
    void aFailedSyncIsKnownToTheNextOpen(long budget, String name) throws Exception {
        open(budget);
        write(0);
        image.flush();
        try (var _ = tampering.failOnce(Errno.EIO, calls(name, DATA_SYNC))) {
            assertThatExceptionOfType(BlockException.class)
                    .isThrownBy(() -> {
                        write(SECTOR);
                        image.flush();
                    })
                    .matches(e -> e.kind() == FaultKind.IMAGE_FAILED);
        }
        image.abandon();

        for (int i = 0; i < 2; i++) {
            assertThatExceptionOfType(BlockException.class)
                    .isThrownBy(() -> open(budget))
                    .matches(e -> e.kind() == FaultKind.ANSWERED_WRITES_LOST);
        }
        open(budget, new OpenOptions(false, true, false));
        assertThat(image.sectorsAllocated()).isPositive();
        write(2 * SECTOR);
        image.close();
        open(budget);
        assertThat(image.sectorsAllocated()).isBetween(2L, 3L);
    }

    /** Without memory no bit is owed then, but bytes of sectors that were set. */
    @ParameterizedTest
    @CsvSource({"1048576, a.img", "1048576, a.raw-cow", "8192, a.img", "0, a.img", "0, a.raw-cow"})
    void aSyncThatFailsDuringAnOpenIsKnownToTheNextOpen(long budget, String name) throws Exception {
        open(budget);
        write(0);
        write(0);
        image.abandon();
        try (var _ = tampering.failOnce(Errno.EIO, calls(name, DATA_SYNC))) {
            assertThatExceptionOfType(BlockException.class).isThrownBy(() -> open(budget));
        }

        assertThatExceptionOfType(BlockException.class)
                .isThrownBy(() -> open(budget))
                .matches(e -> e.kind() == FaultKind.ANSWERED_WRITES_LOST);
        open(budget, new OpenOptions(false, true, false));
    }

    /** What is adopted is saved before anybody sees the image; the old live file counts until the sidecar says else. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void anAdoptionThatIsCutOffIsBegunAgain(int writes) throws Exception {
        open(ENOUGH);
        write(0);
        write(9 * SECTOR);
        image.abandon();
        int[] left = {writes};
        try (var _ =
                tampering.fail(Errno.EIO, touch -> calls("a.raw-cow", WRITE).test(touch) && left[0]-- <= 0)) {
            assertThatExceptionOfType(BlockException.class)
                    .isThrownBy(() -> open(ENOUGH))
                    .matches(e -> e.kind() == FaultKind.IO_ERROR);
        }

        open(ENOUGH);
        assertThat(image.sectorsAllocated()).isEqualTo(2);
        image.close();
        assertThat(memory.resolve("live")).isEmptyDirectory();
    }

    /** It may be that of the mark, when the image was closed. */
    @Test
    void aCleanImageIsOpenedUponASidecarThatIsWrittenAgain() throws Exception {
        open(ENOUGH);
        write(0);
        try (var _ = tampering.failOnce(
                Errno.EIO,
                touch -> calls("a.raw-cow", DATA_SYNC).test(touch)
                        && tampering.touches("a.raw-cow", DATA_SYNC).size() == 3)) {
            assertThatExceptionOfType(BlockException.class).isThrownBy(image::close);
        }
        tampering.forget();
        image = ImageOpener.open(
                roots,
                roots.locate("a.raw-cow"),
                LiveFolder.in(this::memory, "live", BootId.current(), ENOUGH),
                OpenOptions.STRICT);

        assertThat(touches()).containsSubsequence("WRITE a.raw-cow", "DATA_SYNC a.raw-cow");
    }

    @Test
    void bitsOfHydrationAreNotOwed() throws Exception {
        open(ENOUGH);
        image.hydrate(new ByteRange(0, SECTOR), null);
        try (var _ = tampering.failOnce(Errno.EIO, calls("a.img", DATA_SYNC))) {
            assertThatExceptionOfType(BlockException.class).isThrownBy(image::flush);
        }
        image.abandon();

        open(ENOUGH);
        assertThat(image.sectorsAllocated()).isZero();
    }
}
