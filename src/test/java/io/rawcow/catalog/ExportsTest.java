package io.rawcow.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.rawcow.block.BlockException;
import io.rawcow.image.LiveImage;
import io.rawcow.image.TestLive;
import io.rawcow.nbd.server.Export;
import io.rawcow.posix.DataRoots;
import io.rawcow.posix.PosixFolder;
import io.rawcow.stream.ErrorPolicy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Exports by name, through removals and restarts, with a server of which the test knows who is connected. */
class ExportsTest {
    private static final ExportRequest VM = new ExportRequest("vm", null, null, null);
    private static final ExportRequest NOTHING = new ExportRequest(null, null, null, null);
    private static final ImageRequest IMAGE =
            new ImageRequest("vm.raw-cow", "golden.img", null, "vm.img", null, null, null, null, null, null);
    private static final ImageRequest SAME =
            new ImageRequest(null, null, null, null, null, null, null, null, null, null);

    @TempDir
    Path root;

    private FakeExportHost host;
    private ClientWatch watch;
    private Catalog catalog;

    @BeforeEach
    void open() throws Exception {
        Files.write(root.resolve("golden.img"), new byte[1 << 20]);
        start();
        var _ = catalog.images().put("vm", IMAGE);
    }

    @AfterEach
    void close() {
        catalog.close();
    }

    private void start(DeclaredImage... declared) throws Exception {
        host = new FakeExportHost();
        watch = new ClientWatch();
        var folder = PosixFolder.open(root.toString());
        var roots = new DataRoots(List.of(new DataRoots.Root(folder, true, CatalogStore.FOLDER)));
        catalog = Catalog.open(
                new Catalog.Files(roots, TestLive.folder()),
                CatalogSettings.DEFAULT,
                List.of(declared),
                () -> new Catalog.Clients(host, watch));
        catalog.serve();
    }

    private void restart(DeclaredImage... declared) throws Exception {
        catalog.close();
        start(declared);
    }

    private Exports exports() {
        return catalog.exports();
    }

