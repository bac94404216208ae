package io.rawcow.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Backings as QEMU's tools make them. */
@Timeout(120)
class QemuFormatsIT {
    private static final int SIZE = 1 << 20;

    @TempDir
    Path folder;

    private ImageFiles files;

    @BeforeEach
    void open() throws IOException {
        files = new ImageFiles(folder);
    }

    private ImageSpec spec(String backing, String format) throws IOException {
        return new ImageSpec(
                files.place("a.raw-cow"), backing, format, "a.img", null, 4096, Preallocation.OFF, false, true);
    }

    @ParameterizedTest
    @CsvSource({
        "qcow2, compat=1.1",
        "qcow2, compat=0.10",
        "qed, cluster_size=65536",
        "vmdk, subformat=monolithicSparse",
        "vmdk, subformat=streamOptimized",
        "vmdk, subformat=monolithicFlat",
        "vdi, static=off",
        "vdi, static=on",
        "vhdx, subformat=dynamic",
        "vpc, subformat=dynamic",
        "parallels, cluster_size=1048576",
    })
    void everyFormatIsKnownByItsMagic(String format, String options) throws Exception {
        Tool.run(folder, "qemu-img", "create", "-q", "-f", format, "-o", options, "base.img", "1M")
                .succeeded();

        var refusal = catchThrowableOfType(BlockException.class, () -> files.create(spec("base.img", null)));

        assertThat(refusal.kind()).isEqualTo(FaultKind.BACKING_FORMAT_UNCLEAR);
        assertThat(refusal).hasMessageContaining("it begins like a %s image".formatted(format));
    }

    @Test
    void luksIsKnownByItsMagic() throws Exception {
        // By hand: qemu-img measures its key derivation when it makes one, and gives up on a busy machine.
        byte[] image = new byte[1 << 20];
        System.arraycopy(new byte[] {'L', 'U', 'K', 'S', (byte) 0xBA, (byte) 0xBE, 0, 1}, 0, image, 0, 8);
        Files.write(folder.resolve("base.img"), image);

        var refusal = catchThrowableOfType(BlockException.class, () -> files.create(spec("base.img", null)));

        assertThat(refusal).hasMessageContaining("it begins like a luks image");
    }

    @Test
    void rawIsRawWithoutBeingTold() throws Exception {
        Tool.run(folder, "qemu-img", "create", "-q", "-f", "raw", "base.img", "1M")
                .succeeded();

        files.create(spec("base.img", null));
    }

    @Test
    void aSidecarIsNoBacking() throws Exception {
        files.createOver(SIZE);

        var refusal = catchThrowableOfType(
                BlockException.class,
                () -> files.create(new ImageSpec(
                        files.place("b.raw-cow"),
                        "a.raw-cow",
                        null,
                        "b.img",
                        null,
                        4096,
                        Preallocation.OFF,
                        false,
                        true)));

        assertThat(refusal).hasMessageContaining("it begins like a raw-cow image");
    }

    @ParameterizedTest
    @ValueSource(strings = {"golden.qcow2", "my golden.qcow2", "it's.qcow2"})
    void theLineThatARefusalGivesMakesABackingThatWorks(String name) throws Exception {
        byte[] bytes = files.fill("content.img", SIZE);
        Tool.run(folder, "qemu-img", "convert", "-f", "raw", "-O", "qcow2", "content.img", name)
                .succeeded();

        var refusal = catchThrowableOfType(BlockException.class, () -> files.create(spec(name, "qcow2")));
        String line = refusal.action().substring(refusal.action().indexOf("qemu-img"));
        Tool.run(folder, "sh", "-c", line).succeeded();
        files.create(spec(name.replace(".qcow2", ".raw"), "raw"));

        try (LiveImage image = files.open("a.raw-cow")) {
            assertThat(ImageFiles.read(image)).isEqualTo(bytes);
        }
    }

    @Test
    void whatRemainsIsARawFileForAnyTool() throws Exception {
        byte[] expected = files.createOver(SIZE + 12_345);
        try (LiveImage image = files.open("a.raw-cow")) {
            byte[] written = new byte[70_000];
            Arrays.fill(written, (byte) 7);
            ImageFiles.write(image, 33_333, written);
            System.arraycopy(written, 0, expected, 33_333, written.length);
            ImageFiles.hydrate(image);
            image.detach(false, () -> {});
        }
        Files.write(files.path("expected.img"), expected);

        Tool.run(folder, "qemu-img", "compare", "-f", "raw", "-F", "raw", "a.img", "expected.img")
                .succeeded();
    }
}
