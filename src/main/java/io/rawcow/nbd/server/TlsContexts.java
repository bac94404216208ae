package io.rawcow.nbd.server;

import java.io.IOException;
import javax.net.ssl.SSLContext;

/** Where a server takes its certificates from. Asked for every client that starts TLS; safe from many threads. */
@FunctionalInterface
public interface TlsContexts {

    /** What is valid now: certificates are replaced while the server runs. */
    SSLContext current() throws IOException;
}
