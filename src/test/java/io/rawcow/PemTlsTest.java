package io.rawcow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rawcow.NbdProperties.Tls;
import io.rawcow.NbdProperties.TlsMode;
import io.rawcow.nbd.server.TlsSettings;
import io.rawcow.nbd.server.TlsSettings.ClientCertificates;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.pem.PemSslStoreBundle;
import org.springframework.boot.ssl.pem.PemSslStoreDetails;

class PemTlsTest {
    @TempDir
    static Path made;

    private static TestCertificates certificates;

    @TempDir
    Path folder;

    @BeforeAll
    static void issue() throws Exception {
        certificates = new TestCertificates(made);
        certificates.issue("first", "CN=first");
        certificates.issue("second", "CN=second");
    }

    @BeforeEach
    void install() throws Exception {
        install("first");
    }

    /** As who renews a certificate would: the old file is never half the new one. */
    private void install(String name) throws IOException {
        replace("cert.pem", Files.readString(certificates.certificate(name)));
        replace("key.pem", Files.readString(certificates.key(name)));
    }

    private void replace(String file, String content) throws IOException {
        Path next = Files.writeString(folder.resolve(file + ".new"), content);
        Files.move(next, folder.resolve(file), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    }

    private Tls files(TlsMode mode, @Nullable String clientCa, String... subjects) {
        return new Tls(
                mode,
                folder.resolve("cert.pem").toString(),
                folder.resolve("key.pem").toString(),
                clientCa,
                List.of(subjects));
    }

    /** Who the server says it is, to a client that trusts our authority alone. */
    private static String subjectOf(SSLContext server) throws Exception {
        SSLContext client = SslBundle.of(new PemSslStoreBundle(
                        null, PemSslStoreDetails.forCertificate(Files.readString(certificates.ca()))))
                .createSslContext();
        var loopback = InetAddress.getLoopbackAddress();
        try (var listener = (SSLServerSocket) server.getServerSocketFactory().createServerSocket(0, 1, loopback)) {
            var served = CompletableFuture.runAsync(() -> {
                try (var socket = (SSLSocket) listener.accept()) {
                    socket.startHandshake();
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            try (var socket = (SSLSocket) client.getSocketFactory().createSocket(loopback, listener.getLocalPort())) {
                var shown = (X509Certificate) socket.getSession().getPeerCertificates()[0];
                served.join();
                return shown.getSubjectX500Principal().getName();
            }
        }
    }

    @Test
    void settingsSayWhatIsAskedOfClients() {
        TlsSettings plain = PemTls.settings(files(TlsMode.OPTIONAL, null));
        assertThat(plain.required()).isFalse();
        assertThat(plain.clientCertificates()).isEqualTo(ClientCertificates.NONE);

        TlsSettings strict =
                PemTls.settings(files(TlsMode.REQUIRED, certificates.ca().toString(), "CN=guest, O=Example"));
        assertThat(strict.required()).isTrue();
        assertThat(strict.clientCertificates()).isEqualTo(ClientCertificates.REQUIRED);
        assertThat(strict.allowedSubjects()).containsExactly(new X500Principal("CN=guest,O=Example"));
    }

    @Test
    void certificateThatWasReplacedIsShownToTheNextClient() throws Exception {
        TlsSettings settings = PemTls.settings(files(TlsMode.REQUIRED, null));
        assertThat(subjectOf(settings.contexts().current())).isEqualTo("CN=first");
        assertThat(settings.contexts().current()).isSameAs(settings.contexts().current());

        install("second");

        assertThat(subjectOf(settings.contexts().current())).isEqualTo("CN=second");
    }

    @Test
    void filesThatCannotBeReadLeaveWhatWasValid() throws Exception {
        TlsSettings settings = PemTls.settings(files(TlsMode.REQUIRED, null));

        replace("cert.pem", "-----BEGIN CERTIFICATE-----\nAAAA");
        assertThat(subjectOf(settings.contexts().current())).isEqualTo("CN=first");
        Files.delete(folder.resolve("cert.pem"));
        assertThat(subjectOf(settings.contexts().current())).isEqualTo("CN=first");
        // A key that is not the certificate's, for the moment between two renames.
        replace("cert.pem", Files.readString(certificates.certificate("second")));
        assertThat(subjectOf(settings.contexts().current())).isEqualTo("CN=first");

        install("second");
        assertThat(subjectOf(settings.contexts().current())).isEqualTo("CN=second");
    }

    @Test
    void aFileWrittenInPlaceIsSeenByItsTime() throws Exception {
        TlsSettings settings = PemTls.settings(files(TlsMode.REQUIRED, null));
        Files.writeString(folder.resolve("key.pem"), Files.readString(certificates.key("second")));
        Files.writeString(folder.resolve("cert.pem"), Files.readString(certificates.certificate("second")));
        Files.setLastModifiedTime(folder.resolve("cert.pem"), FileTime.fromMillis(1_900_000_000_000L));

        assertThat(subjectOf(settings.contexts().current())).isEqualTo("CN=second");
    }

    @Test
    void whatCannotBeReadAtTheStartIsSaid() throws Exception {
        replace("key.pem", "nonsense");
        assertThatThrownBy(() -> PemTls.settings(files(TlsMode.REQUIRED, null)))
                .isInstanceOf(StartException.class)
                .hasMessageContaining("key.pem");
        Files.delete(folder.resolve("cert.pem"));
        assertThatThrownBy(() -> PemTls.settings(files(TlsMode.REQUIRED, null)))
                .isInstanceOf(StartException.class)
                .hasMessageContaining("cert.pem");
        install("first");
        assertThatThrownBy(() -> PemTls.settings(
                        files(TlsMode.REQUIRED, certificates.ca().toString(), "guest")))
                .isInstanceOf(StartException.class)
                .hasMessageContaining("no distinguished name: guest");
    }
}
