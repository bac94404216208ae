package io.rawcow.cli.remote;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where a service is, and who asks.
 *
 * @param base without a slash at its end
 * @param tokenFile a file with the token to show; null to show none
 * @param caFile a file with the certificates to trust instead of those of the JDK; null for those of the JDK
 */
public record ServiceAddress(
        URI base, @Nullable Path tokenFile, @Nullable Path caFile) {

    /** All of it: a name that only begins like one of these is somebody else's. */
    private static final Pattern LOOPBACK = Pattern.compile("localhost|127(\\.[0-9]{1,3}){3}|\\[::1]");

    /**
     * Reads an address.
     *
     * @throws IllegalArgumentException with a sentence for the one who wrote it
     */
    public static ServiceAddress of(String text, @Nullable Path tokenFile, @Nullable Path caFile) {
        URI base = parse(text.replaceFirst("/+$", ""));
        boolean encrypted = base.getScheme().equals("https");
        if (caFile != null && !encrypted) {
            throw new IllegalArgumentException("--cacert is for https, and the server is " + base);
        }
        if (tokenFile != null && !encrypted && !LOOPBACK.matcher(base.getHost()).matches()) {
            throw new IllegalArgumentException(
                    "a token is not sent over the network unencrypted: the server must be https, and is " + base);
        }
        return new ServiceAddress(base, tokenFile, caFile);
    }

    private static URI parse(String text) {
        try {
            URI uri = new URI(text);
            String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
            if ((scheme.equals("http") || scheme.equals("https"))
                    && uri.getHost() != null
                    && uri.getRawUserInfo() == null
                    && uri.getRawQuery() == null
                    && uri.getRawFragment() == null) {
                return URI.create(scheme + text.substring(scheme.length()));
            }
        } catch (URISyntaxException e) {
            // Said below, without what was written: a password may be in it.
        }
        throw new IllegalArgumentException(
                "Invalid address of the server: it is http://HOST:PORT or https://HOST:PORT, with nothing behind");
    }

    URI at(String path) {
        return URI.create(base + path);
    }
}
