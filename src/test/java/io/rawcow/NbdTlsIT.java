package io.rawcow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.rawcow.catalog.Catalog;
import io.rawcow.catalog.ExportRequest;
import io.rawcow.catalog.ImageRequest;
import io.rawcow.image.Tool;
import io.rawcow.nbd.server.Certificates;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Exports over TLS as configured, met by libnbd. */
class NbdTlsIT {
    @TempDir
    static Path folder;

    @BeforeAll
    static void issue() throws Exception {
        Certificates.makeAll(folder);
        Certificates.makeRsa(folder, "stranger", "/CN=stranger/O=rawcow");
        wallet("guest", "client");
        wallet("stranger", "stranger");
        Files.copy(
                folder.resolve("ca-cert.pem"),
                Files.createDirectory(folder.resolve("nobody")).resolve("ca-cert.pem"));
        Files.write(Files.createDirectory(folder.resolve("data")).resolve("vm.img"), new byte[1 << 20]);
    }

    /** A folder as libnbd takes certificates from. */
    private static void wallet(String name, String certificate) throws Exception {
        Path wallet = Files.createDirectory(folder.resolve(name));
        Files.copy(folder.resolve("ca-cert.pem"), wallet.resolve("ca-cert.pem"));
        Files.copy(folder.resolve(certificate + "-cert.pem"), wallet.resolve("client-cert.pem"));
        Files.copy(folder.resolve(certificate + "-key.pem"), wallet.resolve("client-key.pem"));
    }

    private static TestService start(String mode, String... more) {
        var properties = new ArrayList<String>(List.of(
                "rawcow.nbd.tls.mode=" + mode,
                "rawcow.nbd.tls.certificate=" + folder.resolve("server-cert.pem"),
                "rawcow.nbd.tls.key=" + folder.resolve("server-key.pem")));
        properties.addAll(List.of(more));
        return TestService.start(folder.resolve("data"), properties.toArray(String[]::new));
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
        try (TestService service = start(
                "required",
                "rawcow.nbd.tls.client-ca=" + folder.resolve("ca-cert.pem"),
                "rawcow.nbd.tls.allowed-subjects[0]=O=rawcow,CN=client")) {
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

    private static String refused(String... more) {
        Throwable failure = catchThrowable(() -> start("required", more).close());
        assertThat(failure).as("it starts").isNotNull();
        return StartFailure.explain(failure);
    }

    @Test
    void networkIsRefusedUnlessClientsShowACertificate() throws Exception {
        String[] network = {"rawcow.nbd.listen=0.0.0.0:0", "rawcow.nbd.advertise=127.0.0.1"};
        assertThat(refused(network)).contains("--nbd 0.0.0.0:0 is not a loopback address", "rawcow.nbd.tls.client-ca");
        assertThat(refused("rawcow.nbd.allow-unauthenticated-network=yes"))
                .contains(AccessProperties.UNAUTHENTICATED + ", or left out");

        try (TestService service =
                start("required", and(network, "rawcow.nbd.tls.client-ca=" + folder.resolve("ca-cert.pem")))) {
            String uri = uri(service);
            size(uri, "guest").succeeded();
            assertThat(size(uri, "nobody").status()).isNotZero();
        }
        try (TestService service = start(
                "required",
                and(network, "rawcow.nbd.allow-unauthenticated-network=" + AccessProperties.UNAUTHENTICATED))) {
            size(uri(service), "nobody").succeeded();
        }
    }

    private static String[] and(String[] properties, String more) {
        return Stream.concat(Stream.of(properties), Stream.of(more)).toArray(String[]::new);
    }

    @Test
    void clientsMayEncryptWhereTlsIsOptional() throws Exception {
        try (TestService service = start("optional")) {
            String uri = uri(service);

            assertThat(uri).startsWith("nbd://127.0.0.1:");
            Tool.run(folder, "nbdinfo", "--size", uri).succeeded();
            size(uri.replace("nbd:", "nbds:"), "guest").succeeded();
        }
    }
}
