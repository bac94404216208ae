package io.rawcow.cli;

import io.rawcow.format.SidecarHeader;
import io.rawcow.image.Preallocation;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What stands behind {@code -o}: {@code key=value,…}, in which {@code ,,} is a comma. The last of a key counts. */
final class CreateOptions {
    static final String HELP = """
            Supported raw-cow options:
              backing_file=<str>     - File name of the image below, read-only
              backing_fmt=<str>      - Its format: raw; never guessed from data that looks like another one
              preallocation=<str>    - Space of the raw file taken at once (allowed values: off, falloc, full)
              raw_file=<str>         - File name of the raw file, where all data ends up (default: FILE with .img
                                       for .raw-cow)
              sectorsize=<size>      - Bytes that a bit stands for, a power of two, 512 to 2M (default: 4096)
              size=<size>            - Virtual disk size (default: the backing's)""";

    private static final Map<String, String> KNOWN = Map.of(
            "backing_file", "", "backing_fmt", "", "preallocation", "", "raw_file", "", "sectorsize", "", "size", "");

    private final Map<String, String> values;
    private final boolean help;

    private CreateOptions(Map<String, String> values, boolean help) {
        this.values = values;
        this.help = help;
    }

    /** @param options each as given behind one -o; null for none */
    static CreateOptions parse(String @Nullable [] options) throws CommandFailure {
        var values = new LinkedHashMap<String, String>();
        boolean help = false;
        for (String option : options == null ? new String[0] : options) {
            int at = 0;
            while (at < option.length()) {
                var item = new StringBuilder();
                at = readItem(option, at, item);
                String text = item.toString();
                if (text.equals("help") || text.equals("?")) {
                    help = true;
                } else {
                    put(values, text);
                }
            }
        }
        return new CreateOptions(values, help);
    }

    /** Reads up to the next single comma; answers where the next item begins. */
    private static int readItem(String option, int from, StringBuilder item) {
        int at = from;
        while (at < option.length()) {
            char letter = option.charAt(at);
            boolean comma = letter == ',';
            if (comma && !option.startsWith(",,", at)) {
                return at + 1;
            }
            item.append(letter);
            at += comma ? 2 : 1;
        }
        return at;
    }

    private static void put(Map<String, String> values, String item) throws CommandFailure {
        int equals = item.indexOf('=');
        String key = equals < 0 ? item : item.substring(0, equals);
        if (!KNOWN.containsKey(key)) {
            throw CommandFailure.usage("Invalid parameter '%s' (see -o help)".formatted(key));
        }
        if (equals < 0) {
            throw CommandFailure.usage("Parameter '%s' expects a value".formatted(key));
        }
        values.put(key, item.substring(equals + 1));
    }

    boolean wantsHelp() {
        return help;
    }

    @Nullable
    String get(String key) {
        return values.get(key);
    }

    void refuseAllBut(String allowed) throws CommandFailure {
        for (String key : values.keySet()) {
            if (!key.equals(allowed)) {
                throw CommandFailure.usage("Invalid parameter '%s': only %s fits here".formatted(key, allowed));
            }
        }
    }

    /**
     * The value that an option of its own and a key both can give.
     *
     * @param option as {@code -b}
     */
    @Nullable
    String merged(String option, @Nullable String own, String key) throws CommandFailure {
        String value = values.get(key);
        if (own != null && value != null && !own.equals(value)) {
            throw CommandFailure.usage(
                    "%s and -o %s say different things: '%s' and '%s'".formatted(option, key, own, value));
        }
        return own != null ? own : value;
    }

    int sectorSize() throws CommandFailure {
        String text = values.get("sectorsize");
        if (text == null) {
            return SidecarHeader.DEFAULT_SECTOR_SIZE;
        }
        long bytes = ByteSize.parse("sectorsize", text);
        if (!SidecarHeader.isSectorSize(bytes)) {
            throw CommandFailure.usage("sectorsize must be a power of two, 512 to 2M: '%s'".formatted(text));
        }
        return (int) bytes;
    }

    Preallocation preallocation() throws CommandFailure {
        String text = values.getOrDefault("preallocation", "off");
        for (var known : Preallocation.values()) {
            if (known.name().toLowerCase(Locale.ROOT).equals(text)) {
                return known;
            }
        }
        throw CommandFailure.usage(
                "Invalid parameter value '%s': preallocation is off, falloc or full".formatted(text));
    }
}
