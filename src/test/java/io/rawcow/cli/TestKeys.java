package io.rawcow.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * A key for 127.0.0.1 that no public authority has signed.
 *
 * @param context for a server
 * @param certificate in PEM
 */
record TestKeys(SSLContext context, Path certificate) {
    private static final String PASSWORD = "of no secret";

    static TestKeys make(Path folder) throws Exception {
        openssl(
                folder,
                "req",
                "-x509",
                "-nodes",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-subj",
                "/CN=test",
                "-addext",
                "subjectAltName=IP:127.0.0.1",
                "-keyout",
                "key.pem",
                "-out",
                "server.pem");
        openssl(
                folder,
                "pkcs12",
                "-export",
                "-in",
                "server.pem",
                "-inkey",
                "key.pem",
                "-out",
                "server.p12",
                "-passout",
                "pass:" + PASSWORD);
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(folder.resolve("server.p12"))) {
            store.load(in, PASSWORD.toCharArray());
        }
        var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, PASSWORD.toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        return new TestKeys(context, folder.resolve("server.pem"));
    }

    private static void openssl(Path folder, String... words) throws Exception {
        var command = new ArrayList<>(List.of("openssl"));
        command.addAll(List.of(words));
        assertThat(Cli.tool(folder, command.toArray(new String[0]))).matches(result -> result.code() == 0);
    }
}
