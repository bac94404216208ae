package io.rawcow.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.rawcow.block.BlockException;
import io.rawcow.image.TestLive;
import io.rawcow.posix.DataRoots;
import io.rawcow.posix.PosixFolder;
import io.rawcow.stream.ErrorPolicy;
import io.rawcow.stream.JobStatus;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Images and jobs by name, through restarts: what REST promises, without HTTP. */
class CatalogTest {
    private static final int MIB = 1 << 20;
    private static final ImageRequest NOTHING =
            new ImageRequest(null, null, null, null, null, null, null, null, null, null);

    @TempDir
    Path root;

    private Path backing;
    private CatalogSettings settings = CatalogSettings.DEFAULT;
    private Catalog catalog;

    @BeforeEach
    void open() throws Exception {
        backing = root.resolve("golden.img");
        writeBacking(8 * MIB);
        start();
    }

    @AfterEach
    void close() {
        catalog.close();
    }

    private void writeBacking(int bytes) throws Exception {
        byte[] data = new byte[bytes / 2];
        new Random(7).nextBytes(data);
        try (var file = new RandomAccessFile(backing.toFile(), "rw")) {
            file.setLength(bytes);
            file.seek(bytes / 4);
            file.write(data);
        }
    }

    private void start(DeclaredImage... declared) throws Exception {
        var folder = PosixFolder.open(root.toString());
        var roots = new DataRoots(List.of(new DataRoots.Root(folder, true, CatalogStore.FOLDER)));
        var clients = new Catalog.Clients(new FakeExportHost(), new ClientWatch());
        catalog = Catalog.open(new Catalog.Files(roots, TestLive.folder()), settings, List.of(declared), () -> clients);
        catalog.serve();
    }

    private void restart(DeclaredImage... declared) throws Exception {
        catalog.close();
        start(declared);
    }

    private static ImageRequest request() {
        return new ImageRequest("vm.raw-cow", "golden.img", null, "vm.img", null, null, null, null, null, null);
    }

    private static JobRequest stream(long speed) {
        return new JobRequest(JobRequest.STREAM, "vm", speed, ErrorPolicy.ENOSPC, true, false, false);
    }

    private JobView concluded(String id) throws Exception {
        JobView job = catalog.jobs().get(id, Duration.ofSeconds(30));
        assertThat(job.status()).isEqualTo(JobStatus.CONCLUDED);
        return job;
    }

    @Test
    void anImageIsCreatedStreamedAndStandsAlone() throws Exception {
        Ensured image = catalog.images().put("vm", request());
        assertThat(image.created()).isTrue();
        assertThat(image.image().state()).isEqualTo(ImageState.COW);

        var _ = catalog.jobs().put("job", stream(0));
        JobView job = concluded("job");

        assertThat(job.error()).isNull();
        assertThat(job.progress()).isEqualTo(1.0);
        assertThat(Files.mismatch(backing, root.resolve("vm.img"))).isEqualTo(-1);
        assertThat(root.resolve("vm.raw-cow")).doesNotExist();
        ImageView after = catalog.images().get("vm");
        assertThat(after.state()).isEqualTo(ImageState.STANDALONE);
        assertThat(after.backingFile()).isNull();
        assertThat(after.sidecar()).isNull();
        assertThat(after.detachedAt()).isNotNull();
    }

    @Test
    void theSameRequestAgainAnswersTheSameAlsoAfterDetachAndRestart() throws Exception {
        var _ = catalog.images().put("vm", request());
        var _ = catalog.jobs().put("job", stream(0));
        var _ = concluded("job");

        assertThat(catalog.images().put("vm", request()).created()).isFalse();
        restart();
        assertThat(catalog.images().put("vm", request()).image().state()).isEqualTo(ImageState.STANDALONE);
        assertThat(catalog.images().put("vm", NOTHING).created()).isFalse();
        assertThat(catalog.jobs().put("job", stream(0)).started()).isFalse();
        assertThatThrownBy(() -> catalog.jobs().put("job", stream(5)))
                .isInstanceOfSatisfying(
                        ProblemException.class, e -> assertThat(e.code()).isEqualTo(ProblemCode.JOB_DIFFERS));
    }

