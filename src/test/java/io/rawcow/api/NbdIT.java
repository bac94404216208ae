package io.rawcow.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.TestService;
import io.rawcow.image.Tool;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Exports as other people's clients find them: by the URI of the answer, and by nothing else. */
class NbdIT {
    private static final int MIB = 1 << 20;
    private static final String VM = "{\"image\": \"vm\"}";

    @TempDir
    Path data;

    private TestService service;
    private ApiClient api;
    private int port;

    @BeforeEach
    void start() throws Exception {
        TestFiles.random(data.resolve("golden.img"), 4 * MIB);
        try (var free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        restart();
    }

    private void restart() {
        if (service != null) {
            service.close();
        }
        service = TestService.start(
                data,
                "rawcow.nbd.listen=127.0.0.1:" + port,
                "rawcow.nbd.socket=" + data.resolve("nbd.sock"),
                "rawcow.nbd.socket-mode=0600");
        api = new ApiClient(service.base());
    }

    @AfterEach
    void stop() {
        service.close();
    }

    private String export(String name, String body) {
        return api.put("/v1/exports/" + name, body).json().at("/uris/0").asString();
    }

    private Tool.Result run(String... command) throws Exception {
        return Tool.run(data, command);
    }

    /** A client that stays until it is closed: it has read once when this returns. */
    private Tool.Running client(String uri) throws Exception {
        var client = new Tool.Running(data, "/usr/bin/python3", "-m", "nbd", "-u", uri, "-c", """
                import sys
                h.pread(512, 0)
                print("connected", flush=True)
                sys.stdin.read()
                """);
        client.awaitOutput("connected");
        return client;
    }

    private JsonNode clients(String export) {
        return api.get("/v1/exports/" + export).expect(200).json().get("clients");
    }

    private void awaitNoClients(String export) {
        Eventually.check(() -> assertThat(clients(export)).isEmpty());
    }

    @Test
    void imageIsUsedThroughItsWholeLifeByTheUriOfTheAnswer() throws Exception {
        api.create("vm");
        String uri = export("vm", VM);
        assertThat(uri).isEqualTo("nbd://127.0.0.1:" + port + "/vm");

        assertThat(run("nbdinfo", uri).output()).contains("export-size: 4194304", "x-rawcow:hydration");
        assertThat(run("nbdinfo", "--map=qemu:allocation-depth", uri).output())
                .containsPattern("0 +4194304 +2 +backing depth 2");
        run("qemu-io", "-f", "raw", "-c", "write -P 0x5a 1M 64k", "-c", "flush", uri)
                .succeeded();
        assertThat(run("nbdinfo", "--map=x-rawcow:hydration", uri).output())
                .containsPattern("0 +1048576 +1")
                .containsPattern("1048576 +65536 +0")
                .containsPattern("1114112 +3080192 +1");
        try (Tool.Running guest = client(uri)) {
            assertThat(guest.pid()).isPositive();
            api.put("/v1/jobs/vm", ApiClient.stream("vm")).expect(202);
            assertThat(api.rested("vm").get("status")).isEqualTo("concluded");
            assertThat(api.get("/v1/images/vm").get("state")).isEqualTo("standalone");
            assertThat(clients("vm")).hasSize(1);
            run("qemu-io", "-f", "raw", "-c", "read -P 0x5a 1M 64k", uri).succeeded();
            api.delete("/v1/images/vm").problem(409, "image_in_use");
        }
        awaitNoClients("vm");

        api.delete("/v1/images/vm").expect(204);

        assertThat(run("nbdinfo", uri).status()).isNotZero();
        byte[] expected = Files.readAllBytes(data.resolve("golden.img"));
        java.util.Arrays.fill(expected, MIB, MIB + 65536, (byte) 0x5a);
        assertThat(Files.readAllBytes(data.resolve("vm.img"))).isEqualTo(expected);
    }

    @Test
    void exportsComeBackAtTheSameAddresses() throws Exception {
        api.create("vm");
        String uri = export("vm", VM);
        run("qemu-io", "-f", "raw", "-c", "write -P 0x11 0 4k", "-c", "flush", uri)
                .succeeded();
        Answer before = api.get("/v1/exports/vm");

        restart();

        assertThat(api.get("/v1/exports/vm").json().get("uris"))
                .isEqualTo(before.json().get("uris"));
        run("qemu-io", "-f", "raw", "-c", "read -P 0x11 0 4k", uri).succeeded();
        run("qemu-io", "-f", "raw", "-c", "read 0 4k", "nbd://127.0.0.1:" + port)
                .succeeded();
    }

    @Test
    void unixSocketHasItsMode() throws Exception {
        api.create("vm");
        api.put("/v1/exports/vm", VM).expect(201);
        String uri = api.get("/v1/exports/vm").json().at("/uris/1").asString();

        assertThat(uri).startsWith("nbd+unix:///vm?socket=").endsWith("/nbd.sock");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data.resolve("nbd.sock"))))
                .isEqualTo("rw-------");
        run("qemu-io", "-f", "raw", "-c", "read 0 4k", uri).succeeded();
        try (Tool.Running guest = client(uri)) {
            assertThat(guest.pid()).isPositive();
            assertThat(clients("vm").get(0).get("address").asString()).startsWith("unix");
        }
    }

    @Test
    void safeRemovalIsRefusedWhileAClientIsConnected() throws Exception {
        api.create("vm");
        String uri = export("vm", VM);
        try (Tool.Running guest = client(uri)) {
            assertThat(guest.pid()).isPositive();
            JsonNode connected = clients("vm");
            assertThat(connected).hasSize(1);
            assertThat(connected.get(0).get("bytesRead").asLong()).isEqualTo(512);
            assertThat(connected.get(0).get("address").asString()).startsWith("127.0.0.1:");

            api.delete("/v1/exports/vm").problem(409, "export_in_use");
            api.delete("/v1/exports/vm?mode=safe").problem(409, "export_in_use");
            run("nbdinfo", "--size", uri).succeeded();
        }
        awaitNoClients("vm");
        api.delete("/v1/exports/vm").expect(204);
    }

    @Test
    void softRemovalLetsClientsFinish() throws Exception {
        api.create("vm");
        String uri = export("vm", VM);
        try (var events = EventClient.connect(service.base(), null)) {
            try (Tool.Running guest = client(uri)) {
                assertThat(guest.pid()).isPositive();
                assertThat(events.await("vm", "clients").data().at("/export/clients"))
                        .hasSize(1);

                api.delete("/v1/exports/vm?mode=soft").expect(204);

                assertThat(api.get("/v1/exports/vm").expect(200).get("state")).isEqualTo("hidden");
                assertThat(run("nbdinfo", uri).status()).isNotZero();
                assertThat(clients("vm")).hasSize(1);
            }
            var _ = events.await("vm", "deleted");
        }
        api.get("/v1/exports/vm").problem(404, "export_not_found");
        export("vm", VM);
        run("nbdinfo", uri).succeeded();
    }

    @Test
    void hardRemovalCutsClientsOff() throws Exception {
        api.create("vm");
        String uri = export("vm", VM);
        try (var guest = new Tool.Running(data, "/usr/bin/python3", "-m", "nbd", "-u", uri, "-c", """
                h.pread(512, 0)
                print("connected", flush=True)
                h.poll(-1)
                try:
                    h.pread(512, 0)
                    print("served", flush=True)
                except nbd.Error:
                    print("cut off", flush=True)
                """)) {
            guest.awaitOutput("connected");

            api.delete("/v1/exports/vm?mode=hard").expect(204);

            assertThat(guest.awaitOutput("cut off", "served")).contains("cut off");
        }
        api.get("/v1/exports/vm").problem(404, "export_not_found");
        api.delete("/v1/images/vm").expect(204);
    }

    @Test
    void readOnlyExportRefusesWritesAndCountsConnections() throws Exception {
        api.create("vm");
        export("vm", VM);
        String uri = export(
                "backup",
                "{\"image\": \"vm\", \"readOnly\": true, \"description\": \"nightly\", \"maxConnections\": 1}");

        assertThat(run("nbdinfo", uri).output()).contains("is_read_only: true", "nightly");
        run("qemu-io", "-f", "raw", "-c", "write 0 4k", uri).failedWith("Permission denied");
        run("qemu-io", "-r", "-f", "raw", "-c", "read 0 4k", uri).succeeded();
        assertThat(run("nbdinfo", "--list", "nbd://127.0.0.1:" + port).output())
                .contains("export=\"backup\"", "export=\"vm\"");
        Eventually.check(() -> assertThat(clients("backup")).isEmpty());
        try (Tool.Running first = client(uri)) {
            assertThat(first.pid()).isPositive();
            assertThat(run("nbdinfo", "--size", uri).status()).isNotZero();
        }
    }
}
