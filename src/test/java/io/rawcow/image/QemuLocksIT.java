package io.rawcow.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** QEMU's tools and rawcow keep out of each other's way, each by its own means. */
@Timeout(120)
class QemuLocksIT {
    private static final int SIZE = 1 << 20;

    @TempDir
    Path folder;

    private ImageFiles files;
    private byte[] backing;

    @BeforeEach
    void create() throws IOException {
        files = new ImageFiles(folder);
        backing = files.createOver(SIZE);
    }

    private Tool.Result qemuWrites(String file) throws IOException, InterruptedException {
        return Tool.run(folder, "qemu-io", "-f", "raw", "-c", "write 0 4k", file);
    }

    private Tool.Result qemuReads(String file) throws IOException, InterruptedException {
        return Tool.run(folder, "qemu-io", "-r", "-f", "raw", "-c", "read 0 4k", file);
    }

    private Tool.Result qemuConverts(String file) throws IOException, InterruptedException {
        return Tool.run(folder, "qemu-img", "convert", "-f", "raw", "-O", "raw", file, "converted");
    }

    private void qemuInfoWorks(String file) throws IOException, InterruptedException {
        for (String[] command : new String[][] {
            {"qemu-img", "info", file}, {"qemu-img", "info", "-U", file}, {"qemu-img", "info", "-f", "raw", file}
        }) {
            Tool.Result info = Tool.run(folder, command);
            info.succeeded();
            assertThat(info.output()).contains("file format: raw").contains("virtual size: 1 MiB");
        }
    }

    // ---- an open image keeps QEMU away

    @Test
    void qemuNeitherReadsNorWritesTheRawFileOfAnOpenImage() throws Exception {
        try (LiveImage image = files.open("a.raw-cow")) {
            ImageFiles.write(image, 0, new byte[4096]);

            qemuWrites("a.img").failedWith("Failed to get \"consistent read\" lock");
            qemuReads("a.img").failedWith("Failed to get \"consistent read\" lock");
            qemuConverts("a.img").failedWith("Failed to get \"consistent read\" lock");
            qemuInfoWorks("a.img");
        }
    }

    @Test
    void qemuReadsAStandaloneRawFileAndDoesNotWriteIt() throws Exception {
        try (LiveImage image = files.open("a.raw-cow")) {
            ImageFiles.hydrate(image);
            image.detach(false, () -> {});

            qemuWrites("a.img").failedWith("Failed to get \"write\" lock");
            qemuReads("a.img").succeeded();
            // It promises itself an image at rest; with -U it takes what a guest is still writing.
            qemuConverts("a.img").failedWith("Failed to get shared \"write\" lock");
            Tool.run(folder, "qemu-img", "convert", "-U", "-f", "raw", "-O", "raw", "a.img", "converted")
                    .succeeded();
            qemuInfoWorks("a.img");
        }
        assertThat(folder.resolve("converted")).hasBinaryContent(backing);
    }

    @Test
    void afterCloseEverythingWorks() throws Exception {
        try (LiveImage image = files.open("a.raw-cow")) {
            ImageFiles.hydrate(image);
            image.detach(false, () -> {});
        }

        qemuReads("a.img").succeeded();
        qemuConverts("a.img").succeeded();
        Tool.run(folder, "qemu-img", "compare", "-f", "raw", "-F", "raw", "a.img", "base.img")
                .succeeded();
        qemuWrites("a.img").succeeded();
    }

    @Test
    void aPlainRawFileOpenedStandaloneIsGuardedTheSame() throws Exception {
        files.fill("plain.img", SIZE);
        try (LiveImage image = ImageOpener.openStandalone(files.place("plain.img"))) {
            assertThat(image.isStandalone()).isTrue();
            qemuWrites("plain.img").failedWith("Failed to get \"write\" lock");
            qemuReads("plain.img").succeeded();
        }
        qemuWrites("plain.img").succeeded();
    }

