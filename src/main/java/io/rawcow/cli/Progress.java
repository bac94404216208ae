package io.rawcow.cli;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** How far something is, in words. */
final class Progress {
    private Progress() {}

    /** Rounded down: 100 % is said when all is done, and not before. */
    static String percent(@Nullable Double share) {
        return share == null ? "-" : String.format(Locale.ROOT, "%.2f%%", Math.floor(share * 10_000) / 100);
    }

    static String rate(@Nullable Long bytesPerSecond) {
        return bytesPerSecond == null ? "-" : ByteSize.words(bytesPerSecond) + "/s";
    }

    /** As {@code 1.5 GiB of 10 GiB}. */
    static String bytes(@Nullable Long part, @Nullable Long whole) {
        return part == null || whole == null ? "-" : ByteSize.words(part) + " of " + ByteSize.words(whole);
    }

    /** @param cells the room between the brackets */
    static String bar(@Nullable Double share, int cells) {
        int filled = share == null ? 0 : (int) (share * cells);
        return "[" + "#".repeat(filled) + ".".repeat(cells - filled) + "]";
    }
}
