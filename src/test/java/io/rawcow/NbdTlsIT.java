package io.rawcow;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.catalog.Catalog;
import io.rawcow.catalog.ExportRequest;
import io.rawcow.catalog.ImageRequest;
import io.rawcow.image.Tool;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Exports over TLS as configured, met by libnbd. */
class NbdTlsIT {
    @TempDir
    static Path folder;

    private static TestCertificates certificates;

    @BeforeAll
    static void issue() throws Exception {
        certificates = new TestCertificates(folder.resolve("made"));
        certificates.issue("server", "CN=localhost", "san=ip:127.0.0.1");
        certificates.issue("guest", "CN=guest, O=Example");
        certificates.issue("stranger", "CN=stranger, O=Example");
        for (String client : new String[] {"guest", "stranger"}) {
            Path wallet = Files.createDirectory(folder.resolve(client));
            Files.copy(certificates.ca(), wallet.resolve("ca-cert.pem"));
            Files.copy(certificates.certificate(client), wallet.resolve("client-cert.pem"));
            Files.copy(certificates.key(client), wallet.resolve("client-key.pem"));
        }
        Path stateless = Files.createDirectory(folder.resolve("nobody"));
        Files.copy(certificates.ca(), stateless.resolve("ca-cert.pem"), StandardCopyOption.REPLACE_EXISTING);
        Files.write(Files.createDirectory(folder.resolve("data")).resolve("vm.img"), new byte[1 << 20]);
    }

    @AfterAll
    static void forget() {
        certificates = null;
    }

    private static TestService start(String mode) {
        return TestService.start(
                folder.resolve("data"),
                "rawcow.nbd.tls.mode=" + mode,
                "rawcow.nbd.tls.certificate=" + certificates.certificate("server"),
                "rawcow.nbd.tls.key=" + certificates.key("server"),
                "rawcow.nbd.tls.client-ca=" + certificates.ca(),
                "rawcow.nbd.tls.allowed-subjects[0]=CN=guest,O=Example");
    }

    /** The URI of an export, as the service tells it. */
    private static String uri(TestService service) {
        var catalog = service.bean(Catalog.class);
        var image = new ImageRequest(null, null, null, "vm.img", null, null, null, null, null, null);
        var _ = catalog.images().put("vm", image);
        return catalog.exports()
                .put("vm", new ExportRequest("vm", null, null, null))
                .export()
                .uris()
                .getFirst();
    }

    private static Tool.Result size(String uri, String client) throws Exception {
        return Tool.run(folder, "nbdinfo", "--size", uri + "?tls-certificates=" + folder.resolve(client));
    }

    @Test
    void onlyClientsWithAnAllowedCertificateAreServedWhereTlsIsRequired() throws Exception {
        try (TestService service = start("required")) {
            String uri = uri(service);

            assertThat(uri).startsWith("nbds://127.0.0.1:");
            Tool.Result guest = size(uri, "guest");
            guest.succeeded();
            assertThat(guest.output().strip()).isEqualTo("1048576");
            assertThat(size(uri, "stranger").status()).isNotZero();
            assertThat(size(uri, "nobody").status()).isNotZero();
            assertThat(Tool.run(folder, "nbdinfo", "--size", uri.replace("nbds:", "nbd:"))
                            .status())
                    .isNotZero();
        }
    }

    @Test
    void clientsMayEncryptWhereTlsIsOptional() throws Exception {
        try (TestService service = start("optional")) {
            String uri = uri(service);

            assertThat(uri).startsWith("nbd://127.0.0.1:");
            Tool.run(folder, "nbdinfo", "--size", uri).succeeded();
            size(uri.replace("nbd:", "nbds:"), "guest").succeeded();
            assertThat(size(uri.replace("nbd:", "nbds:"), "stranger").status()).isNotZero();
        }
    }
}