    private static void refused(ProblemCode code, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        ProblemException.class,
                        e -> assertThat(e.code()).as(e.getMessage()).isEqualTo(code));
    }

    @Test
    void anExportIsOfferedAsItWasAskedFor() {
        EnsuredExport made = exports().put("disk", new ExportRequest("vm", true, "the disk", 2));

        assertThat(made.created()).isTrue();
        assertThat(made.export())
                .extracting(ExportView::name, ExportView::image, ExportView::readOnly, ExportView::description)
                .containsExactly("disk", "vm", true, "the disk");
        assertThat(made.export().maxConnections()).isEqualTo(2);
        assertThat(made.export().uris()).containsExactly("nbd://127.0.0.1:10809/disk");
        assertThat(made.export().state()).isEqualTo(ExportState.OFFERED);
        Export offered = host.find("disk").export();
        assertThat(offered.readOnly()).isTrue();
        assertThat(offered.description()).isEqualTo("the disk");
        assertThat(offered.maxConnections()).isEqualTo(2);
        assertThat(offered.device()).isSameAs(catalog.images().requireOpen("vm"));
        assertThat(offered.contexts())
                .extracting(context -> context.name())
                .containsExactly("base:allocation", "qemu:allocation-depth", "x-rawcow:hydration");
        assertThat(catalog.images().get("vm").exports()).containsExactly("disk");
    }

    @Test
    void theSameRequestIsAnsweredTheSameAndAnotherIsRefusedWithTheDifferences() throws Exception {
        var _ = exports().put("disk", VM);

        for (int starts = 0; starts < 2; starts++) {
            assertThat(exports().put("disk", VM).created()).isFalse();
            assertThat(exports().put("disk", NOTHING).created()).isFalse();
            assertThat(exports()
                            .put("disk", new ExportRequest("vm", false, "", 100))
                            .created())
                    .isFalse();
            for (ExportRequest other : List.of(
                    new ExportRequest("other", null, null, null),
                    new ExportRequest(null, true, null, null),
                    new ExportRequest(null, null, "x", null),
                    new ExportRequest(null, null, null, 1))) {
                assertThatThrownBy(() -> exports().put("disk", other))
                        .isInstanceOfSatisfying(ProblemException.class, e -> {
                            assertThat(e.code()).isEqualTo(ProblemCode.EXPORT_DIFFERS);
                            assertThat(e.differences()).hasSize(1);
                        });
            }
            restart();
        }
    }

    @Test
    void whatCannotBeOfferedIsRefused() {
        refused(ProblemCode.MISSING_FIELD, () -> exports().put("disk", NOTHING));
        refused(ProblemCode.IMAGE_NOT_FOUND, () -> exports().put("disk", new ExportRequest("no", null, null, null)));
        refused(ProblemCode.INVALID_NAME, () -> exports().put("-", VM));
        refused(ProblemCode.INVALID_NAME, () -> exports().put("disk", new ExportRequest("-", null, null, null)));
        refused(ProblemCode.EXPORT_NOT_FOUND, () -> exports().get("disk"));
        refused(ProblemCode.EXPORT_NOT_FOUND, () -> exports().delete("disk", Removal.HARD));
        assertThat(exports().list(10, null).items()).isEmpty();
    }

    @Test
    void safeRemovalLeavesAnExportWithClientsAsItIs() throws Exception {
        var _ = exports().put("disk", VM);
        host.find("disk").connect();

        refused(ProblemCode.EXPORT_IN_USE, () -> exports().delete("disk", Removal.SAFE));

        host.find("disk").connect();
        assertThat(exports().get("disk").clients()).hasSize(2);
        restart();
        exports().delete("disk", Removal.SAFE);
        assertThat(host.names()).isEmpty();
        restart();
        refused(ProblemCode.EXPORT_NOT_FOUND, () -> exports().get("disk"));
    }

    @Test
    void softRemovalHidesTheExportUntilItsLastClientLeaves() throws Exception {
        var _ = exports().put("disk", VM);
        FakeExportHost.Offered disk = host.find("disk");
        disk.connect();

        exports().delete("disk", Removal.SOFT);

        assertThat(exports().get("disk").state()).isEqualTo(ExportState.HIDDEN);
        assertThat(exports().get("disk").uris()).isEmpty();
        refused(ProblemCode.EXPORT_IN_USE, () -> exports().put("disk", VM));
        refused(ProblemCode.EXPORT_IN_USE, () -> exports().delete("disk", Removal.SAFE));
        refused(ProblemCode.IMAGE_IN_USE, () -> catalog.images().delete("vm", false));
        disk.disconnect();
        refused(ProblemCode.EXPORT_NOT_FOUND, () -> exports().get("disk"));
        assertThat(exports().put("disk", VM).created()).isTrue();
    }

    @Test
    void softRemovalHoldsAfterARestart() throws Exception {
        var _ = exports().put("disk", VM);
        host.find("disk").connect();
        exports().delete("disk", Removal.SOFT);

        restart();

        assertThat(host.names()).isEmpty();
        refused(ProblemCode.EXPORT_NOT_FOUND, () -> exports().get("disk"));
    }

    @Test
    void hardRemovalCutsClientsOffAlsoWhenTheExportWasHiddenBefore() {
        for (Removal before : List.of(Removal.HARD, Removal.SOFT)) {
            var _ = exports().put("disk", VM);
            FakeExportHost.Offered disk = host.find("disk");
            disk.connect();
            if (before == Removal.SOFT) {
                exports().delete("disk", Removal.SOFT);
            }

            exports().delete("disk", Removal.HARD);

            assertThat(disk.clients()).isEmpty();
            refused(ProblemCode.EXPORT_NOT_FOUND, () -> exports().get("disk"));
        }
        catalog.images().delete("vm", true);
    }

    @Test
    void requestThatHangsInTheDiskKeepsTheImageOpenUntilItComesBack() {
        var _ = exports().put("disk", VM);
        FakeExportHost.Offered disk = host.find("disk");
        disk.connect();
        disk.hang();

        refused(ProblemCode.BUSY, () -> exports().delete("disk", Removal.HARD));

        assertThat(exports().get("disk").state()).isEqualTo(ExportState.HIDDEN);
        refused(ProblemCode.IMAGE_IN_USE, () -> catalog.images().delete("vm", false));
        disk.wake();
        exports().delete("disk", Removal.HARD);
        catalog.images().delete("vm", false);
    }

    @Test
    void imageGoesWithItsExportsUnlessAClientIsConnected() throws Exception {
        var _ = exports().put("one", VM);
        var _ = exports().put("two", new ExportRequest("vm", true, null, null));
        host.find("two").connect();

        refused(ProblemCode.IMAGE_IN_USE, () -> catalog.images().delete("vm", false));
        host.find("one").connect();
        host.find("one").disconnect();
        host.find("two").disconnect();
        catalog.images().delete("vm", false);

        assertThat(host.names()).isEmpty();
        assertThat(exports().list(10, null).items()).isEmpty();
        restart();
        assertThat(exports().list(10, null).items()).isEmpty();
    }

    @Test
    void exportsAreOfferedAgainBeforeClientsAreLetIn() throws Exception {
        var _ = exports().put("one", VM);
        var _ = exports().put("two", VM);
        assertThat(host.told()).containsExactly("serves []");

        restart();

        assertThat(host.told()).containsExactly("serves [one, two]");
        assertThat(exports().get("one").state()).isEqualTo(ExportState.OFFERED);
        FakeExportHost last = host;
        catalog.close();
        assertThat(last.told()).containsExactly("serves [one, two]", "closed");
    }

    @Test
    void exportOfAnImageThatDoesNotOpenIsKeptAndComesUpWithIt() throws Exception {
        var _ = exports().put("disk", VM);
        catalog.close();
        Files.move(root.resolve("golden.img"), root.resolve("away.img"));
        start();

        assertThat(host.names()).isEmpty();
        assertThat(exports().get("disk").state()).isEqualTo(ExportState.UNAVAILABLE);
        assertThat(catalog.images().get("vm").exports()).containsExactly("disk");
        refused(ProblemCode.IMAGE_UNAVAILABLE, () -> exports().put("disk", VM));
        refused(ProblemCode.IMAGE_UNAVAILABLE, () -> exports().put("new", VM));

        Files.move(root.resolve("away.img"), root.resolve("golden.img"));
        var _ = catalog.images().put("vm", SAME);
        assertThat(exports().get("disk").state()).isEqualTo(ExportState.OFFERED);
        host.find("disk").connect();
    }

    @Test
    void exportOfAnImageThatDoesNotOpenCanBeRemoved() throws Exception {
        var _ = exports().put("disk", VM);
        catalog.close();
        Files.delete(root.resolve("golden.img"));
        start();

        exports().delete("disk", Removal.SAFE);

        refused(ProblemCode.EXPORT_NOT_FOUND, () -> exports().get("disk"));
    }

    @Test
    void changesAreTold() throws Exception {
        try (var told = catalog.events().subscribe(null)) {
            var _ = exports().put("disk", VM);
            FakeExportHost.Offered disk = host.find("disk");
            disk.connect();
            for (int i = 0; i < 1000; i++) {
                watch.connected("disk", false);
                watch.disconnected("disk", false);
            }
            var changes = new ArrayList<String>();
            await().until(() -> {
                for (Event next = told.queue().poll();
                        next != null;
                        next = told.queue().poll()) {
                    changes.add(next.kind() + " " + next.change());
                }
                return changes.contains("EXPORT clients");
            });
            assertThat(changes).startsWith("EXPORT created").hasSizeLessThan(20);

            exports().delete("disk", Removal.SOFT);
            assertThat(told.queue().take().change()).isEqualTo("state");
            disk.disconnect();
            watch.disconnected("disk", false);
            assertThat(told.queue().take().change()).isEqualTo("deleted");
        }
    }

    @Test
    void declaredExportIsOfferedBeforeItsStreamRuns() throws Exception {
        catalog.images().delete("vm", true);
        var stream = new JobRequest(JobRequest.STREAM, "vm", 4096, ErrorPolicy.ENOSPC, true, false, false);
        var declared = new DeclaredImage("vm", IMAGE, new ExportRequest("vm", true, null, null), stream);
        restart(declared);

        assertThat(host.told()).containsExactly("serves [vm]");
        assertThat(host.find("vm").export().readOnly()).isTrue();
        assertThat(catalog.missing()).isEmpty();
        assertThat(catalog.jobs().get("vm", java.time.Duration.ZERO).id()).isEqualTo("vm");
        refused(ProblemCode.EXPORT_IN_USE, () -> exports().delete("vm", Removal.HARD));
    }

    @Test
    void imageThatIsHeldDoesNotKeepTheOthersFromBeingClosed() throws Exception {
        var other = new ImageRequest("z.raw-cow", "golden.img", null, "z.img", null, null, null, null, null, null);
        var _ = catalog.images().put("z", other);
        LiveImage held = catalog.images().requireOpen("vm");
        LiveImage free = catalog.images().requireOpen("z");

        try (var _ = catalog.images().locks().hold("vm")) {
            catalog.close();

            assertThat(catalog.isClosedCleanly()).isFalse();
            assertThatThrownBy(free::flush).isInstanceOf(BlockException.class);
        }
        // Whatever held it has come back.
        await().untilAsserted(() -> assertThatThrownBy(held::flush).isInstanceOf(BlockException.class));
    }

    @Test
    void declaredExportAndStreamComeWithTheImageThatDidNotOpenAtTheStart() throws Exception {
        catalog.images().delete("vm", true);
        Files.move(root.resolve("golden.img"), root.resolve("away.img"));
        var stream = new JobRequest(JobRequest.STREAM, "vm", 4096, ErrorPolicy.ENOSPC, true, false, false);
        restart(new DeclaredImage("vm", IMAGE, new ExportRequest("vm", null, null, null), stream));
        assertThat(catalog.missing()).hasSize(1);

        Files.move(root.resolve("away.img"), root.resolve("golden.img"));
        assertThat(catalog.images().put("vm", IMAGE).image().exports()).containsExactly("vm");

        assertThat(catalog.missing()).isEmpty();
        assertThat(catalog.jobs().get("vm", java.time.Duration.ZERO).image()).isEqualTo("vm");
    }

    @Test
    void removalThatFailedHalfWayIsUndoneDurablyByARepeatedPut() throws Exception {
        var _ = exports().put("disk", VM);
        // A record that cannot be unlinked, for it is a folder.
        Path record = root.resolve(CatalogStore.FOLDER).resolve("exports/disk.json");
        Files.delete(record);
        Files.createDirectory(record);
        for (Removal how : Removal.values()) {
            assertThatThrownBy(() -> exports().delete("disk", how)).isInstanceOf(ProblemException.class);
            assertThat(exports().get("disk").state()).isEqualTo(ExportState.OFFERED);
        }
        Files.delete(record);

        assertThat(exports().put("disk", VM).created()).isFalse();

        restart();
        assertThat(exports().get("disk").state()).isEqualTo(ExportState.OFFERED);
    }

    @Test
    void creationThatCannotBeRecordedLeavesNothing() throws Exception {
        Path record = root.resolve(CatalogStore.FOLDER).resolve("exports/disk.json");
        Files.createDirectory(record);
        assertThatThrownBy(() -> exports().put("disk", VM)).isInstanceOf(ProblemException.class);
        refused(ProblemCode.EXPORT_NOT_FOUND, () -> exports().get("disk"));
        Files.delete(record);

        assertThat(exports().put("disk", VM).created()).isTrue();
    }

    @Test
    void exportThatIsNotAsDeclaredHoldsReadinessDown() throws Exception {
        var _ = exports().put("vm", VM);
        restart(new DeclaredImage("vm", SAME, new ExportRequest("vm", true, null, null), null));

        assertThat(catalog.missing())
                .singleElement()
                .satisfies(missing -> assertThat(missing.why()).contains("requested otherwise"));
        exports().delete("vm", Removal.SAFE);
        var _ = catalog.images().put("vm", SAME);

        assertThat(catalog.missing()).isEmpty();
        assertThat(host.find("vm").export().readOnly()).isTrue();
        refused(ProblemCode.EXPORT_IN_USE, () -> exports().delete("vm", Removal.SAFE));
    }
}
