package io.rawcow.nbd.server;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/** Makes an authority, and certificates that it has signed, as libnbd and QEMU expect them in a folder. */
public final class Certificates {
    private static final List<String> ELLIPTIC = List.of("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1");

    private Certificates() {}

    /** {@code ca-cert.pem}, {@code server-cert.pem}, {@code client-cert.pem}, and their keys. */
    public static void makeAll(Path folder) throws Exception {
        run(
                folder,
                ELLIPTIC,
                "req",
                "-x509",
                "-nodes",
                "-subj",
                "/CN=authority",
                "-keyout",
                "ca-key.pem",
                "-out",
                "ca-cert.pem");
        make(folder, "server", "/CN=server", ELLIPTIC);
        make(folder, "client", "/CN=client/O=rawcow", ELLIPTIC);
    }

    /** A certificate with an RSA key. */
    public static void makeRsa(Path folder, String name, String subject) throws Exception {
        make(folder, name, subject, List.of("-newkey", "rsa:2048"));
    }

    private static void make(Path folder, String name, String subject, List<String> key) throws Exception {
        run(
                folder,
                key,
                "req",
                "-nodes",
                "-subj",
                subject,
                "-addext",
                "subjectAltName=DNS:localhost,DNS:of.certificate.example,IP:127.0.0.1",
                "-keyout",
                name + "-key.new",
                "-out",
                name + ".csr");
        run(
                folder,
                List.of("-copy_extensions", "copy", "-CAcreateserial"),
                "x509",
                "-req",
                "-in",
                name + ".csr",
                "-CA",
                "ca-cert.pem",
                "-CAkey",
                "ca-key.pem",
                "-days",
                "30",
                "-out",
                name + "-cert.new");
        for (String part : List.of("key", "cert")) {
            Files.move(
                    folder.resolve("%s-%s.new".formatted(name, part)),
                    folder.resolve("%s-%s.pem".formatted(name, part)),
                    StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static void run(Path folder, List<String> more, String... arguments) throws Exception {
        List<String> command = new java.util.ArrayList<>(List.of("openssl"));
        command.addAll(List.of(arguments));
        command.addAll(more);
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IllegalStateException(command + ": " + said);
        }
    }
}
