package io.rawcow.nbd.server;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Where clients connect. */
public sealed interface Endpoint {

    /** The URI of an export, as the NBD project's uri.md has it: {@code nbd://host:port/name} and its relatives. */
    String uri(String exportName);

    /**
     * TCP.
     *
     * @param tls whether the URI says {@code nbds}: the server requires it
     * @param advertised what URIs name: a host, or {@code host:port}, IPv6 in brackets; null for the address itself
     */
    record Tcp(
            InetSocketAddress address,
            boolean tls,
            @Nullable String advertised) implements Endpoint {
        public Tcp(InetSocketAddress address, boolean tls) {
            this(address, tls, null);
        }

        /** The same at the address that was found. */
        Tcp at(InetSocketAddress found) {
            return new Tcp(found, tls, advertised);
        }

        @Override
        public String uri(String exportName) {
            return advertised == null ? Uris.tcp(this, exportName) : Uris.advertised(this, advertised, exportName);
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
