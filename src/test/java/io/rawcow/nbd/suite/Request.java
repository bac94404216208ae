package io.rawcow.nbd.suite;

import io.rawcow.nbd.suite.Proto.Cmd;
import io.rawcow.nbd.suite.Proto.CmdFlag;

/**
 * A request of the transmission phase, right or wrong.
 *
 * @param length as the header says it; {@code payload} is what follows the header, whatever that says
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
record Request(int command, int flags, long offset, long length, byte[] payload) {
    private static final byte[] NOTHING = new byte[0];

    static Request of(int command, long offset, long length) {
        return new Request(command, 0, offset, length, NOTHING);
    }

    static Request read(long offset, long length) {
        return of(Cmd.READ, offset, length);
    }

    static Request write(long offset, byte... data) {
        return new Request(Cmd.WRITE, 0, offset, data.length, data);
    }

    static Request flush() {
        return of(Cmd.FLUSH, 0, 0);
    }

    static Request trim(long offset, long length) {
        return of(Cmd.TRIM, offset, length);
    }

    static Request cache(long offset, long length) {
        return of(Cmd.CACHE, offset, length);
    }

    static Request zeroes(long offset, long length) {
        return of(Cmd.WRITE_ZEROES, offset, length);
    }

    static Request status(long offset, long length) {
        return of(Cmd.BLOCK_STATUS, offset, length);
    }

    static Request disconnect() {
        return of(Cmd.DISC, 0, 0);
    }

    Request with(int moreFlags) {
        return new Request(command, flags | moreFlags, offset, length, payload);
    }

    Request carrying(byte... data) {
        return new Request(command, flags, offset, length, data);
    }

    boolean has(int flag) {
        return (flags & flag) != 0;
    }

    /** A write with extended headers gets the flag that says so; all else goes out as it stands. */
    byte[] encode(Mode mode, long cookie) {
        boolean extended = mode == Mode.EXTENDED;
        boolean announces = extended && command == Cmd.WRITE && payload.length == length;
        var header = new Wire()
                .u32(extended ? Proto.EXTENDED_REQUEST_MAGIC : Proto.REQUEST_MAGIC)
                .u16(announces ? flags | CmdFlag.PAYLOAD_LEN : flags)
                .u16(command)
                .u64(cookie)
                .u64(offset);
        return (extended ? header.u64(length) : header.u32(length)).raw(payload).bytes();
    }

    @Override
    public String toString() {
        return "command %d flags 0x%x offset %d length %d".formatted(command, flags, offset, length);
    }
}
