package io.rawcow.nbd.server;

import io.rawcow.block.RawFile;
import io.rawcow.posix.Access;
import io.rawcow.posix.PosixFolder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * Serves a raw file to measure the server alone: {@code ServeRawFile FILE PORT SOCKET} until it is killed. The export
 * is named {@code disk}.
 */
final class ServeRawFile {
    private ServeRawFile() {}

    public static void main(String[] arguments) throws Exception {
        Path file = Path.of(arguments[0]).toAbsolutePath();
        var folder = PosixFolder.open(String.valueOf(file.getParent()));
        var opened = folder.open(String.valueOf(file.getFileName()), Access.READ_WRITE);
        var device = new RawFile(opened, opened.status().size(), false);
        int port = Integer.parseInt(arguments[1]);
        List<Endpoint> endpoints = List.of(
                new Endpoint.Tcp(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), false),
                new Endpoint.Unix(Path.of(arguments[2]), false));
        var server = NbdServer.start(NbdSettings.DEFAULT, endpoints, tls(arguments), ServerObserver.NONE);
        server.offer(new Export("disk", "a raw file", device, false, 100, List.of(new AllocationContext(device))));
        server.endpoints().forEach(endpoint -> System.out.println(endpoint.uri("disk")));
        Runtime.getRuntime().addShutdownHook(new Thread(server::close));
        new CountDownLatch(1).await();
    }

    private static TlsSettings tls(String[] arguments) throws IOException {
        if (arguments.length < 4) {
            return null;
        }
        Path folder = Path.of(arguments[3]);
        var contexts = new PemTlsContexts(
                folder.resolve("server-cert.pem"), folder.resolve("server-key.pem"), folder.resolve("ca-cert.pem"));
        return new TlsSettings(true, contexts, TlsSettings.ClientCertificates.REQUIRED, List.of());
    }
}
