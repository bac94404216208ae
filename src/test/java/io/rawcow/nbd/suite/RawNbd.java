package io.rawcow.nbd.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.rawcow.nbd.suite.Proto.Info;
import io.rawcow.nbd.suite.Proto.Opt;
import io.rawcow.nbd.suite.Proto.Rep;
import io.rawcow.nbd.suite.Proto.Shake;
import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/** A client that says anything, and believes nothing: every field of an option's reply is checked as it comes in. */
final class RawNbd implements AutoCloseable {
    /** Long enough that only a server which forgot about us runs into it. */
    private static final int PATIENCE_MS = 30_000;

    private final Closeable link;
    private Socket socket;
    private DataInputStream in;
    private OutputStream out;
    private Mode mode = Mode.SIMPLE;
    private Map<String, Integer> contexts = Map.of();
    private boolean noZeroes;

    private RawNbd(Socket socket) throws IOException {
        this.link = socket;
        use(socket);
    }

    private RawNbd(SocketChannel channel) {
        this.link = channel;
        this.in = new DataInputStream(new BufferedInputStream(Channels.newInputStream(channel)));
        this.out = Channels.newOutputStream(channel);
    }

    private void use(Socket next) throws IOException {
        socket = next;
        socket.setSoTimeout(PATIENCE_MS);
        in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 1 << 16));
        out = socket.getOutputStream();
    }

    /** Connects and says nothing yet. */
    static RawNbd connect(InetSocketAddress address) throws IOException {
        var socket = new Socket();
        socket.setTcpNoDelay(true);
        socket.connect(address);
        return new RawNbd(socket);
    }

    /** With a small receive buffer, so that what is not read backs up soon. */
    static RawNbd narrow(InetSocketAddress address) throws IOException {
        var socket = new Socket();
        socket.setReceiveBufferSize(4096);
        socket.connect(address);
        return new RawNbd(socket);
    }

    static RawNbd connect(Path path) throws IOException {
        var channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        channel.connect(UnixDomainSocketAddress.of(path));
        return new RawNbd(channel);
    }

    // Bytes.

    RawNbd send(byte... bytes) throws IOException {
        out.write(bytes);
        out.flush();
        return this;
    }

    byte[] read(int length) throws IOException {
        byte[] bytes = new byte[length];
        in.readFully(bytes);
        return bytes;
    }

    int u16() throws IOException {
        return in.readUnsignedShort();
    }

    int u32() throws IOException {
        return in.readInt();
    }

    long u64() throws IOException {
        return in.readLong();
    }

    /** The server closes, and sends nothing before that. */
    void assertClosed() throws IOException {
        assertThat(drain()).as("bytes sent before the connection was closed").isZero();
    }

    /** Reads until the server closes; how many bytes came. */
    long drain() throws IOException {
        return drain(in);
    }

    private static long drain(InputStream in) throws IOException {
        long count = 0;
        byte[] buffer = new byte[1 << 16];
        try {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                count += n;
            }
        } catch (SocketTimeoutException e) {
            throw new AssertionError("the server left the connection open", e);
        } catch (SocketException | SSLException | EOFException e) {
            return count; // reset: closed with something of ours unread
        }
        return count;
    }

    /** Says that nothing more will come, and goes on listening. */
    void finishSending() throws IOException {
        socket.shutdownOutput();
    }

    /** Closes as a client that died: with a reset. */
    void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @Override
    public void close() throws IOException {
        if (socket != null) {
            socket.close();
        }
        link.close();
    }

    // Handshake.

    /** As a client of today begins. */
    RawNbd greet() throws IOException {
        return greet(Shake.FIXED_NEWSTYLE | Shake.NO_ZEROES);
    }

    RawNbd greet(int clientFlags) throws IOException {
        expectGreeting();
        noZeroes = (clientFlags & Shake.NO_ZEROES) != 0;
        return send(new Wire().u32(clientFlags).bytes());
    }

    void expectGreeting() throws IOException {
        assertThat(u64()).as("NBDMAGIC").isEqualTo(Proto.NBDMAGIC);
        assertThat(u64()).as("IHAVEOPT: not the old style").isEqualTo(Proto.IHAVEOPT);
        assertThat(u16()).as("handshake flags").isEqualTo(Shake.FIXED_NEWSTYLE | Shake.NO_ZEROES);
    }

    RawNbd sendOption(int option, byte... data) throws IOException {
        return send(Wire.option(option, data));
    }

    /** One reply to an option. */
    OptionReply reply(int option) throws IOException {
        assertThat(u64()).as("magic of an option's reply").isEqualTo(Proto.OPTION_REPLY_MAGIC);
        assertThat(u32()).as("option that is answered").isEqualTo(option);
        int type = u32();
        long length = Integer.toUnsignedLong(u32());
        assertThat(length).as("length of an option's reply").isLessThan(1 << 16);
        byte[] data = read((int) length);
        if (type == Rep.ACK) {
            assertThat(data).as("ACK carries nothing").isEmpty();
        } else if (type < 0) {
            assertString(data);
        } else {
            assertThat(type).as("reply type").isBetween(Rep.SERVER, Rep.META_CONTEXT);
        }
        return new OptionReply(type, data);
    }

    /** All replies to an option, the final one last. */
    List<OptionReply> replies(int option) throws IOException {
        var replies = new ArrayList<OptionReply>();
        do {
            replies.add(reply(option));
            assertThat(replies).hasSizeLessThan(100_000);
        } while (!replies.getLast().isFinal());
        return replies;
    }

    List<OptionReply> ask(int option, byte... data) throws IOException {
        return sendOption(option, data).replies(option);
    }

    /** The final reply's type; nothing may come before it if it is an error. */
    int outcome(int option, byte... data) throws IOException {
        var replies = ask(option, data);
        if (replies.getLast().isError()) {
            assertThat(replies).as("an error stands alone").hasSize(1);
        }
        return replies.getLast().type();
    }

    RawNbd structured() throws IOException {
        assertThat(outcome(Opt.STRUCTURED_REPLY)).isEqualTo(Rep.ACK);
        mode = Mode.STRUCTURED;
        return this;
    }

    RawNbd extended() throws IOException {
        assertThat(outcome(Opt.EXTENDED_HEADERS)).isEqualTo(Rep.ACK);
        mode = Mode.EXTENDED;
        return this;
    }

    RawNbd negotiate(Mode wanted) throws IOException {
        return switch (wanted) {
            case SIMPLE -> this;
            case STRUCTURED -> structured();
            case EXTENDED -> extended();
        };
    }

    Mode mode() {
        return mode;
    }

    /** Selects contexts: what the server took, in its order, with their numbers. */
    Map<String, Integer> setMeta(String export, String... queries) throws IOException {
        contexts = metaContexts(ask(Opt.SET_META_CONTEXT, Wire.metaData(export, queries)));
        assertThat(contexts.values()).as("numbers of contexts").doesNotHaveDuplicates();
        return contexts;
    }

    List<String> listMeta(String export, String... queries) throws IOException {
        return List.copyOf(metaContexts(ask(Opt.LIST_META_CONTEXT, Wire.metaData(export, queries)))
                .keySet());
    }

    private static Map<String, Integer> metaContexts(List<OptionReply> replies) {
        assertThat(replies.getLast().type()).as("%s", replies).isEqualTo(Rep.ACK);
        var found = new LinkedHashMap<String, Integer>();
        for (OptionReply reply : replies.subList(0, replies.size() - 1)) {
            assertThat(reply.type()).isEqualTo(Rep.META_CONTEXT);
            assertThat(reply.data()).hasSizeGreaterThan(4);
            String name = reply.textFrom(4);
            assertThat(name).contains(":");
            Integer before = found.put(name, reply.buffer().getInt());
            assertThat(before).as("a context that comes twice").isNull();
        }
        return found;
    }

    Map<String, Integer> contexts() {
        return contexts;
    }

    /** The names that LIST tells. */
    List<String> list() throws IOException {
        var replies = ask(Opt.LIST);
        assertThat(replies.getLast().type()).isEqualTo(Rep.ACK);
        var names = new ArrayList<String>();
        for (OptionReply reply : replies.subList(0, replies.size() - 1)) {
            assertThat(reply.type()).isEqualTo(Rep.SERVER);
            int length = reply.buffer().getInt();
            assertThat(length).isBetween(0, reply.data().length - 4);
            names.add(new String(reply.data(), 4, length, StandardCharsets.UTF_8));
        }
        return names;
    }

    /** INFO, or GO, that succeeds. */
    ExportInfo info(int option, String name, int... requests) throws IOException {
        var replies = ask(option, Wire.infoData(name, requests));
        assertThat(replies.getLast().type()).as("%s", replies).isEqualTo(Rep.ACK);
        var infos = new LinkedHashMap<Integer, byte[]>();
        for (OptionReply reply : replies.subList(0, replies.size() - 1)) {
            assertThat(reply.type()).isEqualTo(Rep.INFO);
            assertThat(reply.data()).hasSizeGreaterThanOrEqualTo(2);
            byte[] rest = new byte[reply.data().length - 2];
            System.arraycopy(reply.data(), 2, rest, 0, rest.length);
            byte[] before = infos.put((int) reply.buffer().getShort(), rest);
            assertThat(before).as("information that comes twice").isNull();
        }
        assertThat(infos).as("EXPORT is a must").containsKey(Info.EXPORT);
        assertThat(infos.get(Info.EXPORT)).hasSize(10);
        var export = java.nio.ByteBuffer.wrap(infos.get(Info.EXPORT));
        return new ExportInfo(export.getLong(), Short.toUnsignedInt(export.getShort()), infos);
    }

    Transmission go(String name, int... requests) throws IOException {
        return new Transmission(this, info(Opt.GO, name, requests));
    }

    /** Into transmission the old way; closed by the server if it does not want that. */
    Transmission exportName(String name) throws IOException {
        sendOption(Opt.EXPORT_NAME, Wire.utf8(name));
        long size = u64();
        int flags = u16();
        if (!noZeroes) {
            assertThat(read(124)).containsOnly(0);
        }
        return new Transmission(this, new ExportInfo(size, flags, Map.of()));
    }

    /** TLS from here on; whatever was negotiated before is forgotten, here too. */
    RawNbd startTls(SSLSocketFactory factory) throws IOException {
        assertThat(outcome(Opt.STARTTLS)).isEqualTo(Rep.ACK);
        return shakeHands(factory);
    }

    /** The handshake of TLS alone. */
    RawNbd shakeHands(SSLSocketFactory factory) throws IOException {
        assertThat(in.available()).as("plain bytes behind the ACK").isZero();
        var tls = (SSLSocket) factory.createSocket(socket, "localhost", socket.getPort(), true);
        tls.setSoTimeout(PATIENCE_MS);
        tls.startHandshake();
        use(tls);
        mode = Mode.SIMPLE;
        contexts = Map.of();
        return this;
    }

    /** What the server sends until it closes, as it is on the wire: below TLS. */
    byte[] readBelowTls() throws IOException {
        return ((Socket) link).getInputStream().readAllBytes();
    }

    /** A string as the document has it. */
    static void assertString(byte[] bytes) {
        assertThat(bytes).as("a string").hasSizeLessThanOrEqualTo(Proto.MAX_STRING);
        assertThat(bytes).as("a string").doesNotContain((byte) 0);
        try {
            StandardCharsets.UTF_8.newDecoder().decode(java.nio.ByteBuffer.wrap(bytes));
        } catch (CharacterCodingException e) {
            fail("a string that is not UTF-8", e);
        }
    }
}
