package io.rawcow.nbd.server;

import java.net.InetSocketAddress;
import java.nio.file.Path;

/** Where clients connect. */
public sealed interface Endpoint {

    /** The URI of an export, as the NBD project's uri.md has it: {@code nbd://host:port/name} and its relatives. */
    String uri(String exportName);

    /** @param tls whether the URI says {@code nbds}: the server requires it */
    record Tcp(InetSocketAddress address, boolean tls) implements Endpoint {
        @Override
        public String uri(String exportName) {
            return Uris.tcp(this, exportName);
        }
    }

    /** @param path absolute */
    record Unix(Path path, boolean tls) implements Endpoint {
        @Override
        public String uri(String exportName) {
            return Uris.unix(this, exportName);
        }
    }
}
