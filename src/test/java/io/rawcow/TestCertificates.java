package io.rawcow;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** An authority, and PEM files of what it signs. Made with the JDK's keytool. */
final class TestCertificates {
    private static final String PASSWORD = "secret";

    private final Path folder;
    private final Path store;

    TestCertificates(Path folder) throws Exception {
        this.folder = Files.createDirectories(folder);
        this.store = folder.resolve("keys.p12");
        keytool("-genkeypair", "-alias", "ca", "-dname", "CN=Test CA", "-ext", "bc:c");
        writePem("ca-cert.pem", "CERTIFICATE", keys().getCertificate("ca").getEncoded());
    }

    Path ca() {
        return folder.resolve("ca-cert.pem");
    }

    /** Makes {@code name-cert.pem} and {@code name-key.pem}, anew if they are there. */
    void issue(String name, String subject, String... extensions) throws Exception {
        if (keys().containsAlias(name)) {
            keytool("-delete", "-alias", name);
        }
        var options = new ArrayList<>(List.of("-genkeypair", "-alias", name, "-dname", subject, "-signer", "ca"));
        for (String extension : extensions) {
            options.addAll(List.of("-ext", extension));
        }
        keytool(options.toArray(String[]::new));
        KeyStore keys = keys();
        Certificate own = keys.getCertificateChain(name)[0];
        writePem(
                name + "-key.pem",
                "PRIVATE KEY",
                keys.getKey(name, PASSWORD.toCharArray()).getEncoded());
        writePem(name + "-cert.pem", "CERTIFICATE", own.getEncoded());
    }

    Path certificate(String name) {
        return folder.resolve(name + "-cert.pem");
    }

    Path key(String name) {
        return folder.resolve(name + "-key.pem");
    }

    private KeyStore keys() throws GeneralSecurityException, IOException {
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, PASSWORD.toCharArray());
        }
        return keys;
    }

    private void keytool(String... options) throws IOException, InterruptedException {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
        command.addAll(List.of(options));
        command.addAll(List.of("-keystore", store.toString(), "-storetype", "PKCS12", "-storepass", PASSWORD));
        if (command.contains("-genkeypair")) {
            command.addAll(List.of("-keyalg", "RSA", "-keysize", "2048", "-validity", "30"));
        }
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + ": " + output);
        }
    }

    private void writePem(String file, String kind, byte[] der) throws IOException {
        String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        Files.writeString(
                folder.resolve(file), "-----BEGIN %s-----\n%s\n-----END %s-----\n".formatted(kind, body, kind));
    }
}
