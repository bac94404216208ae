package io.rawcow.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.testing.LiveService;
import io.rawcow.testing.Tool;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** libnbd's programs and qemu-img as clients: what they are told, and what they copy. */
@Timeout(120)
class ClientsIT {
    private static final int MIB = 1 << 20;
    private static final int SECTOR = 64 << 10;
    private static final int BITMAP = 2080;
    private static final int SIZE = 16 * MIB;
    private static final int HOLE_START = 4 * MIB;
    private static final int HOLE_END = 8 * MIB;
    private static final int BACKING_SIZE = 12 * MIB;
    /** Where the tests write one sector, in the backing's hole. */
    private static final int WRITTEN = 5 * MIB;

    private static final JsonMapper JSON = new JsonMapper();

    @TempDir
    static Path folder;

    private static LiveService service;
    private static byte[] content;

    private record Run(long start, long length, int type) {}

    @BeforeAll
    static void start() throws Exception {
        content = new byte[SIZE];
        var random = new SplittableRandom(1);
        byte[] data = new byte[HOLE_START];
        try (var golden = new RandomAccessFile(folder.resolve("golden.img").toFile(), "rw")) {
            golden.setLength(BACKING_SIZE);
            for (int at : new int[] {0, HOLE_END}) {
                random.nextBytes(data);
                golden.seek(at);
                golden.write(data);
                System.arraycopy(data, 0, content, at, data.length);
            }
        }
        service = LiveService.start(folder);
    }

    @AfterAll
    static void stop() {
        service.close();
    }

    /** An image with nothing in its raw file, and where it is offered. */
    private static List<String> offer(String image) throws Exception {
        service.create(image, SECTOR, SIZE);
        return service.export(image);
    }

    private static String nbdsh(String uri, String... lines) throws Exception {
        return Tool.run(folder, "nbdsh", "--base-allocation", "-u", uri, "-c", String.join("\n", lines));
    }

    private static JsonNode json(String... command) throws Exception {
        return JSON.readTree(Tool.run(folder, command));
    }

    @Test
    void nbdinfoTellsWhatAnExportCanDo() throws Exception {
        for (String uri : offer("info")) {
            JsonNode info = json("nbdinfo", "--json", uri);
            assertThat(info.get("protocol").asString()).isEqualTo("newstyle-fixed");
            assertThat(info.get("structured").asBoolean()).isTrue();
            JsonNode export = info.get("exports").get(0);
            assertThat(export.get("export-size").asLong()).isEqualTo(SIZE);
            assertThat(export.get("is_read_only").asBoolean()).isFalse();
            assertThat(export.get("is_rotational").asBoolean()).isFalse();
            for (String ability : List.of("cache", "df", "fast_zero", "flush", "fua", "multi_conn", "trim", "zero")) {
                assertThat(export.get("can_" + ability).asBoolean()).as(ability).isTrue();
            }
            assertThat(export.get("contexts").valueStream().map(JsonNode::asString))
                    .containsExactlyInAnyOrder("base:allocation", "qemu:allocation-depth", "x-rawcow:hydration");
        }
    }

    @Test
    void nbdinfoListsTheExports() throws Exception {
        String uri = offer("listed").getFirst();
        service.expect(201, "PUT", "/v1/exports/other", """
                {"image": "listed", "readOnly": true, "description": "the same, to look at"}""");
        JsonNode list = json("nbdinfo", "--list", "--json", uri.substring(0, uri.lastIndexOf('/')));
        JsonNode other = list.get("exports")
                .valueStream()
                .filter(export -> export.get("export-name").asString().equals("other"))
                .findAny()
                .orElseThrow();
        assertThat(other.get("description").asString()).isEqualTo("the same, to look at");
        assertThat(other.get("is_read_only").asBoolean()).isTrue();
        assertThat(list.get("exports")
                        .valueStream()
                        .map(export -> export.get("export-name").asString()))
                .contains("listed", "other");
    }

