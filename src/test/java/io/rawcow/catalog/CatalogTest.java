package io.rawcow.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

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
        catalog = Catalog.open(
                new Catalog.Files(roots, TestLive.folder()), CatalogSettings.DEFAULT, List.of(declared), clients);
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
    void aSecondServiceOnTheSameRootIsRefused() {
        assertThatThrownBy(this::start).hasMessageContaining("another rawcow serves this folder");
    }
}
