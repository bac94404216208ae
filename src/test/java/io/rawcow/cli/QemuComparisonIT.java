package io.rawcow.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.cli.Cli.Result;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** Where qemu-img knows the files too, rawcow says the same of them. */
class QemuComparisonIT {
    private static final int MIB = 1 << 20;
    /** A file's extents may take a block or two of their own. */
    private static final int BLOCKS_OF_METADATA = 32;

    @TempDir
    Path folder;

    private String path(String name) {
        return folder.resolve(name).toString();
    }

    private Result qemuImg(String... arguments) throws IOException, InterruptedException {
        String[] command = new String[arguments.length + 1];
        command[0] = "qemu-img";
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        return Cli.tool(folder, command);
    }

    private static JsonNode json(Result result) {
        assertThat(result.code()).as(result.err()).isZero();
        return new ObjectMapper().readTree(result.out());
    }

    /** A file of holes with some islands of data. */
    private void makeSparse(String name, long size) throws IOException {
        var random = new SplittableRandom(name.hashCode());
        byte[] island = new byte[64 << 10];
        try (var file = new RandomAccessFile(folder.resolve(name).toFile(), "rw")) {
            file.setLength(size);
            for (long at = 0; at + island.length < size; at += random.nextInt(1, 20) * (64L << 10)) {
                random.nextBytes(island);
                file.seek(at);
                file.write(island);
            }
        }
    }

