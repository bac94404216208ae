package io.rawcow.nbd;

/** What a request asks for besides its command. */
public final class CommandFlags {
    /** Answer when what was written survives a loss of power. */
    public static final int FUA = 1;
    /** Of write zeroes: keep the space. */
    public static final int NO_HOLE = 1 << 1;
    /** Of read: one content chunk at most. */
    public static final int DF = 1 << 2;
    /** Of block status: one extent a context. */
    public static final int REQ_ONE = 1 << 3;
    /** Of write zeroes: fail where it takes as long as writing. */
    public static final int FAST_ZERO = 1 << 4;
    /** With extended headers: the length is that of a payload. */
    public static final int PAYLOAD_LEN = 1 << 5;

    private CommandFlags() {}
}
