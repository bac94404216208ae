package io.rawcow.image;

import static io.rawcow.testing.Tampering.Call.ALLOCATE;
import static io.rawcow.testing.Tampering.Call.DATA_SYNC;
import static io.rawcow.testing.Tampering.Call.READ;
import static io.rawcow.testing.Tampering.Call.SEEK;
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
import io.rawcow.posix.PosixFolder;
import io.rawcow.testing.QuickTempDir;
import io.rawcow.testing.Tampering;
import io.rawcow.testing.Tampering.Trouble;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** How flushes share their syncs, in what order things reach the disk, and a detach in the midst of it. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RoundsTest {
    private static final int SIZE = 1 << 20;
    private static final Duration SOON = Duration.ofSeconds(20);

    @TempDir(factory = QuickTempDir.class)
    Path temp;

    private final Tampering tampering = new Tampering();
    private final Queue<IOException> failures = new ConcurrentLinkedQueue<>();
    private final List<Thread> threads = new CopyOnWriteArrayList<>();
    private PosixFolder folder;
    private DataRoots roots;
    private LiveImage image;

    @BeforeEach
    void open() throws Exception {
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
                        4096,
                        Preallocation.OFF,
                        false,
                        true));
        reopen();
    }

    private void reopen() throws IOException {
        image = ImageOpener.open(roots, roots.locate("a.raw-cow"), TestLive.folder(), OpenOptions.STRICT);
        tampering.forget();
    }

    @AfterEach
    void close() {
        try {
            image.close();
        } catch (BlockException _) {
            // An image that the test has broken.
        }
        folder.close();
    }

    private interface Work {
        void run() throws IOException;
    }

    private Thread start(Work work) {
        Thread thread = Thread.ofPlatform().start(() -> {
            try {
                work.run();
            } catch (IOException e) {
                failures.add(e);
            }
        });
        threads.add(thread);
        return thread;
    }

    private void join() throws InterruptedException {
        for (Thread thread : threads) {
            thread.join();
        }
    }

    private static void awaitWaiting(Thread thread) {
        await().atMost(SOON).until(() -> thread.getState() == Thread.State.WAITING);
    }

    private static void awaitHits(Trouble trouble, int hits) {
        await().atMost(SOON).until(() -> trouble.hits() >= hits);
    }

    private void write(long offset) throws BlockException {
        try (Arena arena = Arena.ofConfined()) {
            image.write(offset, arena.allocate(4096).fill((byte) 7));
        }
    }

    private int syncs(String name) {
        return tampering.touches(name, DATA_SYNC).size();
    }

    @Test
    void bytesAreSyncedBeforeTheirBitsAreWritten() throws Exception {
        write(0);
        tampering.forget();

        image.flush();

        assertThat(tampering.touches().stream().map(touch -> touch.call() + " " + touch.name()))
                .containsExactly("DATA_SYNC a.img", "WRITE a.raw-cow", "DATA_SYNC a.raw-cow");
    }

    @Test
    void withNothingUnsavedOnlyTheRawFileIsSynced() throws Exception {
        write(0);
        image.flush();
        write(0);
        tampering.forget();

        image.flush();

        assertThat(tampering.touches().stream().map(touch -> touch.call() + " " + touch.name()))
                .containsExactly("DATA_SYNC a.img");
    }

    /** What comes during a round cannot be sure of it and waits for the next one, all together. */
    @Test
    void flushesThatComeDuringARoundShareTheNext() throws Exception {
        try (Trouble slow = tampering.hang(1, calls("a.img", DATA_SYNC))) {
            start(image::flush);
            awaitHits(slow, 1);
            for (int i = 0; i < 10; i++) {
                awaitWaiting(start(image::flush));
            }
            assertThat(syncs("a.img")).isOne();
        }
        join();

        assertThat(failures).isEmpty();
        assertThat(syncs("a.img")).isEqualTo(2);
    }

    @Test
    void aWriteAnsweredDuringARoundIsSavedByTheNext() throws Exception {
        write(0);
        try (Trouble slow = tampering.hang(1, calls("a.img", DATA_SYNC))) {
            start(image::flush);
            awaitHits(slow, 1);
            write(8192);
        }
        join();
        assertThat(image.hasUnsavedBits()).isTrue();

        image.flush();

        assertThat(image.hasUnsavedBits()).isFalse();
        assertThat(syncs("a.img")).isEqualTo(2);
    }

    @Test
    void manyFlushesNeedFewSyncs() throws Exception {
        int flushes = 200;
        for (int i = 0; i < 10; i++) {
            start(() -> {
                for (int j = 0; j < flushes / 10; j++) {
                    image.flush();
                }
            });
        }
        join();

        assertThat(failures).isEmpty();
        assertThat(syncs("a.img")).isBetween(flushes / 10, flushes);
    }

    @Test
    void thoseWhoShareARoundShareItsFailure() throws Exception {
        try (Trouble slow = tampering.hang(1, calls("a.img", DATA_SYNC))) {
            start(image::flush);
            awaitHits(slow, 1);
            for (int i = 0; i < 5; i++) {
                awaitWaiting(start(image::flush));
            }
            var _ = tampering.failOnce(Errno.EIO, calls("a.img", DATA_SYNC));
        }
        join();

        assertThat(failures)
                .hasSize(5)
                .allMatch(e -> e instanceof BlockException block && block.kind() == FaultKind.IMAGE_FAILED);
        assertThat(syncs("a.img")).isEqualTo(2);
    }

    @Test
    void afterAFailedWriteToTheSidecarTheNextRoundSavesAll() throws Exception {
        write(0);
        try (var _ = tampering.failOnce(Errno.ENOSPC, calls("a.raw-cow", WRITE))) {
            assertThatExceptionOfType(BlockException.class)
                    .isThrownBy(image::flush)
                    .matches(e -> e.kind() == FaultKind.NO_SPACE);
        }
        assertThat(image.hasUnsavedBits()).isTrue();
        assertThat(image.failure()).isNull();
        write(8192);

        image.flush();
        Crash.of(image);
        reopen();

        assertThat(image.sectorsAllocated()).isEqualTo(2);
    }

    /** The second of them finds the mark that the first could not make last. */
    @Test
    void noWriteIsAnsweredOnceASyncHasFailed() throws Exception {
        Trouble slow = tampering.hang(1, calls("a.raw-cow", DATA_SYNC));
        try (var _ = tampering.failOnce(Errno.EIO, calls("a.raw-cow", DATA_SYNC))) {
            start(() -> write(0));
            awaitHits(slow, 1);
            awaitWaiting(start(() -> write(8192)));
            slow.close();
            join();
        }

        assertThat(failures)
                .hasSize(2)
                .allMatch(e -> e instanceof BlockException block && block.kind() == FaultKind.IMAGE_FAILED);
    }

    @Test
    void aReadThatASyncFailsUnderIsNotAnswered() throws Exception {
        write(0);
        try (var _ = tampering.failOnce(Errno.EIO, calls("a.img", DATA_SYNC));
                var _ = tampering.once(calls("a.img", READ), () -> assertImageFailed(image::flush))) {
            assertImageFailed(() -> ImageFiles.read(image, 0, 4096));
        }
    }

    // ---- a detach in the midst of it

    /** Takes over every sector, as a stream would. */
    private void hydrateAll() throws BlockException {
        image.hydrate(new ByteRange(0, SIZE), null);
    }

    /**
     * A write that found its sector clear and was overtaken by the stream, and flushes that began before the detach:
     * they come to the sidecar when it is closed, and must not notice.
     */
    @Test
    void flushesThatSpanADetachSucceed() throws Exception {
        Trouble lateWrite = tampering.hang(1, calls("a.raw-cow", ALLOCATE));
        Thread writer = start(() -> write(SIZE - 4096));
        awaitHits(lateWrite, 1);
        hydrateAll();
        Queue<Trouble> slow = new ConcurrentLinkedQueue<>();
        start(() -> image.detach(false, () -> {
            // The sidecar says standalone, and is still there.
            slow.add(tampering.hang(1, calls("a.img", DATA_SYNC)));
            start(image::flush);
            awaitHits(slow.element(), 1);
            awaitWaiting(start(image::flush));
            lateWrite.close();
            await().atMost(SOON).until(() -> !writer.isAlive());
        }));
        await().atMost(SOON).until(image::isStandalone);
        Thread.sleep(Duration.ofMillis(50)); // for what follows: wrong code would close the sidecar now
        slow.element().close();
        join();

        assertThat(failures).isEmpty();
        assertThat(image.failure()).isNull();
        assertThat(temp.resolve("a.raw-cow")).doesNotExist();
    }

    @Test
    void aLookAtTheBackingThatSpansADetachIsAnsweredFromTheRawFile() throws Exception {
        var found = new ConcurrentLinkedQueue<MappedExtent>();
        try (Trouble slow = tampering.hang(1, calls("base.img", SEEK))) {
            start(() -> found.add(image.mapAt(0, SIZE)));
            awaitHits(slow, 1);
            hydrateAll();
            image.detach(false, () -> {});
        }
        join();

        assertThat(failures).isEmpty();
        assertThat(found).containsExactly(new MappedExtent(new ByteRange(0, SIZE), 0, true, true));
    }

    @Test
    void aSyncThatFailsAfterADetachFailsTheImage() throws Exception {
        hydrateAll();
        image.detach(false, () -> {});
        try (var _ = tampering.failOnce(Errno.EIO, calls("a.img", DATA_SYNC))) {
            assertImageFailed(image::flush);
        }

        assertImageFailed(image::flush);
        assertImageFailed(() -> write(0));
        assertThat(image.failure()).isNotNull();
    }

    private static void assertImageFailed(Work work) {
        assertThatExceptionOfType(BlockException.class)
                .isThrownBy(work::run)
                .matches(e -> e.kind() == FaultKind.IMAGE_FAILED);
    }

    @Test
    void aClosedImageCannotBeDetached() throws Exception {
        hydrateAll();
        image.close();

        assertThatExceptionOfType(BlockException.class)
                .isThrownBy(() -> image.detach(false, () -> {
                    throw new AssertionError("nothing is to be recorded");
                }))
                .matches(e -> e.kind() == FaultKind.IMAGE_CLOSED);
    }
}
