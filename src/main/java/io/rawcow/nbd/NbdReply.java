package io.rawcow.nbd;

/** How a server answers an option. Errors have the highest bit set. */
public final class NbdReply {
    public static final int ACK = 1;
    public static final int SERVER = 2;
    public static final int INFO = 3;
    public static final int META_CONTEXT = 4;

    /** The option is unknown. */
    public static final int ERR_UNSUP = 0x8000_0001;
    /** The server could, but will not. */
    public static final int ERR_POLICY = 0x8000_0002;

    public static final int ERR_INVALID = 0x8000_0003;
    public static final int ERR_TLS_REQD = 0x8000_0005;
    /** There is no such export. */
    public static final int ERR_UNKNOWN = 0x8000_0006;

    public static final int ERR_SHUTDOWN = 0x8000_0007;
    public static final int ERR_TOO_BIG = 0x8000_0009;
    /** Extended headers were agreed on, and this option asks for less. */
    public static final int ERR_EXT_HEADER_REQD = 0x8000_000a;

    /** The magic, the option, the type and the length of the data. */
    public static final int HEADER_BYTES = 20;

    private NbdReply() {}
}
