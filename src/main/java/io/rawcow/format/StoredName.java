package io.rawcow.format;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of a backing as a header stores it. {@code [a-z][a-z0-9+.-]*:} before the first slash is a scheme; a local
 * raw name that looks so is stored with {@code ./} in front; a backing of another format is stored as
 * {@code qcow2:name}, so that a reader which knows the struct alone fails instead of misreading; what follows that
 * colon is a name by the same rules.
 *
 * @param format {@code raw}, or the format whose name is the scheme
 * @param name the name without that scheme: a path, or a URI with the scheme of a protocol
 */
public record StoredName(String format, String name) {

    public static final String RAW = "raw";
    public static final String QCOW2 = "qcow2";

    private static final Pattern SCHEME = Pattern.compile("([a-z][a-z0-9+.-]*):(.*)", Pattern.DOTALL);

    public static StoredName parse(String stored) {
        Matcher scheme = SCHEME.matcher(stored);
        return scheme.matches() && scheme.group(1).equals(QCOW2)
                ? new StoredName(QCOW2, scheme.group(2))
                : new StoredName(RAW, stored);
    }

    /** Whether it is a URI rather than a local path. */
    public boolean isUri() {
        return SCHEME.matcher(name).matches();
    }

    /** The scheme of a URI. Only for one. */
    public String scheme() {
        return name.substring(0, name.indexOf(':'));
    }

    /** The stored form of a local path. */
    public static String ofPath(String format, String path) {
        if (!format.equals(RAW)) {
            return format + ":" + ofPath(RAW, path);
        }
        return SCHEME.matcher(path).matches() ? "./" + path : path;
    }
}
