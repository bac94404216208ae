package io.rawcow.nbd.suite;

/** Numbers of the protocol, taken from its document and not from the code under test. */
final class Proto {
    static final long NBDMAGIC = 0x4e42444d41474943L;
    static final long IHAVEOPT = 0x49484156454F5054L;
    static final long OPTION_REPLY_MAGIC = 0x3e889045565a9L;
    static final int REQUEST_MAGIC = 0x25609513;
    static final int EXTENDED_REQUEST_MAGIC = 0x21e41c71;
    static final int SIMPLE_REPLY_MAGIC = 0x67446698;
    static final int STRUCTURED_REPLY_MAGIC = 0x668e33ef;
    static final int EXTENDED_REPLY_MAGIC = 0x6e8a278c;

    /** What a client that knows no better sends at most at once, and what every server takes. */
    static final int MAX_PAYLOAD = 32 << 20;

    /** The longest string of the protocol, in bytes. */
    static final int MAX_STRING = 4096;

    private Proto() {}

    /** Handshake flags of the server, and the client's that answer them: the same bits. */
    static final class Shake {
        static final int FIXED_NEWSTYLE = 1;
        static final int NO_ZEROES = 2;

        private Shake() {}
    }

    /** Options. */
    static final class Opt {
        static final int EXPORT_NAME = 1;
        static final int ABORT = 2;
        static final int LIST = 3;
        static final int PEEK_EXPORT = 4;
        static final int STARTTLS = 5;
        static final int INFO = 6;
        static final int GO = 7;
        static final int STRUCTURED_REPLY = 8;
        static final int LIST_META_CONTEXT = 9;
        static final int SET_META_CONTEXT = 10;
        static final int EXTENDED_HEADERS = 11;

        private Opt() {}
    }

    /** Types of an option's replies. */
    static final class Rep {
        static final int ACK = 1;
        static final int SERVER = 2;
        static final int INFO = 3;
        static final int META_CONTEXT = 4;
        static final int ERR_UNSUP = 0x80000001;
        static final int ERR_POLICY = 0x80000002;
        static final int ERR_INVALID = 0x80000003;
        static final int ERR_PLATFORM = 0x80000004;
        static final int ERR_TLS_REQD = 0x80000005;
        static final int ERR_UNKNOWN = 0x80000006;
        static final int ERR_SHUTDOWN = 0x80000007;
        static final int ERR_BLOCK_SIZE_REQD = 0x80000008;
        static final int ERR_TOO_BIG = 0x80000009;
        static final int ERR_EXT_HEADER_REQD = 0x8000000A;

        private Rep() {}
    }

    /** Kinds of information about an export. */
    static final class Info {
        static final int EXPORT = 0;
        static final int NAME = 1;
        static final int DESCRIPTION = 2;
        static final int BLOCK_SIZE = 3;

        private Info() {}
    }

    /** Transmission flags. */
    static final class Flag {
        static final int HAS_FLAGS = 1;
        static final int READ_ONLY = 1 << 1;
        static final int SEND_FLUSH = 1 << 2;
        static final int SEND_FUA = 1 << 3;
        static final int ROTATIONAL = 1 << 4;
        static final int SEND_TRIM = 1 << 5;
        static final int SEND_WRITE_ZEROES = 1 << 6;
        static final int SEND_DF = 1 << 7;
        static final int CAN_MULTI_CONN = 1 << 8;
        static final int SEND_CACHE = 1 << 10;
        static final int SEND_FAST_ZERO = 1 << 11;
        static final int BLOCK_STATUS_PAYLOAD = 1 << 12;

        private Flag() {}
    }

    /** Commands. */
    static final class Cmd {
        static final int READ = 0;
        static final int WRITE = 1;
        static final int DISC = 2;
        static final int FLUSH = 3;
        static final int TRIM = 4;
        static final int CACHE = 5;
        static final int WRITE_ZEROES = 6;
        static final int BLOCK_STATUS = 7;

        private Cmd() {}
    }

    /** Flags of a command. */
    static final class CmdFlag {
        static final int FUA = 1;
        static final int NO_HOLE = 2;
        static final int DF = 4;
        static final int REQ_ONE = 8;
        static final int FAST_ZERO = 16;
        static final int PAYLOAD_LEN = 32;

        private CmdFlag() {}
    }

    /** Types of a reply's chunk. */
    static final class Chunk {
        static final int NONE = 0;
        static final int OFFSET_DATA = 1;
        static final int OFFSET_HOLE = 2;
        static final int BLOCK_STATUS = 5;
        static final int BLOCK_STATUS_EXT = 6;
        static final int ERROR = 0x8001;
        static final int ERROR_OFFSET = 0x8002;
        static final int FLAG_DONE = 1;

        private Chunk() {}
    }

    /** Error values. */
    static final class Err {
        static final int EPERM = 1;
        static final int EIO = 5;
        static final int ENOMEM = 12;
        static final int EINVAL = 22;
        static final int ENOSPC = 28;
        static final int EOVERFLOW = 75;
        static final int ENOTSUP = 95;
        static final int ESHUTDOWN = 108;

        private Err() {}
    }

    /** {@code base:allocation}. */
    static final class State {
        static final int HOLE = 1;
        static final int ZERO = 2;

        private State() {}
    }
}
