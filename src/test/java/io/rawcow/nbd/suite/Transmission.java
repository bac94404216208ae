package io.rawcow.nbd.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.rawcow.nbd.suite.Proto.Chunk;
import io.rawcow.nbd.suite.Proto.Cmd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;

/** The second phase of a connection: sends requests, and reads what comes back in whatever order it comes. */
final class Transmission implements AutoCloseable {
    private final RawNbd nbd;
    private final ExportInfo info;
    private final Map<Long, Deque<ReplyAssembly>> pending = new HashMap<>();
    private final Map<Long, Deque<Reply>> complete = new HashMap<>();
    private long lastCookie = 0x1122334455667700L;

    Transmission(RawNbd nbd, ExportInfo info) {
        this.nbd = nbd;
        this.info = info;
        assertThat(info.has(Proto.Flag.HAS_FLAGS)).as("HAS_FLAGS").isTrue();
    }

    ExportInfo info() {
        return info;
    }

    RawNbd nbd() {
        return nbd;
    }

    /** Sends, and says the cookie under which the answer will come. */
    long send(Request request) throws IOException {
        return send(request, ++lastCookie);
    }

    long send(Request request, long cookie) throws IOException {
        expect(request, cookie);
        nbd.send(request.encode(nbd.mode(), cookie));
        return cookie;
    }

    /** Waits for an answer to a request that is sent by other means. */
    void expect(Request request, long cookie) {
        var contexts = new HashSet<>(nbd.contexts().values());
        var assembly = new ReplyAssembly(request, nbd.mode(), info.size(), contexts);
        pending.computeIfAbsent(cookie, c -> new ArrayDeque<>()).add(assembly);
    }

    /** The answer to a request, whatever else comes before it. */
    Reply await(long cookie) throws IOException {
        while (true) {
            Deque<Reply> there = complete.get(cookie);
            if (there != null) {
                Reply reply = there.removeFirst();
                if (there.isEmpty()) {
                    complete.remove(cookie);
                }
                return reply;
            }
            next();
        }
    }

    Reply call(Request request) throws IOException {
        return await(send(request));
    }

    /** Asks, and wants to succeed. */
    Reply must(Request request) throws IOException {
        Reply reply = call(request);
        assertThat(reply.error()).as("%s: %s", request, reply.message()).isZero();
        return reply;
    }

    byte[] read(long offset, long length) throws IOException {
        return must(Request.read(offset, length)).data();
    }

    /** The cookie of the next answer that is complete, now or in a while. */
    long nextComplete() throws IOException {
        while (complete.isEmpty()) {
            next();
        }
        return complete.keySet().iterator().next();
    }

    /** Reads one message. */
    private void next() throws IOException {
        int magic = nbd.u32();
        switch (magic) {
            case Proto.SIMPLE_REPLY_MAGIC -> simple();
            case Proto.STRUCTURED_REPLY_MAGIC -> {
                assertThat(nbd.mode()).as("mode of a structured reply").isEqualTo(Mode.STRUCTURED);
                chunk();
            }
            case Proto.EXTENDED_REPLY_MAGIC -> {
                assertThat(nbd.mode()).as("mode of an extended reply").isEqualTo(Mode.EXTENDED);
                chunk();
            }
            default -> fail("not the magic of a reply: 0x%08x", magic);
        }
    }

    private ReplyAssembly assembly(long cookie) {
        assertThat(pending).as("cookies in flight").containsKey(cookie);
        return pending.get(cookie).getFirst();
    }

    private void simple() throws IOException {
        int error = nbd.u32();
        long cookie = nbd.u64();
        ReplyAssembly assembly = assembly(cookie);
        boolean data = error == 0 && assembly.request().command() == Cmd.READ && nbd.mode() == Mode.SIMPLE;
        byte[] read = nbd.read(data ? Math.toIntExact(assembly.request().length()) : 0);
        finish(cookie, assembly.simple(error, read));
    }

    private void chunk() throws IOException {
        int flags = nbd.u16();
        assertThat(flags).as("flags of a reply").isIn(0, Chunk.FLAG_DONE);
        int type = nbd.u16();
        long cookie = nbd.u64();
        ReplyAssembly assembly = assembly(cookie);
        long length;
        if (nbd.mode() == Mode.EXTENDED) {
            assertThat(nbd.u64())
                    .as("offset of a reply")
                    .isEqualTo(assembly.request().offset());
            length = nbd.u64();
        } else {
            length = Integer.toUnsignedLong(nbd.u32());
        }
        assertThat(length).as("length of a chunk").isBetween(0L, Proto.MAX_PAYLOAD + 8L);
        boolean last = flags == Chunk.FLAG_DONE;
        assembly.chunk(type, ByteBuffer.wrap(nbd.read((int) length)), last);
        if (last) {
            finish(cookie, assembly.done());
        }
    }

    private void finish(long cookie, Reply reply) {
        Deque<ReplyAssembly> waiting = pending.get(cookie);
        waiting.removeFirst();
        if (waiting.isEmpty()) {
            pending.remove(cookie);
        }
        complete.computeIfAbsent(cookie, c -> new ArrayDeque<>()).add(reply);
    }

    /** Leaves as the document wants it, and sees the server close. */
    void disconnect() throws IOException {
        nbd.send(Request.disconnect().encode(nbd.mode(), 0));
        nbd.assertClosed();
    }

    @Override
    public void close() throws IOException {
        nbd.close();
    }
}
