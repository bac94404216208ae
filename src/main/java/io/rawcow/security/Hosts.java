package io.rawcow.security;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a request may call this service in its Host header. A page of another site whose name suddenly resolves to this
 * machine (DNS rebinding) is of one origin with the service, for the browser; the name it was loaded by gives it away.
 *
 * @param addresses besides names, which addresses
 * @param names in lower case
 */
public record Hosts(Addresses addresses, Set<String> names) {
    private static final Pattern HEADER = Pattern.compile("(\\[[0-9a-f:.]+]|[a-z0-9._-]+)(?::[0-9]{1,5})?");
    private static final Pattern ADDRESS = Pattern.compile("\\[.*]|[0-9]{1,3}(?:\\.[0-9]{1,3}){3}");
    private static final Pattern LOOPBACK = Pattern.compile("\\[::1]|127(?:\\.[0-9]{1,3}){3}");

    /** Addresses cannot be rebound: no name was resolved. */
    public enum Addresses {
        /** Those of the loopback. */
        LOOPBACK,
        ALL
    }

    /** Any host will do: what a rebound page lacks is the credentials. */
    public static final Hosts EVERY = new Hosts(Addresses.ALL, Set.of("*"));

    /** For a listener that has no names but those of the loopback. */
    static final Hosts LOOPBACK_ONLY = new Hosts(Addresses.LOOPBACK, Set.of("localhost"));

    public Hosts {
        names = names.stream().map(name -> name.toLowerCase(Locale.ROOT)).collect(Collectors.toUnmodifiableSet());
    }

    boolean isOwn(@Nullable String header) {
        if (names.contains("*")) {
            return true;
        }
        Matcher stated = HEADER.matcher(header == null ? "" : header.toLowerCase(Locale.ROOT));
        if (!stated.matches()) {
            return false;
        }
        String host = stated.group(1);
        Pattern own = addresses == Addresses.ALL ? ADDRESS : LOOPBACK;
        return names.contains(host) || own.matcher(host).matches();
    }
}
