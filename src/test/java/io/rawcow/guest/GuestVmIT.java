package io.rawcow.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.testing.LiveService;
import io.rawcow.testing.Tool;
import java.io.RandomAccessFile;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The point of the project: a machine lives on an image while it is streamed and detached, does not notice, and what
 * remains is a plain raw file with everything it wrote.
 */
@Timeout(1200)
class GuestVmIT {
    private static final long DISK_BYTES = 96L << 20;
    private static final int ROUNDS = Boolean.getBoolean("rawcow.soak") ? 400 : 8;
    /** Not over before any guest has booted. */
    private static final long SLOW = 128 << 10;

    @TempDir
    Path folder;

    @Test
    void aGuestLivesThroughTheStreamAndBootsFromTheRawFileAlone() throws Exception {
        String untouched = makeBacking();
        Map<String, String> written;
        try (var service = LiveService.start(folder)) {
            service.create("vm", 4096, 0);
            URI uri = URI.create(service.export("vm").getFirst());
            service.stream("vm", SLOW);
            String disk = "driver=nbd,reconnect-delay=30,server.type=inet,server.host=%s,server.port=%d,export=vm"
                    .formatted(uri.getHost(), uri.getPort());
            try (var guest = GuestVm.boot(folder, "work", disk)) {
                for (int i = 0; i < ROUNDS; i++) {
                    guest.awaitRounds(1);
                    service.streamWithin("vm", 10 * ROUNDS);
                }
                assertThat(service.job("vm").get("status").asString()).isEqualTo("running");
                service.detach("vm");
                guest.awaitRounds(ROUNDS);
                guest.enough();
                written = guest.checksums();
            }
            service.close("vm");
        }
        try (var guest = GuestVm.boot(
                folder, "check", "driver=raw,file.driver=file,file.filename=" + folder.resolve("vm.img"))) {
            assertThat(guest.checksums()).isEqualTo(written);
        }
        assertThat(written).containsEntry("/disk/sub/untouched", untouched).hasSizeGreaterThan(10);
    }

    /** A file system with room, and two files of one content. Answers its checksum. */
    private String makeBacking() throws Exception {
        long seed = System.nanoTime();
        System.out.println("seed=" + seed);
        var random = new SplittableRandom(seed);
        Path tree = Files.createDirectories(folder.resolve("tree/sub")).getParent();
        byte[] content = new byte[24 << 20];
        random.nextBytes(content);
        Files.write(tree.resolve("golden"), content);
        Files.write(tree.resolve("sub/untouched"), content);
        try (var image = new RandomAccessFile(folder.resolve("golden.img").toFile(), "rw")) {
            image.setLength(DISK_BYTES);
        }
        Tool.run(folder, "mkfs.ext4", "-q", "-d", tree.toString(), "golden.img");
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    }
}
