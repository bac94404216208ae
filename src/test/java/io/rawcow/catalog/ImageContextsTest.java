package io.rawcow.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.block.ByteRange;
import io.rawcow.block.Zeroing;
import io.rawcow.image.LiveImage;
import io.rawcow.image.TestLive;
import io.rawcow.nbd.server.StatusContext;
import io.rawcow.posix.DataRoots;
import io.rawcow.posix.PosixFolder;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What clients are told of an image's ranges: a backing of 1 MiB, half of it a hole, below an image of 2 MiB. */
class ImageContextsTest {
    private static final int KIB = 1 << 10;
    private static final int MIB = 1 << 20;

    @TempDir
    Path root;

    private Catalog catalog;
    private LiveImage image;

    @BeforeEach
    void open() throws Exception {
        byte[] data = new byte[MIB / 2];
        new SplittableRandom(1).nextBytes(data);
        try (var file = new RandomAccessFile(root.resolve("golden.img").toFile(), "rw")) {
            file.write(data);
            file.setLength(MIB);
        }
        var roots = new DataRoots(
                List.of(new DataRoots.Root(PosixFolder.open(root.toString()), true, CatalogStore.FOLDER)));
        var clients = new Catalog.Clients(new FakeExportHost(), new ClientWatch());
        catalog = Catalog.open(
                new Catalog.Files(roots, TestLive.folder()), CatalogSettings.DEFAULT, List.of(), () -> clients);
        catalog.serve();
        var request =
                new ImageRequest("vm.raw-cow", "golden.img", null, "vm.img", 2L * MIB, 4 * KIB, null, null, null, null);
        var _ = catalog.images().put("vm", request);
        image = catalog.images().requireOpen("vm");
    }

    @AfterEach
    void close() {
        catalog.close();
    }

    private void write(long offset, int length) throws Exception {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(length).fill((byte) 0x5A);
            image.write(offset, bytes);
        }
    }

    /** What a context says of the whole image, as {@code flags:KiB} pieces, joined as the server joins them. */
    private List<String> map(String context) throws Exception {
        StatusContext asked = ImageContexts.of(image).stream()
                .filter(each -> each.name().equals(context))
                .findFirst()
                .orElseThrow();
        var pieces = new ArrayList<String>();
        long began = 0;
        for (long at = 0; at < image.sizeBytes(); ) {
            StatusContext.Status status = asked.statusAt(at, image.sizeBytes());
            assertThat(status.range().offset()).isEqualTo(at);
            at = status.range().end();
            if (at == image.sizeBytes() || asked.statusAt(at, image.sizeBytes()).flags() != status.flags()) {
                pieces.add(status.flags() + ":" + (at - began) / KIB);
                began = at;
            }
        }
        return pieces;
    }

    @Test
    void freshImageIsItsBackingAndNothingBehindThat() throws Exception {
        assertThat(map("base:allocation")).containsExactly("0:512", "3:1536");
        assertThat(map("qemu:allocation-depth")).containsExactly("2:1024", "0:1024");
        assertThat(map("x-rawcow:hydration")).containsExactly("1:2048");
    }

    @Test
    void whatGuestsChangeIsInTheRawFile() throws Exception {
        write(0, 4 * KIB);
        write(MIB + 4 * KIB, 4 * KIB);
        image.zero(new ByteRange(64 * KIB, 64 * KIB), Zeroing.PUNCH);

        assertThat(map("base:allocation")).containsExactly("0:64", "3:64", "0:384", "3:516", "0:4", "3:1016");
        assertThat(map("qemu:allocation-depth"))
                .containsExactly("1:4", "2:60", "1:64", "2:896", "0:4", "1:4", "0:1016");
        assertThat(map("x-rawcow:hydration")).containsExactly("0:4", "1:60", "0:64", "1:900", "0:4", "1:1016");
    }

    @Test
    void standaloneImageIsItsRawFile() throws Exception {
        write(0, 4 * KIB);
        var request =
                new JobRequest(JobRequest.STREAM, "vm", 0, io.rawcow.stream.ErrorPolicy.ENOSPC, true, false, false);
        var _ = catalog.jobs().put("job", request);
        assertThat(catalog.jobs().get("job", java.time.Duration.ofSeconds(30)).error())
                .isNull();

        assertThat(map("base:allocation")).containsExactly("0:512", "3:1536");
        assertThat(map("qemu:allocation-depth")).containsExactly("1:2048");
        assertThat(map("x-rawcow:hydration")).containsExactly("0:2048");
    }

    @Test
    void answerEndsAtItsLimitAndMayBeginInsideASector() throws Exception {
        write(4 * KIB, 4 * KIB);
        for (StatusContext context : ImageContexts.of(image)) {
            for (long[] range :
                    new long[][] {{1, 2}, {511, 4096}, {5000, 5001}, {4095, 4097}, {2 * MIB - 1, 2 * MIB}}) {
                StatusContext.Status status = context.statusAt(range[0], range[1]);

                assertThat(status.range().offset()).isEqualTo(range[0]);
                assertThat(status.range().end()).isGreaterThan(range[0]).isLessThanOrEqualTo(range[1]);
            }
        }
        StatusContext hydration = ImageContexts.of(image).getLast();
        assertThat(hydration.statusAt(511, 8192)).isEqualTo(new StatusContext.Status(new ByteRange(511, 3585), 1));
        assertThat(hydration.statusAt(5000, 2 * MIB)).isEqualTo(new StatusContext.Status(new ByteRange(5000, 3192), 0));
    }

    @Test
    void answerIsOnePieceOfOneFile() throws Exception {
        StatusContext allocation = ImageContexts.of(image).getFirst();
        for (long at = 0; at < MIB / 2; at += 8 * KIB) {
            write(at, 4 * KIB);
        }
        for (long at = MIB; at < 2L * MIB; at += 8 * KIB) {
            image.zero(new ByteRange(at, 4 * KIB), Zeroing.PUNCH);
        }

        // However many pieces there are: what a client waits for is bounded where they are joined.
        assertThat(allocation.statusAt(0, 2 * MIB).range().length()).isEqualTo(4 * KIB);
        assertThat(allocation.statusAt(4 * KIB, 2 * MIB).range().length()).isEqualTo(4 * KIB);
        assertThat(map("base:allocation")).containsExactly("0:512", "3:1536");
    }
}