    @Test
    void qemuReadsTheBackingOfAnOpenImageAndDoesNotWriteIt() throws Exception {
        try (LiveImage image = files.open("a.raw-cow")) {
            qemuWrites("base.img").failedWith("Failed to get \"write\" lock");
            qemuReads("base.img").succeeded();
            qemuConverts("base.img").succeeded();
            qemuInfoWorks("base.img");
            Tool.run(folder, "qemu-img", "create", "-f", "qcow2", "-b", "base.img", "-F", "raw", "over.qcow2")
                    .succeeded();
            Tool.run(folder, "qemu-io", "-f", "qcow2", "-c", "write 0 64k", "over.qcow2")
                    .succeeded();

            ImageFiles.hydrate(image);
            image.detach(false, () -> {});
            qemuWrites("base.img").succeeded(); // forgotten
        }
    }

    @Test
    void aKilledHolderLeavesNoLock() throws Exception {
        try (Tool.Running holder = HolderProcess.start(folder, "a.raw-cow")) {
            holder.awaitOutput("holding");
            qemuReads("a.img").failedWith("Failed to get \"consistent read\" lock");

            holder.kill();
        }

        qemuReads("a.img").succeeded();
        files.open("a.raw-cow").close();
    }

    // ---- QEMU keeps an image from being opened

    /** Ready once it has the file open, and the locks. */
    private Tool.Running qemuIo(String file, String... options) throws IOException {
        String[] command = new String[options.length + 4];
        System.arraycopy(options, 0, command, 1, options.length);
        command[0] = "qemu-io";
        command[options.length + 1] = "-f";
        command[options.length + 2] = "raw";
        command[options.length + 3] = file;
        var running = new Tool.Running(folder, command);
        running.awaitOutput("qemu-io>");
        return running;
    }

    private BlockException refusal() throws IOException {
        Map<String, String> before = files.snapshot();
        var refusal = catchThrowableOfType(BlockException.class, () -> files.open("a.raw-cow"));
        assertThat(files.snapshot()).isEqualTo(before);
        assertThat(refusal.kind()).isEqualTo(FaultKind.IMAGE_LOCKED);
        assertThat(refusal.action()).isEqualTo("close it there, then try again");
        return refusal;
    }

    @ParameterizedTest
    @ValueSource(strings = {"a.img", "base.img"})
    void aFileThatQemuWritesIsRefusedWithItsPid(String file) throws Exception {
        try (Tool.Running qemu = qemuIo(file)) {
            assertThat(refusal())
                    .hasMessageContaining(file.equals("a.img") ? "cannot lock raw file: " : "cannot lock backing: ")
                    .hasMessageContaining("pid %d (qemu-io) has it open".formatted(qemu.pid()))
                    .hasMessageEndingWith("path=" + files.path(file));
        }
        files.open("a.raw-cow").close();
    }

    @Test
    void aRawFileThatQemuReadsIsRefused() throws Exception {
        try (Tool.Running qemu = qemuIo("a.img", "-r")) {
            assertThat(refusal()).hasMessageContaining("pid %d (qemu-io)".formatted(qemu.pid()));
        }
    }

    @Test
    void aBackingThatQemuReadsIsFine() throws Exception {
        try (Tool.Running _ = qemuIo("base.img", "-r");
                LiveImage image = files.open("a.raw-cow")) {
            assertThat(ImageFiles.read(image)).isEqualTo(backing);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"a.img", "base.img"})
    void aFileThatQemuNbdServesForWritingIsRefused(String file) throws Exception {
        Path pidFile = folder.resolve("pid");
        Path socket = folder.resolve("nbd.sock");
        try (var nbd = new Tool.Running(
                folder,
                "qemu-nbd",
                "-t",
                "-f",
                "raw",
                "--pid-file",
                pidFile.toString(),
                "-k",
                socket.toString(),
                file)) {
            while (Files.notExists(pidFile)) { // written when it is ready; the test's time limit ends this
                Thread.sleep(10);
            }
            var refusal = catchThrowableOfType(BlockException.class, () -> files.open("a.raw-cow"));

            assertThat(refusal.kind()).isEqualTo(FaultKind.IMAGE_LOCKED);
            assertThat(refusal).hasMessageContaining("pid %d (qemu-nbd) has it open".formatted(nbd.pid()));
        }
    }

