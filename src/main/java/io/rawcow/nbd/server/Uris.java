package io.rawcow.nbd.server;

import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/** Writes NBD URIs. */
final class Uris {
    private static final String UNRESERVED = "-._~/:@!$'()*,";

    private Uris() {}

    static String tcp(Endpoint.Tcp endpoint, String exportName) {
        return "%s://%s/%s"
                .formatted(
                        endpoint.tls() ? "nbds" : "nbd",
                        hostAndPort(endpoint.address()).replace("%", "%25"),
                        encode(exportName));
    }

    /** With brackets round IPv6. */
    static String hostAndPort(InetSocketAddress address) {
        String host = address.getAddress().getHostAddress();
        String form = address.getAddress() instanceof Inet6Address ? "[%s]:%d" : "%s:%d";
        return form.formatted(host, address.getPort());
    }

    static String unix(Endpoint.Unix endpoint, String exportName) {
        return "%s:///%s?socket=%s"
                .formatted(
                        endpoint.tls() ? "nbds+unix" : "nbd+unix",
                        encode(exportName),
                        encode(endpoint.path().toString()));
    }

    static String advertised(Endpoint.Tcp endpoint, String where, String exportName) {
        boolean port = where.lastIndexOf(':') > where.lastIndexOf(']');
        return "%s://%s%s/%s"
                .formatted(
                        endpoint.tls() ? "nbds" : "nbd",
                        where.replace("%", "%25"),
                        port ? "" : ":" + endpoint.address().getPort(),
                        encode(exportName));
    }

    private static String encode(String text) {
        var out = new StringBuilder();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xFF);
            boolean plain = c < 0x80 && (Character.isLetterOrDigit(c) || UNRESERVED.indexOf(c) >= 0);
            out.append(plain ? String.valueOf(c) : "%%%02X".formatted((int) c));
        }
        return out.toString();
    }
}
