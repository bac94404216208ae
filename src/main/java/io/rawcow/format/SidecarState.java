package io.rawcow.format;

import java.util.Locale;

/** How far an image has come. */
public enum SidecarState {
    /** Being created: nothing was ever written through it. */
    CREATING,
    /** Copy-on-write: bits count. */
    COW,
    /** The raw file holds everything; backing and bits no longer matter. */
    STANDALONE;

    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
