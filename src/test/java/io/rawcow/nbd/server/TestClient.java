package io.rawcow.nbd.server;

import io.rawcow.nbd.ChunkType;
import io.rawcow.nbd.HandshakeFlags;
import io.rawcow.nbd.NbdCommand;
import io.rawcow.nbd.NbdMagic;
import io.rawcow.nbd.NbdOption;
import io.rawcow.nbd.NbdReply;
import io.rawcow.nbd.NbdRequest;
import io.rawcow.nbd.ReplyStyle;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLEngine;
import tlschannel.ClientTlsChannel;

/** A client that says exactly what a test wants said. Reads wait: tests have a time limit. */
final class TestClient implements AutoCloseable {
    /** A reply to an option. */
    @SuppressWarnings("ArrayRecordComponent")
    record OptionReply(int type, byte[] data) {
        String text() {
            return new String(data, StandardCharsets.UTF_8);
        }
    }

    /** A reply or a chunk of one; {@code type} is -1 for a simple one, whose {@code data} is its error. */
    @SuppressWarnings("ArrayRecordComponent")
    record Chunk(int type, boolean done, long cookie, byte[] data) {
        int error() {
            boolean failed = type == -1 || (type & 0x8000) != 0;
            return failed ? ByteBuffer.wrap(data).getInt() : 0;
        }

        boolean is(ChunkType wanted) {
            return type == wanted.number();
        }

        long number(int at) {
            return ByteBuffer.wrap(data).getLong(at);
        }
    }

    private ByteChannel channel;
    private ReplyStyle style = ReplyStyle.SIMPLE;

    private TestClient(ByteChannel channel) {
        this.channel = channel;
    }

    /** Connects and has greeted. */
    static TestClient connect(Endpoint endpoint) throws IOException {
        TestClient client = silent(endpoint);
        client.read(18);
        client.send(ByteBuffer.allocate(4)
                .putInt(HandshakeFlags.FIXED_NEWSTYLE | HandshakeFlags.NO_ZEROES)
                .flip());
        return client;
    }

    /** Connects and says nothing. */
    static TestClient silent(Endpoint endpoint) throws IOException {
        return new TestClient(
                switch (endpoint) {
                    case Endpoint.Tcp tcp -> SocketChannel.open(tcp.address());
                    case Endpoint.Unix unix -> SocketChannel.open(java.net.UnixDomainSocketAddress.of(unix.path()));
                });
    }

    /** Connects to an export in a style, with all its contexts where that has chunks. */
    static TestClient open(Endpoint endpoint, String export, ReplyStyle style) throws IOException {
        TestClient client = connect(endpoint);
        client.go(export, style);
        return client;
    }

    /** Does the TLS handshake after the server's consent. */
    TestClient startTls(SSLEngine engine) throws IOException {
        acknowledged(NbdOption.STARTTLS, ByteBuffer.allocate(0));
        channel = ClientTlsChannel.newBuilder(channel, engine).build();
        return this;
    }

    /** Ends the handshake. */
    void go(String export, ReplyStyle wanted) throws IOException {
        style = wanted;
        if (style.hasChunks()) {
            NbdOption option = style == ReplyStyle.STRUCTURED ? NbdOption.STRUCTURED_REPLY : NbdOption.EXTENDED_HEADERS;
            acknowledged(option, ByteBuffer.allocate(0));
            ByteBuffer query = name(export).putInt(1);
            acknowledged(
                    NbdOption.SET_META_CONTEXT, string(query, "base:allocation").flip());
        }
        acknowledged(NbdOption.GO, name(export).putShort((short) 0).flip());
    }

    private void acknowledged(NbdOption option, ByteBuffer data) throws IOException {
        OptionReply last = option(option.number(), data).getLast();
        if (last.type() != NbdReply.ACK) {
            throw new IOException("%s: %s".formatted(option, last.text()));
        }
    }

    static ByteBuffer name(String export) {
        return string(ByteBuffer.allocate(1 << 14), export);
    }

    static ByteBuffer string(ByteBuffer target, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return target.putInt(bytes.length).put(bytes);
    }

    void send(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    ByteBuffer read(int length) throws IOException {
        var bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining()) {
            if (channel.read(bytes) < 0) {
                throw new EOFException("the server has ended the connection");
            }
        }
        return bytes.flip();
    }

    /** The bytes until the server ends the connection. */
    int readToEnd() {
        int count = 0;
        try {
            while (true) {
                read(1);
                count++;
            }
        } catch (IOException e) {
            return count;
        }
    }

    /** All replies to an option. */
    List<OptionReply> option(int option, ByteBuffer data) throws IOException {
        var header = ByteBuffer.allocate(NbdOption.HEADER_BYTES);
        send(header.putLong(NbdMagic.OPTION)
                .putInt(option)
                .putInt(data.remaining())
                .flip());
        send(data);
        List<OptionReply> replies = new ArrayList<>();
        do {
            ByteBuffer reply = read(NbdReply.HEADER_BYTES);
            if (reply.getLong() != NbdMagic.OPTION_REPLY || reply.getInt() != option) {
                throw new IOException("not a reply to the option");
            }
            int type = reply.getInt();
            replies.add(new OptionReply(type, read(reply.getInt()).array()));
        } while (replies.getLast().type() > NbdReply.ACK);
        return replies;
    }

    void request(NbdCommand command, int flags, long cookie, long offset, long length) throws IOException {
        request(new NbdRequest(flags, command.number(), cookie, offset, length));
    }

    void request(NbdRequest request) throws IOException {
        var header = ByteBuffer.allocate(style.requestBytes());
        request.encode(header, style);
        send(header.flip());
    }

    void write(long cookie, long offset, byte[] data) throws IOException {
        int flags = style == ReplyStyle.EXTENDED ? io.rawcow.nbd.CommandFlags.PAYLOAD_LEN : 0;
        request(NbdCommand.WRITE, flags, cookie, offset, data.length);
        send(ByteBuffer.wrap(data));
    }

    /** The next reply without data, or chunk. */
    Chunk next() throws IOException {
        ByteBuffer start = read(4);
        int magic = start.getInt();
        if (magic == NbdMagic.SIMPLE_REPLY) {
            byte[] error = read(4).array();
            return new Chunk(-1, true, read(8).getLong(), error);
        }
        ByteBuffer header = read(style.replyBytes() - 4);
        boolean done = header.getShort() == ReplyStyle.DONE;
        int type = header.getShort() & 0xFFFF;
        long cookie = header.getLong();
        long length = style == ReplyStyle.EXTENDED ? header.getLong(header.position() + 8) : header.getInt();
        return new Chunk(type, done, cookie, read((int) length).array());
    }

    /** What a read came to, holes included. */
    byte[] readAll(NbdRequest request) throws IOException {
        request(request);
        byte[] found = new byte[(int) request.length()];
        if (!style.hasChunks()) {
            Chunk head = next();
            return head.error() == 0 ? read(found.length).array() : new byte[0];
        }
        Chunk chunk;
        do {
            chunk = next();
            if (chunk.is(ChunkType.OFFSET_DATA)) {
                int at = (int) (chunk.number(0) - request.offset());
                System.arraycopy(chunk.data(), 8, found, at, chunk.data().length - 8);
            }
        } while (!chunk.done());
        return found;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
