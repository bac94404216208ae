package io.rawcow.nbd.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rawcow.nbd.NbdCommand;
import io.rawcow.nbd.ReplyStyle;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class UnixSocketFileTest {
    @TempDir
    Path folder;

    private NbdServer start(Path path) throws IOException {
        return NbdServer.start(NbdSettings.DEFAULT, List.of(new Endpoint.Unix(path, false)), null, ServerObserver.NONE);
    }

    private Path stale() throws IOException {
        Path path = folder.resolve("nbd.sock");
        try (var gone = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            gone.bind(UnixDomainSocketAddress.of(path));
        }
        return path;
    }

    @Test
    void servesAndTidiesUp() throws Exception {
        Path path = folder.resolve("nbd.sock");
        try (NbdServer server = start(path)) {
            var device = new MemoryDevice(4096);
            server.offer(new Export("disk", "", device, false, 1, List.of(new AllocationContext(device))));
            try (var client = TestClient.open(server.endpoints().getFirst(), "disk", ReplyStyle.STRUCTURED)) {
                client.request(NbdCommand.FLUSH, 0, 1, 0, 0);
                assertThat(client.next().error()).isZero();
            }
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                    .isEqualTo("rw-rw----");
        }
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void replacesASocketThatNobodyListensOn() throws Exception {
        Path path = stale();

        try (NbdServer server = start(path)) {
            TestClient.connect(server.endpoints().getFirst()).close();
        }
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void leavesAloneWhatIsNotItsOwn() throws Exception {
        Path path = folder.resolve("nbd.sock");
        try (NbdServer first = start(path)) {
            assertThatThrownBy(() -> start(path)).hasMessageContaining("another process");
            TestClient.connect(first.endpoints().getFirst()).close();
        }
        Files.writeString(path, "precious");
        assertThatThrownBy(() -> start(path)).hasMessageContaining("not a socket");
        assertThat(path).hasContent("precious");
    }

    @Test
    void keepsTheSocketOfASuccessor() throws Exception {
        Path path = folder.resolve("nbd.sock");
        NbdServer first = start(path);
        Files.delete(path);
        try (NbdServer second = start(path)) {
            first.close();

            TestClient.connect(second.endpoints().getFirst()).close();
        }
    }

    @Test
    void saysHowLongAPathMayBe() {
        Path path = folder.resolve("s".repeat(100));

        assertThatThrownBy(() -> start(path)).hasMessageContaining("107");
        assertThat(folder).isEmptyDirectory();
    }
}
