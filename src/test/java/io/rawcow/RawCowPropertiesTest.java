package io.rawcow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rawcow.NbdProperties.Tls;
import io.rawcow.NbdProperties.TlsMode;
import io.rawcow.catalog.CatalogSettings;
import io.rawcow.catalog.DeclaredImage;
import io.rawcow.catalog.ExportRequest;
import io.rawcow.catalog.ImageRequest;
import io.rawcow.catalog.JobRequest;
import io.rawcow.image.LiveFolder;
import io.rawcow.nbd.server.NbdSettings;
import io.rawcow.stream.ErrorPolicy;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class RawCowPropertiesTest {

    private static RawCowProperties bind(Map<String, String> properties) {
        return new Binder(new MapConfigurationPropertySource(properties))
                .bindOrCreate("rawcow", RawCowProperties.class);
    }

    @Test
    void defaultsAreThoseOfTheDocs() {
        RawCowProperties properties = bind(Map.of());

        assertThat(properties.data()).isEmpty();
        assertThat(properties.dataRo()).isEmpty();
        assertThat(properties.listen()).isEqualTo("127.0.0.1:8080");
        assertThat(properties.management()).isNull();
        assertThat(properties.declaredImages()).isEmpty();
        assertThat(properties.webhookSettings()).isEmpty();
        assertThat(properties.live().folder()).isNull();
        // On a machine with enough memory: see MachineMemoryTest.
        assertThat(properties.live().budgetBytes()).isEqualTo(MachineMemory.share(LiveFolder.DEFAULT_BUDGET, 4));
        assertThat(properties.nbd().listen()).isEqualTo("127.0.0.1:10809");
        assertThat(properties.nbd().socket()).isNull();
        assertThat(properties.nbd().tls()).isEqualTo(new Tls(TlsMode.OFF, null, null, null, List.of()));
        NbdSettings nbd = properties.nbd().settings();
        NbdSettings usual = NbdSettings.DEFAULT;
        assertThat(nbd.connections()).isEqualTo(usual.connections()).isEqualTo(1000);
        assertThat(nbd.workersPerConnection())
                .isEqualTo(usual.workersPerConnection())
                .isEqualTo(16);
        assertThat(usual.bufferBytes()).isEqualTo(256 << 20);
        assertThat(nbd.bufferBytes()).isEqualTo(MachineMemory.share(usual.bufferBytes(), 16));
        assertThat(nbd.handshakeTimeout()).isEqualTo(usual.handshakeTimeout()).isEqualTo(Duration.ofSeconds(10));
        assertThat(nbd.stallTimeout()).isEqualTo(usual.stallTimeout()).isEqualTo(Duration.ofSeconds(60));
        assertThat(nbd.socketMode()).isEqualTo(PosixFilePermissions.fromString("rw-rw----"));
        assertThat(properties.catalogSettings()).isEqualTo(CatalogSettings.DEFAULT);
    }

    @Test
    void everyPropertyIsRead() {
        RawCowProperties properties = bind(Map.ofEntries(
                Map.entry("rawcow.data[0]", "/one"),
                Map.entry("rawcow.data[1]", "/two"),
                Map.entry("rawcow.data-ro", "/three,/four"),
                Map.entry("rawcow.listen", "localhost:1"),
                Map.entry("rawcow.management", "0.0.0.0:2"),
                Map.entry("rawcow.streams.running", "1"),
                Map.entry("rawcow.streams.workers", "2"),
                Map.entry("rawcow.streams.window", "1MB"),
                Map.entry("rawcow.streams.buffers", "4MB"),
                Map.entry("rawcow.streams.kept", "5"),
                Map.entry("rawcow.live.folder", "/dev/shm/rawcow"),
                Map.entry("rawcow.live.budget", "7MB"),
                Map.entry("rawcow.limits.images", "6"),
                Map.entry("rawcow.limits.exports", "7"),
                Map.entry("rawcow.images.vm.sidecar", "a"),
                Map.entry("rawcow.images.vm.backing-file", "b"),
                Map.entry("rawcow.images.vm.backing-format", "raw"),
                Map.entry("rawcow.images.vm.raw-file", "c"),
                Map.entry("rawcow.images.vm.size", "10GB"),
                Map.entry("rawcow.images.vm.sector-size", "65536"),
                Map.entry("rawcow.images.vm.export.read-only", "true"),
                Map.entry("rawcow.images.vm.stream.speed", "1048576"),
                Map.entry("rawcow.images.vm.stream.on-error", "stop"),
                Map.entry("rawcow.images[my.vm].raw-file", "d")));

        assertThat(properties.data()).containsExactly("/one", "/two");
        assertThat(properties.dataRo()).containsExactly("/three", "/four");
        assertThat(properties.listen()).isEqualTo("localhost:1");
        assertThat(properties.management()).isEqualTo("0.0.0.0:2");
        assertThat(properties.live().folder()).isEqualTo("/dev/shm/rawcow");
        assertThat(properties.live().budgetBytes()).isEqualTo(7 << 20);
        CatalogSettings settings = properties.catalogSettings();
        assertThat(settings.runningJobs()).isEqualTo(1);
        assertThat(settings.stream().workers()).isEqualTo(2);
        assertThat(settings.stream().windowBytes()).isEqualTo(1 << 20);
        assertThat(settings.bufferBytes()).isEqualTo(4 << 20);
        assertThat(settings.keptJobs()).isEqualTo(5);
        assertThat(settings.images()).isEqualTo(6);
        assertThat(settings.exports()).isEqualTo(7);
        assertThat(properties.declaredImages())
                .containsExactlyInAnyOrder(
                        new DeclaredImage(
                                "vm",
                                new ImageRequest("a", "b", "raw", "c", 10L << 30, 65536, null, null, null, null),
                                new ExportRequest("vm", true, null, null),
                                new JobRequest("stream", "vm", 1 << 20, ErrorPolicy.STOP, true, false, false)),
                        new DeclaredImage(
                                "my.vm",
                                new ImageRequest(null, null, null, "d", null, null, null, null, null, null),
                                null,
                                null));
    }

    @Test
    void everyPropertyOfNbdIsRead() {
        RawCowProperties properties = bind(Map.ofEntries(
                Map.entry("rawcow.nbd.listen", "none"),
                Map.entry("rawcow.nbd.advertise", "disks.example"),
                Map.entry("rawcow.nbd.socket", "/run/nbd.sock"),
                Map.entry("rawcow.nbd.socket-mode", "0751"),
                Map.entry("rawcow.nbd.connections", "3"),
                Map.entry("rawcow.nbd.workers", "2"),
                Map.entry("rawcow.nbd.buffers", "1MB"),
                Map.entry("rawcow.nbd.handshake-timeout", "1s"),
                Map.entry("rawcow.nbd.stall-timeout", "500ms"),
                Map.entry("rawcow.nbd.tls.mode", "required"),
                Map.entry("rawcow.nbd.tls.certificate", "c"),
                Map.entry("rawcow.nbd.tls.key", "k"),
                Map.entry("rawcow.nbd.tls.client-ca", "a"),
                Map.entry("rawcow.nbd.tls.allowed-subjects[0]", "CN=guest,O=Example")));

        assertThat(properties.nbd().listen()).isEqualTo("none");
        assertThat(properties.nbd().advertise()).isEqualTo("disks.example");
        assertThat(properties.nbd().socket()).isEqualTo("/run/nbd.sock");
        assertThat(properties.nbd().tls())
                .isEqualTo(new Tls(TlsMode.REQUIRED, "c", "k", "a", List.of("CN=guest,O=Example")));
        NbdSettings nbd = properties.nbd().settings();
        assertThat(nbd.connections()).isEqualTo(3);
        assertThat(nbd.workersPerConnection()).isEqualTo(2);
        assertThat(nbd.bufferBytes()).isEqualTo(1 << 20);
        assertThat(nbd.handshakeTimeout()).isEqualTo(Duration.ofSeconds(1));
        assertThat(nbd.stallTimeout()).isEqualTo(Duration.ofMillis(500));
        assertThat(nbd.socketMode()).isEqualTo(PosixFilePermissions.fromString("rwxr-x--x"));
    }

    @ParameterizedTest
    @CsvSource({
        "rawcow.streams.running,0",
        "rawcow.streams.workers,65",
        "rawcow.streams.window,4KB",
        "rawcow.streams.buffers,1MB",
        "rawcow.streams.kept,-1",
        "rawcow.streams.running,many",
        "rawcow.limits.images,0",
        "rawcow.limits.exports,0",
        "rawcow.nbd.socket-mode,0668",
        "rawcow.nbd.socket-mode,432",
        "rawcow.nbd.connections,0",
        "rawcow.nbd.workers,65",
        "rawcow.nbd.buffers,1KB",
        "rawcow.nbd.handshake-timeout,0s",
        "rawcow.nbd.stall-timeout,2h",
        "rawcow.nbd.tls.mode,maybe"
    })
    void valueOutOfItsRangeIsRefused(String name, String value) {
        assertThatThrownBy(() -> bind(Map.of(name, value))).hasStackTraceContaining(name);
    }

    @ParameterizedTest
    @CsvSource({"required,certificate", "off,key", "off,client-ca", "off,allowed-subjects"})
    void halfOfTlsIsRefused(String mode, String stated) {
        assertThatThrownBy(() -> bind(Map.of("rawcow.nbd.tls.mode", mode, "rawcow.nbd.tls." + stated, "x")))
                .hasStackTraceContaining("rawcow.nbd.tls");
    }

    @Test
    void certificatesOfClientsNeedTlsToBeRequired() {
        assertThatThrownBy(() -> bind(Map.of(
                        "rawcow.nbd.tls.mode", "optional",
                        "rawcow.nbd.tls.certificate", "c",
                        "rawcow.nbd.tls.key", "k",
                        "rawcow.nbd.tls.client-ca", "a")))
                .hasStackTraceContaining("client-ca needs mode required");
    }

    @Test
    void speedOfADeclaredStreamIsNotNegative() {
        assertThatThrownBy(() -> bind(Map.of("rawcow.images.vm.stream.speed", "-1MB")))
                .hasStackTraceContaining("stream.speed is from 0");
    }

    @Test
    void streamWithNothingStatedHasTheDefaults() {
        RawCowProperties properties =
                bind(Map.of("rawcow.images.vm.sidecar", "a", "rawcow.images.vm.stream.speed", "0"));

        assertThat(properties.declaredImages().getFirst().stream())
                .isEqualTo(new JobRequest("stream", "vm", 0, ErrorPolicy.ENOSPC, true, false, false));
        assertThat(List.of(properties.declaredImages().getFirst().image().sidecar()))
                .containsExactly("a");
    }
}