    private void createAndStream(String backing, String... more) {
        String[] create = new String[4 + more.length];
        create[0] = "create";
        create[1] = "-b";
        create[2] = backing;
        create[3] = path("vm.raw-cow");
        System.arraycopy(more, 0, create, 4, more.length);
        assertThat(Cli.run(create).err()).isEmpty();
        assertThat(Cli.run("stream", "-q", path("vm.raw-cow")).err()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(longs = {512, 4096, 10 * MIB, 1_610_612_736L, 1L << 40})
    void infoOfARawFileIsTheSame(long size) throws Exception {
        try (var file = new RandomAccessFile(folder.resolve("disk.img").toFile(), "rw")) {
            file.write(new byte[512]);
            file.setLength(size);
        }

        assertThat(Cli.run("info", path("disk.img"))).isEqualTo(qemuImg("info", path("disk.img")));
        assertThat(json(Cli.run("info", "--output=json", path("disk.img"))))
                .isEqualTo(json(qemuImg("info", "--output=json", path("disk.img"))));
    }

    @Test
    void infoOfAnImageHasTheKeysThatItHasForAnOverlay() throws Exception {
        makeSparse("base.img", 4 * MIB);
        qemuImg("create", "-q", "-f", "qcow2", "-b", path("base.img"), "-F", "raw", path("vm.qcow2"));
        Cli.run("create", "-q", "-b", path("base.img"), "-F", "raw", path("vm.raw-cow"));

        JsonNode theirs = json(qemuImg("info", "--output=json", path("vm.qcow2")));
        JsonNode ours = json(Cli.run("info", "--output=json", path("vm.raw-cow")));

        assertThat(ours.propertyNames()).containsAll(theirs.propertyNames());
        for (String same : new String[] {
            "virtual-size", "backing-filename", "full-backing-filename", "backing-filename-format", "dirty-flag"
        }) {
            assertThat(ours.get(same)).as(same).isEqualTo(theirs.get(same));
        }
    }

    @Test
    void theMapOfAFinishedImageIsTheSame() throws Exception {
        makeSparse("base.img", 16 * MIB);
        createAndStream(path("base.img"));

        assertThat(Cli.run("map", "--output=json", path("vm.img")))
                .isEqualTo(qemuImg("map", "--output=json", path("vm.img")));
        assertThat(Cli.run("map", path("vm.img"))).isEqualTo(qemuImg("map", path("vm.img")));
        assertThat(Cli.run("map", "--output=json", "--start-offset=1M", "--max-length=3M", path("vm.img")))
                .isEqualTo(qemuImg("map", "--output=json", "--start-offset=1M", "--max-length=3M", path("vm.img")));
    }

    /** Depths, zeros and ends of a half-filled image are those of a qcow2 overlay with the same guest writes. */
    @Test
    void theMapOfAnUntouchedImageIsThatOfAnOverlay() throws Exception {
        makeSparse("base.img", 16 * MIB);
        qemuImg("create", "-q", "-f", "qcow2", "-b", path("base.img"), "-F", "raw", path("vm.qcow2"), "20M");
        Cli.run("create", "-q", "-b", path("base.img"), "-F", "raw", path("vm.raw-cow"), "20M");

        assertThat(Cli.run("map", "--output=json", path("vm.raw-cow")))
                .isEqualTo(qemuImg("map", "--output=json", path("vm.qcow2")));
    }

    @Test
    void measureOfARawFileIsTheSame() throws Exception {
        makeSparse("base.img", 5 * MIB);

        assertThat(Cli.run("measure", "-O", "raw", path("base.img")))
                .isEqualTo(qemuImg("measure", "-O", "raw", path("base.img")));
        assertThat(Cli.run("measure", "-O", "raw", "--size", "1T"))
                .isEqualTo(qemuImg("measure", "-O", "raw", "--size", "1T"));
    }

    @Test
    void exitCodesAreTheSame() throws Exception {
        makeSparse("base.img", MIB);
        Files.write(folder.resolve("q.qcow2"), new byte[] {'Q', 'F', 'I', (byte) 0xfb, 0, 0, 0, 3});
        var calls = Map.of(
                "check a raw file", new String[] {"check", path("base.img")},
                "check nothing", new String[] {"check", path("nothing")},
                "info nothing", new String[] {"info", path("nothing")},
                "no command", new String[] {"frob"},
                "no file", new String[] {"info"},
                "unknown option", new String[] {"info", "--bogus", path("base.img")},
                "help", new String[] {"--help"},
                "wrong output", new String[] {"info", "--output=xml", path("base.img")});

        for (var call : calls.entrySet()) {
            assertThat(Cli.run(call.getValue()).code())
                    .as(call.getKey())
                    .isEqualTo(qemuImg(call.getValue()).code());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"sectorsize=512", "sectorsize=4k", "sectorsize=64k", "sectorsize=2M"})
    void aStreamedImageIsItsBacking(String sectorSize) throws Exception {
        makeSparse("base.img", 9 * MIB + 512);
        createAndStream("base.img", "-o", sectorSize);

        assertIdenticalAndSparse();
    }

    @Test
    void aSizeThatIsNoMultipleOfAnything() throws Exception {
        makeSparse("base.img", 3 * MIB + 1);
        createAndStream("base.img", "-o", "sectorsize=64k");

        assertThat(Cli.tool(folder, "cmp", "base.img", "vm.img").code()).isZero();
        assertThat(folder.resolve("vm.img")).hasSize(3L * MIB + 1);
        assertThat(folder.resolve("vm.raw-cow")).doesNotExist();
    }

    @Test
    void aBackingThatIsShorterThanTheImage() throws Exception {
        makeSparse("base.img", 2 * MIB + 700);
        createAndStream("base.img", "5000001");

        Files.copy(folder.resolve("base.img"), folder.resolve("expected.img"));
        try (var expected = new RandomAccessFile(folder.resolve("expected.img").toFile(), "rw")) {
            expected.setLength(5_000_001);
        }
        assertThat(Cli.tool(folder, "cmp", "expected.img", "vm.img").code()).isZero();
        assertThat(folder.resolve("vm.raw-cow")).doesNotExist();
    }

    @Test
    void aBackingThatIsLongerThanTheImage() throws Exception {
        makeSparse("base.img", 5 * MIB);
        createAndStream("base.img", "1000001");

        assertThat(Cli.tool(folder, "cmp", "-n", "1000001", "base.img", "vm.img")
                        .code())
                .isZero();
        assertThat(folder.resolve("vm.img")).hasSize(1_000_001);
        assertThat(folder.resolve("vm.raw-cow")).doesNotExist();
    }

    @Test
    void noBackingAtAll() throws Exception {
        assertThat(Cli.run("create", "-q", path("vm.raw-cow"), "3000001").code())
                .isZero();
        assertThat(Cli.run("stream", "-q", path("vm.raw-cow")).err()).isEmpty();

        assertThat(folder.resolve("vm.img")).hasBinaryContent(new byte[3_000_001]);
        assertThat(blocks("vm.img")).isZero();
        assertThat(folder.resolve("vm.raw-cow")).doesNotExist();
    }

    private void assertIdenticalAndSparse() throws Exception {
        Result compared = qemuImg("compare", "-f", "raw", "-F", "raw", path("base.img"), path("vm.img"));
        assertThat(compared.out()).isEqualTo("Images are identical.\n");
        assertThat(Cli.tool(folder, "cmp", "base.img", "vm.img").code()).isZero();
        assertThat(blocks("vm.img")).as("512-byte blocks").isLessThan(blocks("base.img") + BLOCKS_OF_METADATA);
        assertThat(folder.resolve("vm.raw-cow")).doesNotExist();
    }

    /** What stat(1) calls st_blocks. */
    private long blocks(String name) throws Exception {
        return Long.parseLong(Cli.tool(folder, "stat", "-c", "%b", name).out().strip());
    }
}