    @Test
    void mapsTellWhoAnswers() throws Exception {
        String uri = offer("maps").getLast();
        nbdsh(uri, "h.pwrite(b'w' * %d, %d)".formatted(SECTOR, WRITTEN));
        int after = WRITTEN + SECTOR;

        assertThat(map(uri, "base:allocation"))
                .containsExactly(
                        run(0, HOLE_START, 0),
                        run(HOLE_START, WRITTEN, 3),
                        run(WRITTEN, after, 0),
                        run(after, HOLE_END, 3),
                        run(HOLE_END, BACKING_SIZE, 0),
                        run(BACKING_SIZE, SIZE, 3));
        assertThat(map(uri, "qemu:allocation-depth"))
                .containsExactly(
                        run(0, WRITTEN, 2),
                        run(WRITTEN, after, 1),
                        run(after, BACKING_SIZE, 2),
                        run(BACKING_SIZE, SIZE, 0));
        assertThat(map(uri, "x-rawcow:hydration"))
                .containsExactly(run(0, WRITTEN, 1), run(WRITTEN, after, 0), run(after, SIZE, 1));

        service.stream("maps", 0);
        service.detach("maps");
        assertThat(map(uri, "qemu:allocation-depth")).containsExactly(run(0, SIZE, 1));
        assertThat(map(uri, "x-rawcow:hydration")).containsExactly(run(0, SIZE, 0));
        assertThat(map(uri, "base:allocation")).contains(run(0, HOLE_START, 0), run(HOLE_START, WRITTEN, 3));
    }

    private static Run run(long start, long end, int type) {
        return new Run(start, end - start, type);
    }

    /** What nbdinfo makes of it, neighbours of one type joined. */
    private static List<Run> map(String uri, String context) throws Exception {
        List<Run> runs = new ArrayList<>();
        for (JsonNode each : json("nbdinfo", "--json", "--map=" + context, uri)) {
            var next = new Run(
                    each.get("offset").asLong(),
                    each.get("length").asLong(),
                    each.get("type").asInt());
            Run last = runs.isEmpty() ? null : runs.getLast();
            if (last != null && last.type() == next.type()) {
                runs.set(runs.size() - 1, new Run(last.start(), last.length() + next.length(), last.type()));
            } else {
                runs.add(next);
            }
        }
        return runs;
    }

    @Test
    void nbdcopyCopiesBothWaysOverEightConnections() throws Exception {
        String uri = offer("copied").getFirst();
        service.stream("copied", MIB);
        String[] copy = {"nbdcopy", "--connections=8", "--requests=64", uri, "copy"};
        Tool.run(folder, copy);
        assertThat(Files.mismatch(folder.resolve("copy"), expected("content", content)))
                .isEqualTo(-1);

        byte[] fresh = new byte[SIZE];
        new SplittableRandom(2).nextBytes(fresh);
        java.util.Arrays.fill(fresh, MIB, 3 * MIB, (byte) 0);
        expected("fresh", fresh);
        Tool.run(folder, "nbdcopy", "--connections=8", "--requests=64", "--flush", "fresh", uri);
        Tool.run(folder, copy);
        assertThat(Files.mismatch(folder.resolve("copy"), folder.resolve("fresh")))
                .isEqualTo(-1);
        service.detach("copied");
        service.close("copied");
        assertThat(Files.mismatch(folder.resolve("copied.img"), folder.resolve("fresh")))
                .isEqualTo(-1);
    }

    private static Path expected(String name, byte[] bytes) throws Exception {
        return Files.write(folder.resolve(name), bytes);
    }

