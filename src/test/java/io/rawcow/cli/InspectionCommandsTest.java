package io.rawcow.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.cli.Cli.Result;
import io.rawcow.image.ImageOpener;
import io.rawcow.image.LiveImage;
import io.rawcow.image.OpenOptions;
import io.rawcow.image.TestLive;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** What info, map, measure and check say of images in all their states. */
class InspectionCommandsTest {
    private static final int MIB = 1 << 20;

    @TempDir
    Path folder;

    @BeforeEach
    void createAnImage() throws IOException {
        byte[] bytes = new byte[3 * MIB];
        java.util.Arrays.fill(bytes, (byte) 7);
        Files.write(folder.resolve("base.img"), bytes);
        Files.setLastModifiedTime(folder.resolve("base.img"), FileTime.from(Instant.parse("2020-02-03T04:05:06Z")));
        assertThat(Cli.run("create", "-b", "base.img", "-F", "raw", path("vm.raw-cow"), "4M")
                        .code())
                .isZero();
    }

    private String path(String name) {
        return folder.resolve(name).toString();
    }

    private LiveImage open() throws IOException {
        Workspace workspace = Workspace.open();
        return ImageOpener.open(
                workspace.roots(), workspace.locate(path("vm.raw-cow")), TestLive.folder(), OpenOptions.STRICT);
    }

