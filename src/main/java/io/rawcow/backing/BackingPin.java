package io.rawcow.backing;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a backing looked like when the image was made.
 *
 * @param size bytes, null if unknown
 * @param mtimeNanos modification time in nanoseconds since 1970, null if unknown or meaningless (devices)
 */
public record BackingPin(@Nullable Long size, @Nullable Long mtimeNanos) {

    public static final BackingPin UNKNOWN = new BackingPin(null, null);

    /** Whether what is known of both agrees. */
    public boolean agreesWith(BackingPin now) {
        return agree(size, now.size) && agree(mtimeNanos, now.mtimeNanos);
    }

    private static boolean agree(@Nullable Long pinned, @Nullable Long now) {
        return pinned == null || now == null || pinned.equals(now);
    }

    /** Size and time for a message. */
    public String words() {
        return "size=%s mtime=%s".formatted(size == null ? "unknown" : size, mtime());
    }

    private String mtime() {
        return mtimeNanos == null
                ? "unknown"
                : Instant.ofEpochSecond(
                                Math.floorDiv(mtimeNanos, 1_000_000_000L), Math.floorMod(mtimeNanos, 1_000_000_000L))
                        .toString();
    }
}
