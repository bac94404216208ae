package io.rawcow.nbd.server;

import io.rawcow.nbd.NbdMagic;
import io.rawcow.nbd.NbdReply;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.charset.StandardCharsets;

/**
 * The client during the handshake. Takes exactly the bytes of an option and not one more: what follows may be TLS, and
 * what was sent in clear before that must not be taken for something said under it.
 */
final class OptionWire {
    private static final int SKIP_BYTES = 4096;

    private final ByteChannel channel;

    OptionWire(ByteChannel channel) {
        this.channel = channel;
    }

    ByteChannel channel() {
        return channel;
    }

    /** @throws EOFException if the client has gone */
    ByteBuffer read(int length) throws IOException {
        var bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining()) {
            if (channel.read(bytes) < 0) {
                throw new EOFException("the client has gone during the handshake");
            }
        }
        return bytes.flip();
    }

    void skip(long length) throws IOException {
        for (long left = length; left > 0; ) {
            left -= read((int) Math.min(left, SKIP_BYTES)).remaining();
        }
    }

    void write(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /** Answers an option, or gives a part of the answer. */
    void reply(int option, int type, ByteBuffer data) throws IOException {
        var reply = ByteBuffer.allocate(NbdReply.HEADER_BYTES + data.remaining());
        reply.putLong(NbdMagic.OPTION_REPLY).putInt(option).putInt(type);
        reply.putInt(data.remaining()).put(data);
        write(reply.flip());
    }

    void acknowledge(int option) throws IOException {
        reply(option, NbdReply.ACK, ByteBuffer.allocate(0));
    }

    void refuse(int option, OptionException reason) throws IOException {
        reply(option, reason.reply(), StandardCharsets.UTF_8.encode(String.valueOf(reason.getMessage())));
    }
}
