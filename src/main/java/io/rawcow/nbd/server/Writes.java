package io.rawcow.nbd.server;

import io.rawcow.block.BlockDevice;
import io.rawcow.block.BlockException;
import io.rawcow.nbd.NbdRequest;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Carries out writes of any length in pieces of the memory there is. */
final class Writes {
    private final Session session;
    private final BlockDevice device;
    private final RequestReader reader;
    private final NativeBuffer own;

    Writes(Session session, Outgoing out) {
        this.session = session;
        this.device = session.device();
        this.reader = session.reader();
        this.own = out.memory();
    }

    /** Takes the payload, passes the lead on, and writes; a payload that is longer than the memory is written first. */
    void carryOut(NbdRequest request) throws IOException, BlockException {
        int length = (int) request.length();
        NativeBuffer large =
                length > own.capacity() ? session.server().buffers().tryBorrow() : null;
        try {
            NativeBuffer buffer = large == null ? own : large;
            if (length <= buffer.capacity()) {
                reader.payload(buffer.dataBytes(0, length));
                session.lead().pass();
                write(request.offset(), buffer, length);
            } else {
                inPieces(request, buffer);
            }
        } finally {
            if (large != null) {
                session.server().buffers().giveBack(large);
            }
        }
    }

    private void inPieces(NbdRequest request, NativeBuffer buffer) throws IOException, BlockException {
        long at = request.offset();
        long end = at + request.length();
        Exception trouble = null;
        while (at < end) {
            int piece = (int) Math.min(end - at, buffer.capacity());
            reader.payload(buffer.dataBytes(0, piece));
            if (trouble == null) {
                trouble = tryWrite(at, buffer, piece);
            }
            at += piece;
        }
        session.lead().pass();
        switch (trouble) {
            case null -> {}
            case BlockException known -> throw known;
            case RuntimeException bug -> throw bug;
            default -> throw new IllegalStateException(trouble);
        }
    }

    /** Whatever happens in the device: the rest of the payload has to be taken, or it would be taken for requests. */
    private @Nullable Exception tryWrite(long at, NativeBuffer buffer, int length) {
        try {
            write(at, buffer, length);
            return null;
        } catch (BlockException | RuntimeException e) {
            return e;
        }
    }

    private void write(long at, NativeBuffer buffer, int length) throws BlockException {
        if (length > 0) {
            long before = System.nanoTime();
            device.write(at, buffer.data(0, length));
            session.noteService(length, System.nanoTime() - before);
        }
    }
}
