package io.rawcow;

import io.rawcow.security.AccessSettings;
import io.rawcow.security.Hosts;
import io.rawcow.security.Role;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Who may call the REST interface. With neither tokens nor subjects everybody who reaches it may do everything.
 *
 * @param tokens callers by name that send a bearer token
 * @param subjects callers by name that show a certificate
 * @param hosts names, besides the loopback's, that requests may have in their Host header
 * @param rate requests a second of one caller, twice as many at once
 * @param streamLife how long a caller follows the events before it has to show anew who it is
 * @param tlsTerminatedInFront whether a proxy in front of a listener without TLS speaks TLS to the world
 * @param allowUnauthenticatedNetwork {@link #UNAUTHENTICATED}, for a listener on the network that asks nobody
 */
record AccessProperties(
        @DefaultValue Map<String, Token> tokens,
        @DefaultValue Map<String, Subject> subjects,
        @DefaultValue List<String> hosts,
        @DefaultValue("1000") int rate,
        @DefaultValue("5m") Duration streamLife,
        @DefaultValue("false") boolean tlsTerminatedInFront,
        @Nullable String allowUnauthenticatedNetwork) {

    /** Nobody writes this without having read it. */
    static final String UNAUTHENTICATED = "yes-anyone-on-the-network-may-read-and-write-every-disk";

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

    /**
     * A caller by its tokens.
     *
     * @param file a token a line, so that the old one and the new one are both in force for a while
     */
    record Token(@Nullable String file, @Nullable Role role) {}

    /**
     * A caller by its certificate.
     *
     * @param subject its distinguished name (RFC 2253)
     */
    record Subject(@Nullable String subject, @Nullable Role role) {}

    AccessProperties {
        RawCowProperties.requireWithin("rawcow.access.rate", rate, 1, 1_000_000);
        if (streamLife.compareTo(Duration.ofSeconds(1)) < 0 || streamLife.compareTo(Duration.ofDays(1)) > 0) {
            throw new IllegalArgumentException("rawcow.access.stream-life is from 1s to 1d, not " + streamLife);
        }
        Stream.concat(tokens.keySet().stream(), subjects.keySet().stream()).forEach(AccessProperties::requireName);
        if (allowUnauthenticatedNetwork != null && !allowUnauthenticatedNetwork.equals(UNAUTHENTICATED)) {
            throw new IllegalArgumentException(
                    "rawcow.access.allow-unauthenticated-network is " + UNAUTHENTICATED + ", or left out");
        }
    }

    private static void requireName(String name) {
        if (!NAME.matcher(name).matches() || name.equals(AccessSettings.LOCAL)) {
            throw new IllegalArgumentException("rawcow.access: a caller's name has 1 to 64 letters, digits, dots,"
                    + " underscores and hyphens, and is not 'local': " + name);
        }
    }

    /** Whether callers have to say who they are. */
    boolean asks() {
        return !tokens.isEmpty() || !subjects.isEmpty();
    }

    /**
     * For a listener at that address.
     *
     * @param certified names that the listener's certificate has
     */
    AccessSettings settings(HostPort listen, Set<String> certified) {
        return new AccessSettings(
                tokens.entrySet().stream()
                        .map(entry -> token(entry.getKey(), entry.getValue()))
                        .toList(),
                subjects.entrySet().stream()
                        .map(entry -> subject(entry.getKey(), entry.getValue()))
                        .toList(),
                hostsAt(listen, certified),
                rate);
    }

    /** Where tokens are asked for, a page that came under another name has none; a certificate the browser adds. */
    private Hosts hostsAt(HostPort listen, Set<String> certified) {
        boolean loopback = listen.isLoopback();
        if (!loopback && asks() && subjects.isEmpty() && hosts.isEmpty()) {
            return Hosts.EVERY;
        }
        Set<String> names = new HashSet<>(hosts);
        names.addAll(certified);
        names.add("localhost");
        names.add(listen.host());
        return new Hosts(loopback ? Hosts.Addresses.LOOPBACK : Hosts.Addresses.ALL, names);
    }

    private static AccessSettings.Token token(String name, Token stated) {
        if (stated.file() == null || stated.role() == null) {
            throw new StartException(
                    "cannot start: rawcow.access.tokens.%s needs file and role (viewer or operator)".formatted(name));
        }
        return new AccessSettings.Token(name, stated.role(), Path.of(stated.file()));
    }

    private static AccessSettings.Subject subject(String name, Subject stated) {
        if (stated.subject() == null || stated.role() == null) {
            throw new StartException(
                    "cannot start: rawcow.access.subjects.%s needs subject and role (viewer or operator)"
                            .formatted(name));
        }
        try {
            return new AccessSettings.Subject(name, stated.role(), new X500Principal(stated.subject()));
        } catch (IllegalArgumentException e) {
            throw new StartException(
                    "cannot start: rawcow.access.subjects.%s has what is no distinguished name: %s"
                            .formatted(name, stated.subject()),
                    e);
        }
    }
}