    @Test
    void qemuImgComparesMapsAndConverts() throws Exception {
        String uri = offer("qemu").getFirst();
        expected("plain", content);
        String[] compare = {"qemu-img", "compare", "-f", "raw", "-F", "raw", "plain", uri};
        assertThat(Tool.run(folder, compare)).contains("Images are identical.");

        List<Run> map = new ArrayList<>();
        for (JsonNode each : json("qemu-img", "map", "--output=json", "-f", "raw", uri)) {
            map.add(new Run(
                    each.get("start").asLong(),
                    each.get("length").asLong(),
                    each.get("zero").asBoolean() ? 3 : 0));
        }
        assertThat(map)
                .containsExactly(
                        run(0, HOLE_START, 0),
                        run(HOLE_START, HOLE_END, 3),
                        run(HOLE_END, BACKING_SIZE, 0),
                        run(BACKING_SIZE, SIZE, 3));

        Tool.run(folder, "qemu-img", "convert", "-f", "raw", "-O", "qcow2", "-m", "16", "-W", uri, "out.qcow2");
        Tool.run(folder, "qemu-img", "compare", "-f", "raw", "-F", "qcow2", "plain", "out.qcow2");
        byte[] fresh = new byte[SIZE];
        new SplittableRandom(3).nextBytes(fresh);
        expected("plain", fresh);
        Tool.run(folder, "qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", "plain", uri);
        assertThat(Tool.run(folder, compare)).contains("Images are identical.");
    }

    @Test
    void aFlushOfOneConnectionCoversTheWritesOfOthers() throws Exception {
        String uri = offer("multi").getFirst();
        Path sidecar = folder.resolve("multi.raw-cow");
        String said = nbdsh(
                uri,
                "def saved(sector):",
                "    with open('%s', 'rb') as f:".formatted(sidecar),
                "        f.seek(%d + sector // 8)".formatted(BITMAP),
                "        return f.read(1)[0] >> sector % 8 & 1",
                "other = nbd.NBD()",
                "other.connect_uri('%s')".formatted(uri),
                "assert h.can_multi_conn() and other.can_multi_conn()",
                "h.pwrite(b'x' * 100, 3 * %d + 5)".formatted(SECTOR),
                "assert other.pread(100, 3 * %d + 5) == b'x' * 100".formatted(SECTOR),
                "assert saved(3) == 0, 'before a flush'",
                "other.flush()",
                "assert saved(3) == 1, 'after a flush'",
                "h.pwrite(b'y' * 100, 77 * %d, nbd.CMD_FLAG_FUA)".formatted(SECTOR),
                "assert saved(77) == 1, 'after FUA'",
                "print('well')");
        assertThat(said).contains("well");
    }

    @Test
    void readsAnswerHolesAsHolesUnlessTheyAreToBeOnePiece() throws Exception {
        String uri = offer("holes").getLast();
        String said = nbdsh(
                uri,
                "def chunks(offset, length, flags):",
                "    found = []",
                "    def chunk(buf, at, status, err):",
                "        found.append((at, len(buf), status))",
                "    data = h.pread_structured(length, offset, chunk, flags)",
                "    return found, data",
                "M = 1 << 20",
                "found, data = chunks(3 * M, 6 * M, 0)",
                "assert data[M:5 * M] == bytes(4 * M), 'zeros'",
                "holes = [c for c in found if c[2] == nbd.READ_HOLE]",
                "assert sum(c[1] for c in holes) == 4 * M, found",
                "assert sum(c[1] for c in found) == 6 * M, found",
                "K = 1024",
                "found, whole = chunks(4 * M - 32 * K, 64 * K, nbd.CMD_FLAG_DF)",
                "assert found == [(4 * M - 32 * K, 64 * K, nbd.READ_DATA)], found",
                "assert whole == data[M - 32 * K:M + 32 * K]",
                "h.trim(M, 0)",
                "assert h.pread(M, 0) == bytes(M)",
                "h.zero(M, M, nbd.CMD_FLAG_NO_HOLE)",
                "h.zero(M, 2 * M, nbd.CMD_FLAG_FAST_ZERO)",
                "assert h.pread(3 * M, 0) == bytes(3 * M)",
                "print('well')");
        assertThat(said).contains("well");
    }
}
