package io.rawcow.nbd.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.block.RawFile;
import io.rawcow.nbd.server.TlsSettings.ClientCertificates;
import io.rawcow.posix.Access;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.PosixFolder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The clients that people use, against a raw file: libnbd's tools and QEMU's. */
class RealClientsIT {
    private static final int SIZE = 32 << 20;

    @TempDir
    Path folder;

    private final List<AutoCloseable> open = new ArrayList<>();
    private Path disk;
    private Path source;

    @BeforeEach
    void makeFiles() throws Exception {
        disk = folder.resolve("disk.raw");
        source = folder.resolve("source.raw");
        byte[] content = new byte[SIZE];
        byte[] data = new byte[SIZE / 4];
        new Random(1).nextBytes(data);
        System.arraycopy(data, 0, content, SIZE / 4, data.length);
        Files.write(source, content);
        run("truncate", "-s", Integer.toString(SIZE), disk.toString());
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable closeable : open.reversed()) {
            closeable.close();
        }
    }

    private NbdServer serve(TlsSettings tls) throws Exception {
        PosixFolder at = PosixFolder.open(folder.toString());
        OpenFile file = at.open("disk.raw", Access.READ_WRITE);
        var device = new RawFile(file, SIZE, false);
        boolean secure = tls != null;
        NbdServer server = NbdServer.start(
                NbdSettings.DEFAULT,
                List.of(
                        new Endpoint.Tcp(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), secure),
                        new Endpoint.Unix(folder.resolve("nbd.sock"), secure)),
                tls,
                ServerObserver.NONE);
        server.offer(
                new Export("disk one", "a test's disk", device, false, 100, List.of(new AllocationContext(device))));
        open.add(at);
        open.add(device);
        open.add(server);
        return server;
    }

    private String uri(NbdServer server, int endpoint) {
        return server.endpoints().get(endpoint).uri("disk one");
    }

    private String run(String... command) throws Exception {
        Path output = Files.createTempFile(folder, "said", "");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        boolean ended = process.waitFor(2, TimeUnit.MINUTES);
        process.destroyForcibly();
        String said = Files.readString(output, StandardCharsets.UTF_8);
        if (!ended || process.exitValue() != 0) {
            throw new IOException("%s: %s".formatted(List.of(command), said));
        }
        return said;
    }

    @Test
    void nbdinfoSeesWhatTheExportCanDo() throws Exception {
        NbdServer server = serve(null);

        String json = run("nbdinfo", "--json", uri(server, 0));
        assertThat(json)
                .contains("\"export-name\": \"disk one\"", "\"description\": \"a test's disk\"")
                .contains("\"export-size\": " + SIZE, "base:allocation", "\"structured\": true")
                .contains("\"can_multi_conn\": true", "\"can_fast_zero\": true", "\"can_df\": true");
        assertThat(run("nbdinfo", "--list", ((Endpoint.Tcp) server.endpoints().getFirst()).uri("")))
                .contains("disk one");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void nbdcopyAndQemuImgMoveDiskImages(int endpoint) throws Exception {
        NbdServer server = serve(null);

        run("nbdcopy", "--connections=4", "--requests=64", "--flush", source.toString(), uri(server, endpoint));
        assertThat(Files.mismatch(source, disk)).isEqualTo(-1);
        assertThat(run("nbdinfo", "--map", uri(server, endpoint)))
                .containsSubsequence("hole,zero", "data", "hole,zero");
        run("qemu-img", "compare", "-f", "raw", "-F", "raw", uri(server, endpoint), source.toString());
        Path back = folder.resolve("back.raw");
        run("qemu-img", "convert", "-f", "raw", "-O", "raw", uri(server, endpoint), back.toString());
        assertThat(Files.mismatch(source, back)).isEqualTo(-1);
    }

    @Test
    void qemuIoWritesZeroesAndDiscards() throws Exception {
        NbdServer server = serve(null);

        String said = run(
                "qemu-io",
                "-f",
                "raw",
                uri(server, 1),
                "-c",
                "write -P 0xab 1000 70000",
                "-c",
                "aio_write -P 1 1M 1M",
                "-c",
                "aio_write -P 2 2M 3M",
                "-c",
                "aio_flush",
                "-c",
                "read -P 0xab 1000 70000",
                "-c",
                "read -P 1 1M 1M",
                "-c",
                "read -P 2 2M 3M",
                "-c",
                "write -z 2000 1000",
                "-c",
                "read -P 0 2000 1000",
                "-c",
                "read -P 0xab 3000 60000",
                "-c",
                "write -z -u 4M 1M",
                "-c",
                "read -P 0 4M 1M",
                "-c",
                "discard 8M 4M",
                "-c",
                "write -f -P 3 31M 1M",
                "-c",
                "read -P 3 31M 1M",
                "-c",
                "flush");

        assertThat(said).doesNotContain("failed", "Pattern");
    }

    @Test
    void clientsProveThemselvesByCertificate() throws Exception {
        Certificates.makeAll(folder);
        var contexts = new PemTlsContexts(
                folder.resolve("server-cert.pem"), folder.resolve("server-key.pem"), folder.resolve("ca-cert.pem"));
        NbdServer server = serve(new TlsSettings(true, contexts, ClientCertificates.REQUIRED, List.of()));
        int port = ((Endpoint.Tcp) server.endpoints().getFirst()).address().getPort();

        for (String kind : List.of("elliptic", "RSA")) {
            if (kind.equals("RSA")) {
                Certificates.makeRsa(folder, "client", "/CN=client");
            }
            String secure = uri(server, 0) + "?tls-certificates=" + folder;
            assertThat(run("nbdinfo", secure)).as(kind).contains("with TLS");
            run("nbdcopy", "--connections=4", source.toString(), secure);
            assertThat(Files.mismatch(source, disk)).isEqualTo(-1);
            run(
                    "qemu-img",
                    "info",
                    "--object",
                    "tls-creds-x509,id=t,endpoint=client,dir=" + folder,
                    "--image-opts",
                    "driver=nbd,host=localhost,tls-creds=t,export=disk one,port=" + port);
        }
    }
}
