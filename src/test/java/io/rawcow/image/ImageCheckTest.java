package io.rawcow.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rawcow.block.BlockException;
import io.rawcow.format.Extension;
import io.rawcow.format.Geometry;
import io.rawcow.format.Sidecar;
import io.rawcow.format.SidecarState;
import io.rawcow.image.CheckReport.Finding;
import io.rawcow.image.CheckReport.Severity;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every fault that is planted is found, called by its name, and counted where it belongs. */
class ImageCheckTest {
    private static final int SIZE = 100 * ImageFiles.SECTOR + 1;
    private static final Geometry GEOMETRY = new Geometry(SIZE, ImageFiles.SECTOR);

    @TempDir
    Path folder;

    private ImageFiles files;
    private Map<String, String> before = Map.of();

    @BeforeEach
    void createOneThatIsPartlyFilled() throws Exception {
        files = new ImageFiles(folder);
        files.createOver(SIZE);
        try (LiveImage image = files.open("a.raw-cow")) {
            ImageFiles.write(image, 0, new byte[3 * ImageFiles.SECTOR]);
            ImageFiles.write(image, SIZE - 1, new byte[] {1});
        }
    }

    @AfterEach
    void nothingIsEverChanged() throws Exception {
        assertThat(files.snapshot()).isEqualTo(before);
    }

    private CheckReport check() throws IOException {
        before = files.snapshot();
        return ImageCheck.check(files.roots(), files.place("a.raw-cow"), TestLive.folder(), null);
    }

    private void poke(String name, long offset, byte... bytes) throws IOException {
        try (var file = new RandomAccessFile(files.path(name).toFile(), "rw")) {
            file.seek(offset);
            file.write(bytes);
        }
    }

    private void truncate(String name, long size) throws IOException {
        FileTime time = Files.getLastModifiedTime(files.path(name));
        try (var file = new RandomAccessFile(files.path(name).toFile(), "rw")) {
            file.setLength(size);
        }
        Files.setLastModifiedTime(files.path(name), time);
    }

    private static Finding only(CheckReport report, Severity severity) {
        List<Finding> found =
                report.findings().stream().filter(f -> f.severity() == severity).toList();
        assertThat(found).as(report.toString()).hasSize(1);
        return found.getFirst();
    }

    private static void assertOnly(CheckReport report, Severity severity, String code) {
        assertThat(only(report, severity).code()).as(report.toString()).isEqualTo(code);
        assertThat(report.checkErrors()).isEqualTo(severity == Severity.ERROR ? 1 : 0);
        assertThat(report.corruptions()).isEqualTo(severity == Severity.CORRUPTION ? 1 : 0);
        assertThat(report.leaks()).isEqualTo(severity == Severity.LEAK ? 1 : 0);
    }

    private void update(java.util.function.UnaryOperator<Extension> change) throws IOException {
        try (Sidecar sidecar = files.sidecar("a.raw-cow")) {
            sidecar.update(change.apply(sidecar.extension()));
        }
    }

    @Test
    void aGoodImageHasNoFindings() throws Exception {
        CheckReport report = check();

        assertThat(report).isEqualTo(new CheckReport("raw-cow", 0, 0, 0, 101, 4, List.of()));
    }

    @Test
    void anOpenImageIsSaidToBeInUse() throws Exception {
        try (LiveImage image = files.open("a.raw-cow")) {
            ImageFiles.write(image, 8L * ImageFiles.SECTOR, new byte[ImageFiles.SECTOR]);
            CheckReport report = check();

            assertThat(report.findings()).extracting(Finding::code).contains("in_use");
            assertThat(report.corruptions()).isZero();
            assertThat(report.sectorsAllocated()).as("saved bits").isEqualTo(4);
        }
        before = files.snapshot();
    }

    @Test
    void aRawFileHasNothingToCheck() throws Exception {
        before = files.snapshot();

        assertThat(ImageCheck.check(files.roots(), files.place("a.img"), TestLive.folder(), null)
                        .format())
                .isEqualTo("raw");
    }

    @Test
    void aFileThatIsNotThereCannotBeChecked() throws Exception {
        before = files.snapshot();

        assertThatThrownBy(() -> ImageCheck.check(files.roots(), files.place("b.raw-cow"), TestLive.folder(), null))
                .isInstanceOf(BlockException.class)
                .hasMessageContaining("No such file or directory");
    }