    @Test
    void anInterruptedStreamGoesOnAfterARestartAtItsSpeed() throws Exception {
        var _ = catalog.images().put("vm", request());
        var _ = catalog.jobs().put("job", stream(512 << 10));
        await().until(() -> catalog.jobs().get("job", Duration.ZERO).bytesCopied() > 0);
        restart();

        JobView job = catalog.jobs().get("job", Duration.ZERO);

        assertThat(job.speed()).isEqualTo(512 << 10);
        assertThat(job.currentProgress()).isPositive();
        await().until(() -> catalog.jobs().get("job", Duration.ZERO).status() == JobStatus.RUNNING);
        var _ = catalog.jobs().setSpeed("job", 0);
        assertThat(concluded("job").error()).isNull();
        assertThat(Files.mismatch(backing, root.resolve("vm.img"))).isEqualTo(-1);
    }

    @Test
    void aPausedJobStaysPausedAfterARestart() throws Exception {
        var _ = catalog.images().put("vm", request());
        var _ = catalog.jobs().put("job", stream(1024));
        var _ = catalog.jobs().pause("job");
        restart();

        assertThat(catalog.jobs().get("job", Duration.ZERO).status()).isEqualTo(JobStatus.PAUSED);
        var _ = catalog.jobs().setSpeed("job", 0);
        var _ = catalog.jobs().resume("job");
        assertThat(concluded("job").error()).isNull();
    }

    @Test
    void deleteIsRefusedWhileAJobIsActive() throws Exception {
        var _ = catalog.images().put("vm", request());
        var _ = catalog.jobs().put("job", stream(1024));

        assertThatThrownBy(() -> catalog.images().delete("vm", true))
                .isInstanceOfSatisfying(
                        ProblemException.class, e -> assertThat(e.code()).isEqualTo(ProblemCode.JOB_ACTIVE))
                .hasMessageContaining("job=job");
        assertThatThrownBy(() -> catalog.jobs().put("other", stream(0))).hasMessageContaining("job=job");

        JobView cancelled = catalog.jobs().cancel("job");
        assertThat(cancelled.status()).isEqualTo(JobStatus.CONCLUDED);
        assertThat(cancelled.error()).isNotNull();
        catalog.images().delete("vm", true);
        assertThat(root.resolve("vm.img")).doesNotExist();
        assertThat(root.resolve("vm.raw-cow")).doesNotExist();
        assertThat(backing).exists();
    }

    @Test
    void aLostCatalogNeverMakesARawFileAnew() throws Exception {
        var _ = catalog.images().put("vm", request());
        var _ = catalog.jobs().put("job", stream(0));
        var _ = concluded("job");
        catalog.images().delete("vm", false);

        assertThatThrownBy(() -> catalog.images().put("vm", request()))
                .isInstanceOfSatisfying(
                        ProblemException.class, e -> assertThat(e.code()).isEqualTo(ProblemCode.RAW_FILE_EXISTS));
        assertThat(root.resolve(".vm.raw-cow.creating")).doesNotExist();
        assertThat(Files.mismatch(backing, root.resolve("vm.img"))).isEqualTo(-1);
    }

    @Test
    void aDeclaredImageIsCreatedOnceAndOpenedEverAfter() throws Exception {
        var declared = new DeclaredImage("vm", request(), null, stream(0));
        restart(declared);
        assertThat(concluded("vm").error()).isNull();
        assertThat(catalog.missing()).isEmpty();
        restart(declared);

        assertThat(catalog.images().get("vm").state()).isEqualTo(ImageState.STANDALONE);
        assertThatThrownBy(() -> catalog.images().delete("vm", false))
                .isInstanceOfSatisfying(
                        ProblemException.class, e -> assertThat(e.code()).isEqualTo(ProblemCode.IMAGE_IN_USE));
    }

    @Test
    void pathsOutsideTheRootsAndInTheCatalogAreRefused() {
        for (String path : List.of("/etc/passwd", "../x", "a/../../x", ".rawcow/x", ".rawcow/images/x.json")) {
            var request = new ImageRequest(path, "golden.img", null, "vm.img", null, null, null, null, null, null);
            assertThatThrownBy(() -> catalog.images().put("vm", request))
                    .as(path)
                    .isInstanceOfSatisfying(
                            ProblemException.class,
                            e -> assertThat(e.code()).isIn(ProblemCode.PATH_OUTSIDE_ROOTS, ProblemCode.FILE_NOT_FOUND));
        }
    }

