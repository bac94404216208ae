package io.rawcow.nbd.server;

import io.rawcow.block.BlockException;
import io.rawcow.nbd.ChunkType;
import io.rawcow.nbd.CommandFlags;
import io.rawcow.nbd.NbdError;
import io.rawcow.nbd.NbdRequest;
import io.rawcow.nbd.ReplyStyle;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Answers block status requests: a chunk for every context. */
final class BlockStatus {
    /** Clients ask again for what is missing. */
    private static final int MOST_EXTENTS = 2048;

    /** A device of many small extents of equal status must not keep a worker for long. */
    private static final long MOST_NANOS = 50_000_000;

    private final Session session;
    private final List<StatusContext> contexts;
    private final boolean extended;
    private final Outgoing out;

    BlockStatus(Session session, Outgoing out) {
        this.session = session;
        this.contexts = session.with().contexts();
        this.extended = session.style() == ReplyStyle.EXTENDED;
        this.out = out;
    }

    /**
     * Takes the payload if there is one, passes the lead on, and answers.
     *
     * @return the error that the client was told; null without one
     */
    @Nullable
    NbdError answer(NbdRequest request) throws IOException, BlockException {
        NbdRequest asked = request;
        List<Integer> ids = IntStream.range(0, contexts.size()).boxed().toList();
        Fault fault = null;
        if (request.has(CommandFlags.PAYLOAD_LEN)) {
            ByteBuffer filter = payload(request.length());
            if (filter == null) {
                fault = new Fault(NbdError.EINVAL, "the payload is not a range and a list of contexts");
            } else {
                asked = new NbdRequest(
                        request.flags(), request.type(), request.cookie(), request.offset(), filter.getLong());
                ids = ids(filter);
                fault = ids.isEmpty()
                        ? new Fault(NbdError.EINVAL, "a context that was not selected, or one twice")
                        : session.rules().statusRange(asked);
            }
        }
        session.lead().pass();
        if (fault != null) {
            out.addError(request, fault);
            return fault.error();
        }
        for (int i = 0; i < ids.size(); i++) {
            int id = ids.get(i);
            ChunkType type = extended ? ChunkType.BLOCK_STATUS_EXT : ChunkType.BLOCK_STATUS;
            out.addChunk(request, type, i == ids.size() - 1, status(asked, id));
        }
        return null;
    }

    /** An effect length and at least one number; null if it is anything else, which is passed over. */
    private @Nullable ByteBuffer payload(long length) throws IOException {
        NativeBuffer memory = out.memory();
        long most = Long.BYTES + (long) Integer.BYTES * contexts.size();
        if (length > most || length < Long.BYTES + Integer.BYTES || length % Integer.BYTES != 0) {
            session.reader().skip(length, memory.dataBytes(0, memory.capacity()));
            return null;
        }
        ByteBuffer payload = ByteBuffer.allocate((int) length);
        session.reader().payload(payload);
        return payload.flip();
    }

    /** Empty if one is unknown or comes twice. */
    private List<Integer> ids(ByteBuffer filter) {
        List<Integer> ids = new ArrayList<>();
        while (filter.hasRemaining()) {
            int id = filter.getInt();
            if (id < 0 || id >= contexts.size() || ids.contains(id)) {
                return List.of();
            }
            ids.add(id);
        }
        return ids;
    }

    private ByteBuffer status(NbdRequest asked, int id) throws BlockException {
        StatusContext context = contexts.get(id);
        int most = asked.has(CommandFlags.REQ_ONE) ? 1 : MOST_EXTENTS;
        var runs = new Runs(most);
        long at = asked.offset();
        long end = at + asked.length();
        long deadline = System.nanoTime() + MOST_NANOS;
        while (at < end && (at == asked.offset() || System.nanoTime() - deadline < 0)) {
            StatusContext.Status status = context.statusAt(at, end);
            long length = Math.min(end, status.range().end()) - at;
            if (!runs.add(length, status.flags())) {
                break;
            }
            at += length;
        }
        return runs.encode(id);
    }

    /** Extents of which no two neighbours have the same flags. */
    private final class Runs {
        private final int most;
        private final List<Long> lengths = new ArrayList<>();
        private final List<Integer> flags = new ArrayList<>();

        Runs(int most) {
            this.most = most;
        }

        /** @return false if there is no room for it */
        boolean add(long length, int flag) {
            int last = lengths.size() - 1;
            if (last >= 0 && flags.get(last) == flag) {
                lengths.set(last, lengths.get(last) + length);
                return true;
            }
            if (lengths.size() == most) {
                return false;
            }
            lengths.add(length);
            flags.add(flag);
            return true;
        }

        ByteBuffer encode(int id) {
            int bytes = extended ? 2 * Integer.BYTES : Integer.BYTES;
            int each = extended ? 2 * Long.BYTES : 2 * Integer.BYTES;
            ByteBuffer payload = ByteBuffer.allocate(bytes + lengths.size() * each);
            payload.putInt(id);
            if (extended) {
                payload.putInt(lengths.size());
            }
            for (int i = 0; i < lengths.size(); i++) {
                if (extended) {
                    payload.putLong(lengths.get(i)).putLong(flags.get(i) & 0xFFFF_FFFFL);
                } else {
                    payload.putInt((int) (long) lengths.get(i)).putInt(flags.get(i));
                }
            }
            return payload.flip();
        }
    }
}