    @Test
    void aHeaderThatCannotBe() throws Exception {
        poke("a.raw-cow", 2072, (byte) 0, (byte) 0, (byte) 3, (byte) 0);

        CheckReport report = check();

        assertOnly(report, Severity.CORRUPTION, "header_invalid");
        assertThat(report.sectorsTotal()).isZero();
    }

    @Test
    void aBitmapThatIsCutOff() throws Exception {
        truncate("a.raw-cow", 2080 + 5);

        CheckReport report = check();

        assertOnly(report, Severity.CORRUPTION, "sidecar_truncated");
        assertThat(only(report, Severity.CORRUPTION).offset()).isEqualTo(2085);
    }

    @Test
    void bitsBehindTheLastSector() throws Exception {
        poke("a.raw-cow", 2080 + 12, (byte) 0xF0);

        CheckReport report = check();

        assertOnly(report, Severity.CORRUPTION, "bits_past_end");
        assertThat(only(report, Severity.CORRUPTION).offset()).isEqualTo(2092);
        assertThat(report.sectorsAllocated()).isEqualTo(4);
    }

    @Test
    void oneTornSlotIsWorthANoteAndTwoAreDamage() throws Exception {
        try (Sidecar sidecar = files.sidecar("a.raw-cow")) {
            sidecar.update(sidecar.extension());
        }
        poke("a.raw-cow", GEOMETRY.areaOffset() + 20, (byte) 'x');
        CheckReport one = check();
        assertThat(one.findings()).extracting(Finding::code).containsExactly("extension_slot_damaged");
        assertThat(one.corruptions()).isZero();

        poke("a.raw-cow", GEOMETRY.areaOffset() + 4096 + 20, (byte) 'x');
        assertOnly(check(), Severity.CORRUPTION, "extension_damaged");
    }

    @Test
    void aRawFileThatIsTooLong() throws Exception {
        truncate("a.img", SIZE + 1);

        CheckReport report = check();

        assertThat(report.findings())
                .extracting(Finding::code)
                .containsExactlyInAnyOrder("raw_file_long", "raw_file_changed");
        assertThat(report.corruptions()).isEqualTo(2);
    }