    @Test
    void whoWaitsForAJobWhoseImageIsNotOpenWaitsForThatToo() throws Exception {
        var _ = catalog.images().put("vm", request());
        var _ = catalog.jobs().put("job", stream(1 << 20));
        catalog.close();
        Path away = Files.move(backing, root.resolve("away.img"));
        start();
        assertThat(catalog.images().get("vm").state()).isEqualTo(ImageState.UNAVAILABLE);
        var answered = new CountDownLatch(1);
        Thread waiting = Thread.ofVirtual().start(() -> {
            try {
                assertThat(concluded("job").error()).isNull();
                answered.countDown();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        await().until(() -> waiting.getState() == Thread.State.TIMED_WAITING);

        Files.move(away, backing);
        var _ = catalog.images().put("vm", NOTHING);
        var _ = catalog.jobs().setSpeed("job", 0);

        assertThat(answered.await(30, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void whoWaitsForAJobWhoseImageIsNotOpenHearsOfItsEnd() throws Exception {
        var _ = catalog.images().put("vm", request());
        var _ = catalog.jobs().put("job", stream(1024));
        catalog.close();
        Files.delete(backing);
        start();
        assertThat(catalog.jobs().get("job", Duration.ofMillis(1)).status()).isNotEqualTo(JobStatus.CONCLUDED);
        Thread cancelling = Thread.ofVirtual().unstarted(() -> catalog.jobs().cancel("job"));
        cancelling.start();

        assertThat(concluded("job").error()).isNotNull();
        cancelling.join();
    }

    @Test
    void thereAreAsManyImagesAndExportsAsThereMayBe() throws Exception {
        CatalogSettings usual = CatalogSettings.DEFAULT;
        settings = new CatalogSettings(usual.stream(), 8, 1000, usual.bufferBytes(), 1, 1);
        restart();
        var _ = catalog.images().put("vm", request());
        var _ = catalog.exports().put("vm", new ExportRequest("vm", null, null, null));

        for (ThrowingCallable oneMore : List.<ThrowingCallable>of(
                () -> catalog.images().put("other", request()),
                () -> catalog.exports().put("other", new ExportRequest("vm", null, null, null)))) {
            assertThatThrownBy(oneMore)
                    .isInstanceOfSatisfying(
                            ProblemException.class, e -> assertThat(e.code()).isEqualTo(ProblemCode.BUSY))
                    .hasMessageContaining("limit=1");
        }
        assertThat(catalog.images().put("vm", request()).created()).isFalse();
    }

    @Test
    void imageThatCannotBeClosedCleanlyIsTold() throws Exception {
        var _ = catalog.images().put("vm", request());
        catalog.close();
        assertThat(catalog.isClosedCleanly()).isTrue();
        start();
        catalog.images()
                .requireOpen("vm")
                .write(0, java.lang.foreign.Arena.global().allocate(512));

        // As a disk that is gone: the sync of the close fails.
        catalog.images().requireOpen("vm").rawFile().close();
        catalog.close();

        assertThat(catalog.isClosedCleanly()).isFalse();
    }

    @Test
    void catalogThatCannotBeOpenedLeavesNothingOpen() throws Exception {
        catalog.close();
        Files.delete(root.resolve(".rawcow/jobs"));
        Files.createFile(root.resolve(".rawcow/jobs"));
        long before = openFiles();

        for (int i = 0; i < 10; i++) {
            assertThatThrownBy(this::start).isInstanceOf(BlockException.class);
        }

        assertThat(openFiles()).isEqualTo(before);
        Files.delete(root.resolve(".rawcow/jobs"));
        start();
    }

    /** Descriptors of this process that lead into the folder of the test. */
    private long openFiles() throws Exception {
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return descriptors
                    .filter(descriptor -> {
                        try {
                            return Files.readSymbolicLink(descriptor).startsWith(root.resolve(".rawcow"));
                        } catch (java.io.IOException e) {
                            return false;
                        }
                    })
                    .count();
        }
    }

    @Test
    void aSecondServiceOnTheSameRootIsRefused() {
        assertThatThrownBy(this::start).hasMessageContaining("another rawcow serves this folder");
    }
}
