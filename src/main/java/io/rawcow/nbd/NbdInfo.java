package io.rawcow.nbd;

/** What a client can want to know of an export during the handshake. */
public final class NbdInfo {
    public static final int EXPORT = 0;
    public static final int NAME = 1;
    public static final int DESCRIPTION = 2;
    public static final int BLOCK_SIZE = 3;

    private NbdInfo() {}
}