    @Test
    void aRawFileThatHasLostData() throws Exception {
        truncate("a.img", 50 * ImageFiles.SECTOR);

        CheckReport report = check();

        assertThat(report.findings())
                .filteredOn(finding -> finding.code().equals("raw_file_short"))
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.severity()).isEqualTo(Severity.CORRUPTION);
                    assertThat(finding.offset()).isEqualTo(50L * ImageFiles.SECTOR);
                });
    }

    @Test
    void aShortRawFileWithoutBitsBehindItsEndIsOnlyNoted() throws Exception {
        try (Sidecar sidecar = files.sidecar("a.raw-cow")) {
            sidecar.update(sidecar.extension().withoutClean());
        }
        poke("a.raw-cow", 2080 + 12, (byte) 0);
        truncate("a.img", 50 * ImageFiles.SECTOR);

        CheckReport report = check();

        assertThat(report.findings())
                .extracting(Finding::code)
                .containsExactlyInAnyOrder("not_closed_cleanly", "raw_file_short");
        assertThat(report.corruptions()).isZero();
    }

    @Test
    void aRawFileThatSomebodyElseHasWritten() throws Exception {
        poke("a.img", 0, (byte) 1);
        Files.setLastModifiedTime(files.path("a.img"), FileTime.from(Instant.EPOCH));

        assertOnly(check(), Severity.CORRUPTION, "raw_file_changed");
    }

    @Test
    void aRawFileThatIsGone() throws Exception {
        Files.delete(files.path("a.img"));

        assertOnly(check(), Severity.CORRUPTION, "raw_file_missing");
    }

    @Test
    void aBackingThatIsGone() throws Exception {
        Files.delete(files.path("base.img"));

        assertOnly(check(), Severity.CORRUPTION, "backing_missing");
    }

    @Test
    void aBackingOfAnotherTimeOrSize() throws Exception {
        FileTime time = Files.getLastModifiedTime(files.path("base.img"));
        Files.setLastModifiedTime(files.path("base.img"), FileTime.from(Instant.EPOCH));
        assertOnly(check(), Severity.CORRUPTION, "backing_changed");

        Files.setLastModifiedTime(files.path("base.img"), time);
        assertThat(check().findings()).isEmpty();
        truncate("base.img", SIZE - 1);
        assertOnly(check(), Severity.CORRUPTION, "backing_changed");
    }

    @Test
    void everythingAtOnceIsFoundAtOnce() throws Exception {
        poke("a.raw-cow", 2080 + 12, (byte) 0xF0);
        Files.delete(files.path("base.img"));
        Files.delete(files.path("a.img"));
        Files.createFile(files.path(".a.raw-cow.creating"));

        CheckReport report = check();

        assertThat(report.findings())
                .extracting(Finding::code)
                .containsExactly("bits_past_end", "raw_file_missing", "backing_missing", "temporary_file");
        assertThat(report.corruptions()).isEqualTo(3);
        assertThat(report.leaks()).isEqualTo(1);
    }

    @Test
    void filesThatWereLeftBehindAreLeaks() throws Exception {
        Files.createFile(files.path(".a.raw-cow.creating"));
        Files.createFile(files.path(".a.raw-cow.rebasing"));
        Files.createFile(files.path(".b.raw-cow.creating"));

        CheckReport report = check();

        assertThat(report.leaks()).isEqualTo(2);
        assertThat(report.findings()).extracting(Finding::code).containsOnly("temporary_file");
    }

    @Test
    void aSidecarThatIsNotNeededAnyMoreIsALeak() throws Exception {
        update(extension -> extension.withState(SidecarState.STANDALONE));
        Files.delete(files.path("base.img"));

        assertOnly(check(), Severity.LEAK, "sidecar_leftover");
    }

    @Test
    void anUnfinishedCreationIsNoted() throws Exception {
        files.create(files.spec("b.raw-cow", "base.img", "b.img"));
        try (Sidecar sidecar = files.sidecar("b.raw-cow")) {
            sidecar.update(sidecar.extension().withState(SidecarState.CREATING));
        }
        Files.delete(files.path("b.img"));
        before = files.snapshot();

        CheckReport report = ImageCheck.check(files.roots(), files.place("b.raw-cow"), TestLive.folder(), null);

        assertThat(report.findings()).extracting(Finding::code).containsExactly("creation_unfinished");
        assertThat(report.corruptions()).isZero();
    }

    @Test
    void bitsBeforeTheRawFileIsThereAreDamage() throws Exception {
        update(extension -> extension.withState(SidecarState.CREATING));

        assertOnly(check(), Severity.CORRUPTION, "bits_while_creating");
    }

    @Test
    void aRequirementThatIsUnknownIsNotPassedOver() throws Exception {
        update(e -> new Extension(
                UUID.randomUUID().toString(), e.state(), "raw", null, null, null, null, null, List.of("encryption")));

        assertThat(check().findings())
                .singleElement()
                .satisfies(finding -> assertThat(finding.detail()).contains("encryption"));
    }

    @Test
    void whatACrashOfTheServiceLeavesIsNoFault() throws Exception {
        LiveImage image = files.open("a.raw-cow");
        ImageFiles.write(image, 8L * ImageFiles.SECTOR, new byte[] {1, 2, 3});
        image.abandon();

        CheckReport report = check();

        assertThat(report.corruptions() + report.leaks() + report.checkErrors()).isZero();
        assertThat(report.findings())
                .extracting(Finding::code)
                .containsExactly("unsaved_writes", "data_under_clear_bits");
        assertThat(report.findings().getLast().offset()).isEqualTo(8L * ImageFiles.SECTOR);
    }

    @Test
    void oneFileForTwoThings() throws Exception {
        byte[] header = Files.readAllBytes(files.path("a.raw-cow"));
        ByteBuffer.wrap(header).put(1032, "base.img\0".getBytes(java.nio.charset.StandardCharsets.UTF_8));
        Files.write(files.path("a.raw-cow"), header);

        assertThat(check().findings()).extracting(Finding::code).contains("same_file");
    }

    @Test
    void moreThanAThousandFindingsAreCountedButNotListed() throws Exception {
        var findings = new Findings();
        for (int i = 0; i < 1500; i++) {
            findings.add(Severity.NOTE, "note", "note");
            findings.add(Severity.CORRUPTION, "broken", "broken");
        }

        CheckReport report = findings.report("raw-cow", 1, 0);

        assertThat(report.corruptions()).isEqualTo(1500);
        assertThat(report.findings())
                .hasSize(CheckReport.MOST_FINDINGS)
                .extracting(Finding::code)
                .containsOnly("broken");
        before = files.snapshot();
    }
}