    @Test
    void aBackingThatQemuWritesIsNotMadeTheBackingOfANewImage() throws Exception {
        try (Tool.Running _ = qemuIo("base.img")) {
            Map<String, String> before = files.snapshot();

            var refusal = catchThrowableOfType(
                    BlockException.class, () -> files.create(files.spec("b.raw-cow", "base.img", "b.img")));

            assertThat(refusal.kind()).isEqualTo(FaultKind.IMAGE_LOCKED);
            assertThat(files.snapshot()).isEqualTo(before);
        }
    }

    // ---- rawcow and rawcow

    @Test
    void twoOpensInOneProcess() throws Exception {
        try (LiveImage image = files.open("a.raw-cow")) {
            assertThat(refusal())
                    .hasMessageContaining("cannot lock sidecar: this process (pid %d) has it open"
                            .formatted(ProcessHandle.current().pid()));

            ImageFiles.write(image, 0, new byte[4096]); // the first one has lost nothing
            qemuReads("a.img").failedWith("Failed to get \"consistent read\" lock");
        }
        files.open("a.raw-cow").close();
    }

    @Test
    void twoProcesses() throws Exception {
        try (Tool.Running holder = HolderProcess.start(folder, "a.raw-cow")) {
            holder.awaitOutput("holding");
            assertThat(refusal()).hasMessageContaining("pid %d (java) has it open".formatted(holder.pid()));

            try (Tool.Running second = HolderProcess.start(folder, "a.raw-cow")) {
                assertThat(second.awaitOutput("end", "holding"))
                        .contains("refused IMAGE_LOCKED")
                        .contains("pid %d (java) has it open".formatted(holder.pid()));
            }
        }
    }

    @Test
    void twoSidecarsWithOneRawFile() throws Exception {
        Files.copy(files.path("a.raw-cow"), files.path("copy.raw-cow"));
        try (LiveImage _ = files.open("a.raw-cow")) {
            var refusal = catchThrowableOfType(BlockException.class, () -> files.open("copy.raw-cow"));

            assertThat(refusal.kind()).isEqualTo(FaultKind.IMAGE_LOCKED);
            assertThat(refusal).hasMessageContaining("cannot lock raw file: this process (pid ");
        }
    }

    @Test
    void fourImagesShareOneBacking() throws Exception {
        for (String name : new String[] {"b", "c", "d"}) {
            files.create(files.spec(name + ".raw-cow", "base.img", name + ".img"));
        }
        try (LiveImage a = files.open("a.raw-cow");
                LiveImage b = files.open("b.raw-cow");
                LiveImage c = files.open("c.raw-cow");
                Tool.Running d = HolderProcess.start(folder, "d.raw-cow")) {
            d.awaitOutput("holding");
            ImageFiles.hydrate(a);
            a.detach(false, () -> {}); // one that forgets it takes no lock from the others
            ImageFiles.write(b, 0, new byte[10]);

            assertThat(ImageFiles.read(a)).isEqualTo(backing);
            assertThat(ImageFiles.read(b, 10, SIZE - 10)).endsWith(java.util.Arrays.copyOfRange(backing, 4096, SIZE));
            assertThat(ImageFiles.read(c)).isEqualTo(backing);
            qemuWrites("base.img").failedWith("Failed to get \"write\" lock");
            qemuReads("base.img").succeeded();
        }
        qemuWrites("base.img").succeeded();
    }

    @Test
    void anImageThatIsABackingIsNotWrittenMeanwhile() throws Exception {
        try (LiveImage _ = files.open("a.raw-cow")) {
            var refusal = catchThrowableOfType(
                    BlockException.class, () -> ImageOpener.openStandalone(files.place("base.img")));

            assertThat(refusal.kind()).isEqualTo(FaultKind.IMAGE_LOCKED);
        }
    }
}
