package io.rawcow.nbd;

/** What server and client tell each other first; the bits have the same places in both directions. */
public final class HandshakeFlags {
    public static final int FIXED_NEWSTYLE = 1;
    /** Nothing follows the answer to {@link NbdOption#EXPORT_NAME}. */
    public static final int NO_ZEROES = 1 << 1;

    private HandshakeFlags() {}
}