    private static void write(LiveImage image, long offset, int length) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            image.write(offset, arena.allocate(length).fill((byte) 1));
        }
    }

    private static JsonNode json(Result result) {
        assertThat(result.code()).as(result.err()).isZero();
        return new ObjectMapper().readTree(result.out());
    }

    @Test
    void infoHasTheKeysOfQemuImg() {
        JsonNode info = json(Cli.run("info", "--output=json", path("vm.raw-cow")));

        assertThat(info.path("virtual-size").asLong()).isEqualTo(4L * MIB);
        assertThat(info.path("filename").asString()).isEqualTo(path("vm.raw-cow"));
        assertThat(info.path("format").asString()).isEqualTo("raw-cow");
        assertThat(info.path("cluster-size").asInt()).isEqualTo(4096);
        assertThat(info.path("backing-filename").asString()).isEqualTo("base.img");
        assertThat(info.path("full-backing-filename").asString()).isEqualTo(path("base.img"));
        assertThat(info.path("backing-filename-format").asString()).isEqualTo("raw");
        assertThat(info.path("dirty-flag").asBoolean(true)).isFalse();
        JsonNode specific = info.path("format-specific");
        assertThat(specific.path("type").asString()).isEqualTo("raw-cow");
        JsonNode data = specific.path("data");
        assertThat(data.path("raw-file").asString()).isEqualTo("vm.img");
        assertThat(data.path("full-raw-filename").asString()).isEqualTo(path("vm.img"));
        assertThat(data.path("raw-file-size").asLong()).isEqualTo(4L * MIB);
        assertThat(data.path("state").asString()).isEqualTo("cow");
        assertThat(data.path("in-use").asBoolean(true)).isFalse();
        assertThat(data.path("total-sectors").asInt()).isEqualTo(1024);
        assertThat(data.path("allocated-sectors").asInt(-1)).isZero();
        assertThat(data.path("backing-mtime").asString()).isEqualTo("2020-02-03T04:05:06Z");
        assertThat(data.path("backing-as-pinned").asBoolean()).isTrue();
    }

    @Test
    void infoForPeopleNamesTheThreeFiles() {
        Result result = Cli.run("info", path("vm.raw-cow"));

        assertThat(result.lines())
                .contains(
                        "image: " + path("vm.raw-cow"),
                        "file format: raw-cow",
                        "virtual size: 4 MiB (4194304 bytes)",
                        "cluster_size: 4096",
                        "backing file: base.img (actual path: " + path("base.img") + ")",
                        "backing file format: raw",
                        "Format specific information:",
                        "    raw file: vm.img (actual path: " + path("vm.img") + ")",
                        "    raw file size: 4 MiB (4194304 bytes)",
                        "    allocated sectors: 0 of 1024 (0.00%)",
                        "    in-use: false");
    }

    @Test
    void anOpenImageIsShownAsSaved() throws Exception {
        try (LiveImage image = open()) {
            write(image, 0, 4096);
            image.flush();
            write(image, 8192, 4096);

            JsonNode info = json(Cli.run("info", "-U", "--output=json", path("vm.raw-cow")));

            assertThat(info.path("format-specific").path("data").path("in-use").asBoolean())
                    .isTrue();
            assertThat(info.path("format-specific")
                            .path("data")
                            .path("allocated-sectors")
                            .asInt())
                    .isEqualTo(1);
            assertThat(info.path("dirty-flag").asBoolean()).isTrue();
            Result map = Cli.run("map", "--output=json", path("vm.raw-cow"));
            assertThat(map.err()).contains("in-use");
            assertThat(json(map)).hasSize(3);
            assertThat(Cli.run("check", path("vm.raw-cow")).code()).isZero();
        }
    }

    @Test
    void infoSurvivesTheLossOfTheOtherTwoFiles() throws Exception {
        Files.delete(folder.resolve("base.img"));
        Files.delete(folder.resolve("vm.img"));

        assertThat(Cli.run("info", path("vm.raw-cow")).out())
                .contains("backing file: base.img", "(cannot be opened)", "raw file: vm.img");
        JsonNode data = json(Cli.run("info", "--output=json", path("vm.raw-cow")))
                .path("format-specific")
                .path("data");
        assertThat(data.path("raw-file-error").asString()).contains("No such file");
        assertThat(data.path("backing-error").asString()).contains("No such file");
    }

    @Test
    void aRawFileIsPrintedAsQemuImgDoes() {
        assertThat(Cli.run("info", path("vm.img")).lines())
                .containsExactly(
                        "image: " + path("vm.img"),
                        "file format: raw",
                        "virtual size: 4 MiB (4194304 bytes)",
                        "disk size: 0 B");
    }

    @Test
    void aFileOfAnotherFormatIsLeftToItsTool() throws Exception {
        Files.write(folder.resolve("q.qcow2"), new byte[] {'Q', 'F', 'I', (byte) 0xfb, 0, 0, 0, 3});

        assertThat(Cli.run("info", path("q.qcow2")).err()).contains("begins like a qcow2 image", "qemu-img");
        assertThat(Cli.run("info", "-f", "raw", path("q.qcow2")).out()).contains("file format: raw");
        assertThat(Cli.run("check", path("q.qcow2")).code()).isEqualTo(63);
    }

    @Test
    void theMapSaysWhoAnswers() throws Exception {
        try (LiveImage image = open()) {
            write(image, MIB, 2 * 4096);
        }

        String json = Cli.run("map", "--output=json", path("vm.raw-cow")).out();

        assertThat(json).isEqualTo("""
                        [{ "start": 0, "length": 1048576, "depth": 1, "present": true, \
                        "zero": false, "data": true, "offset": 0},
                        { "start": 1048576, "length": 8192, "depth": 0, "present": true, \
                        "zero": false, "data": true, "offset": 1048576},
                        { "start": 1056768, "length": 2088960, "depth": 1, "present": true, \
                        "zero": false, "data": true, "offset": 1056768},
                        { "start": 3145728, "length": 1048576, "depth": 0, "present": false, \
                        "zero": true, "data": false}]
                        """);
        assertThat(Cli.run("map", path("vm.raw-cow")).lines())
                .containsExactly(
                        "Offset          Length          Mapped to       File",
                        "0               0x100000        0               " + path("base.img"),
                        "0x100000        0x2000          0x100000        " + path("vm.img"),
                        "0x102000        0x1fe000        0x102000        " + path("base.img"));
    }

    @Test
    void theMapCanBeLookedAtInParts() {
        String json = Cli.run("map", "--output=json", "--start-offset=2.5M", "--max-length=1M", path("vm.raw-cow"))
                .out();

        assertThat(json).isEqualTo("""
                        [{ "start": 2621440, "length": 524288, "depth": 1, "present": true, \
                        "zero": false, "data": true, "offset": 2621440},
                        { "start": 3145728, "length": 524288, "depth": 0, "present": false, \
                        "zero": true, "data": false}]
                        """);
        assertThat(Cli.run("map", "--output=json", "--start-offset=1G", path("vm.raw-cow"))
                        .out())
                .isEqualTo("[]\n");
    }

    @Test
    void theMapNeedsTheFilesItTellsOf() throws Exception {
        Files.delete(folder.resolve("base.img"));

        Result result = Cli.run("map", path("vm.raw-cow"));

        assertThat(result.code()).isEqualTo(1);
        assertThat(result.err()).contains("cannot open backing: No such file or directory");
    }

    @ParameterizedTest
    @ValueSource(strings = {"512", "4k", "64k", "2M"})
    void measureCountsRawFileAndSidecar(String sectorSize) throws Exception {
        JsonNode sizes = json(Cli.run("measure", "--output=json", "--size", "1G", "-o", "sectorsize=" + sectorSize));
        Cli.run("create", path("big.raw-cow"), "1G", "-o", "sectorsize=" + sectorSize);

        assertThat(sizes.path("sidecar").asLong()).isEqualTo(Files.size(folder.resolve("big.raw-cow")));
        assertThat(sizes.path("raw-file").asLong()).isEqualTo(1L << 30);
        assertThat(sizes.path("required").asLong())
                .isEqualTo(sizes.path("fully-allocated").asLong())
                .isEqualTo((1L << 30) + sizes.path("sidecar").asLong());
    }

    @Test
    void measureTakesASizeOrAFile() {
        assertThat(Cli.run("measure", path("vm.raw-cow")).out()).contains("of which raw file: 4194304");
        assertThat(Cli.run("measure", "-O", "raw", path("base.img")).lines())
                .containsExactly("required size: 3145728", "fully allocated size: 3145728");
        assertThat(Cli.run("measure").err()).contains("Either --size N or one filename must be specified");
        assertThat(Cli.run("measure", "--size", "1M", path("vm.img")).code()).isEqualTo(1);
        assertThat(Cli.run("measure", "--size", "0").code()).isEqualTo(1);
        assertThat(Cli.run("measure", "--size", "1M", "-o", "size=1M").code()).isEqualTo(1);
    }

    @Test
    void checkHasQemuImgsExitCodes() throws Exception {
        Result good = Cli.run("check", path("vm.raw-cow"));
        assertThat(good.code()).isZero();
        assertThat(good.lines()).containsExactly("No errors were found on the image.", "0/1024 = 0.00% allocated");
        assertThat(Cli.run("check", "-q", path("vm.raw-cow"))).isEqualTo(new Result(0, "", ""));

        assertThat(Cli.run("check", path("vm.img")).code()).isEqualTo(63);
        assertThat(Cli.run("check", path("nothing")).code()).isEqualTo(1);

        Files.createFile(folder.resolve(".vm.raw-cow.creating"));
        assertThat(Cli.run("check", path("vm.raw-cow")).code()).isEqualTo(3);

        Files.delete(folder.resolve("base.img"));
        Result broken = Cli.run("check", "--output=json", path("vm.raw-cow"));
        assertThat(broken.code()).isEqualTo(2);
        JsonNode report = new ObjectMapper().readTree(broken.out());
        assertThat(report.path("corruptions").asInt()).isEqualTo(1);
        assertThat(report.path("leaks").asInt()).isEqualTo(1);
        assertThat(report.path("check-errors").asInt(-1)).isZero();
        assertThat(report.path("total-clusters").asInt()).isEqualTo(1024);
        assertThat(report.path("findings").get(0).path("code").asString()).isEqualTo("backing_missing");
        assertThat(broken.err()).isEmpty();
        assertThat(Cli.run("check", "-q", path("vm.raw-cow")).err()).contains("base.img");
    }

    @Test
    void aFileThatIsNotThere() {
        for (String command : new String[] {"info", "map", "check", "measure", "stream"}) {
            Result result = Cli.run(command, path("nothing.raw-cow"));
            assertThat(result.code()).isEqualTo(1);
            assertThat(result.out()).isEmpty();
            assertThat(result.err()).startsWith("rawcow: cannot open").contains("No such file or directory");
        }
    }
}
