package io.rawcow.nbd;

import java.nio.ByteBuffer;

/**
 * The header of a request.
 *
 * @param flags of {@link CommandFlags}, 16 bits
 * @param type the command's number, 16 bits
 * @param cookie the client's; the reply carries it back
 * @param offset unsigned
 * @param length unsigned, 32 bits without extended headers
 */
public record NbdRequest(int flags, int type, long cookie, long offset, long length) {

    /**
     * Takes {@link ReplyStyle#requestBytes} bytes.
     *
     * @throws NbdProtocolException if they are not the header of a request
     */
    public static NbdRequest decode(ByteBuffer source, ReplyStyle style) throws NbdProtocolException {
        boolean extended = style == ReplyStyle.EXTENDED;
        int magic = source.getInt();
        if (magic != (extended ? NbdMagic.EXTENDED_REQUEST : NbdMagic.REQUEST)) {
            throw new NbdProtocolException("not a request: magic=0x%08x".formatted(magic));
        }
        int flags = source.getShort() & 0xFFFF;
        int type = source.getShort() & 0xFFFF;
        long cookie = source.getLong();
        long offset = source.getLong();
        long length = extended ? source.getLong() : source.getInt() & 0xFFFF_FFFFL;
        return new NbdRequest(flags, type, cookie, offset, length);
    }

    public void encode(ByteBuffer target, ReplyStyle style) {
        boolean extended = style == ReplyStyle.EXTENDED;
        target.putInt(extended ? NbdMagic.EXTENDED_REQUEST : NbdMagic.REQUEST);
        target.putShort((short) flags).putShort((short) type).putLong(cookie).putLong(offset);
        if (extended) {
            target.putLong(length);
        } else {
            target.putInt((int) length);
        }
    }

    public boolean has(int flag) {
        return (flags & flag) != 0;
    }

    public boolean is(NbdCommand command) {
        return type == command.number();
    }
}
