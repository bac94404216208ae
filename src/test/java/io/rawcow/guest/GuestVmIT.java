package io.rawcow.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.testing.LiveService;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The point of the project: a machine lives on an image while it is streamed and detached, does not notice, and what
 * remains is a plain raw file with everything it wrote.
 */
@Timeout(1200)
class GuestVmIT {
    private static final int ROUNDS = Boolean.getBoolean("rawcow.soak") ? 400 : 8;
    /** Not over before any guest has booted. */
    private static final long SLOW = 128 << 10;

    @TempDir
    Path folder;

    @Test
    void aGuestLivesThroughTheStreamAndBootsFromTheRawFileAlone() throws Exception {
        String untouched = GoldenDisk.make(folder, folder.resolve("golden.img"));
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
}
