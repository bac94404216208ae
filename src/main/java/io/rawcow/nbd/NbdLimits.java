package io.rawcow.nbd;

/** Sizes that the protocol document fixes, or names as what everybody copes with. */
public final class NbdLimits {
    /** Names, descriptions, contexts and messages, in bytes of UTF-8. */
    public static final int MAX_STRING_BYTES = 4096;

    /** What a read or a write may carry where nothing else was agreed on. */
    public static final int MAX_PAYLOAD_BYTES = 32 << 20;

    /** Reads up to this length are answered in one piece if the client wants that. */
    public static final int UNFRAGMENTED_BYTES = 64 << 10;

    private NbdLimits() {}
}
