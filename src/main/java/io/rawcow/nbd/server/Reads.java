package io.rawcow.nbd.server;

import io.rawcow.block.BlockDevice;
import io.rawcow.block.BlockException;
import io.rawcow.block.Extent;
import io.rawcow.nbd.ChunkType;
import io.rawcow.nbd.CommandFlags;
import io.rawcow.nbd.NbdError;
import io.rawcow.nbd.NbdRequest;
import io.rawcow.nbd.ReplyStyle;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Answers reads of any length in pieces of the memory there is. */
final class Reads {
    /** Shorter reads are not worth a look for holes. */
    private static final int HOLES_FROM_BYTES = 32 << 10;

    /** Shorter holes are sent as zeros. */
    private static final int SHORTEST_HOLE_BYTES = 4096;

    /** After so many looks the rest is sent as data: a file of many small holes is not worth more. */
    private static final int MOST_LOOKS = 16;

    private final Session session;
    private final ReplyStyle style;
    private final BlockDevice device;
    private final Outgoing out;
    private final Commands commands;

    Reads(Session session, Outgoing out, Commands commands) {
        this.session = session;
        this.style = session.style();
        this.device = session.device();
        this.out = out;
        this.commands = commands;
    }

    /** @return the error that the client was told; null without one */
    @Nullable
    NbdError answer(NbdRequest request) throws IOException, BlockException {
        int length = (int) request.length();
        if (length == 0) {
            out.addDone(request);
            return null;
        }
        NativeBuffer own = out.memory();
        NativeBuffer large = length > own.capacity() ? session.borrow() : null;
        try {
            NativeBuffer buffer = large == null ? own : large;
            if (!style.hasChunks()) {
                simply(request, buffer);
                return null;
            }
            if (request.has(CommandFlags.DF) && length > buffer.capacity()) {
                out.addError(request, new Fault(NbdError.EOVERFLOW, "too long for one piece"));
                return NbdError.EOVERFLOW;
            }
            return inChunks(request, buffer);
        } finally {
            if (large != null) {
                session.giveBack(large);
            }
        }
    }

    /**
     * Once the header is out there is no way to tell of an error but to end the connection, and no other answer may
     * come between the pieces: for longer reads than there is memory for, the device holds up the connection's other
     * answers. That is the price of simple replies.
     */
    private void simply(NbdRequest request, NativeBuffer buffer) throws IOException, BlockException {
        long at = request.offset();
        long end = at + request.length();
        int piece = read(at, end, buffer);
        ReplyStyle.putSimple(buffer.header(style.replyBytes()), request, 0);
        session.writeLock().lock();
        boolean whole = false;
        try {
            session.write(buffer.headerAndData(style.replyBytes(), piece));
            for (at += piece; at < end; at += piece) {
                try {
                    piece = read(at, end, buffer);
                } catch (BlockException | RuntimeException e) {
                    commands.faultOf(request, e);
                    throw new IOException("the device failed after the header of an answer was sent", e);
                }
                session.write(buffer.dataBytes(0, piece));
            }
            session.sent(1);
            whole = true;
        } finally {
            if (!whole) {
                // Before another worker gets the lock: its answer would be taken for the rest of the data.
                session.tear();
            }
            session.writeLock().unlock();
        }
    }

    private int read(long at, long end, NativeBuffer buffer) throws BlockException {
        int piece = (int) Math.min(end - at, buffer.capacity());
        long before = System.nanoTime();
        device.read(at, buffer.data(0, piece));
        session.noteService(piece, System.nanoTime() - before);
        return piece;
    }

    private @Nullable NbdError inChunks(NbdRequest request, NativeBuffer buffer) throws IOException {
        long at = request.offset();
        long end = at + request.length();
        int looks = request.has(CommandFlags.DF) || request.length() < HOLES_FROM_BYTES ? 0 : MOST_LOOKS;
        try {
            while (at < end) {
                Extent extent = looks-- > 0 ? device.extentAt(at, end) : null;
                if (extent != null && extent.zero() && extent.range().length() >= SHORTEST_HOLE_BYTES) {
                    int length = (int) extent.range().length();
                    sendHole(request, buffer, at, length);
                    session.holeRead(length);
                    at += length;
                } else {
                    long stop = extent == null || extent.zero()
                            ? end
                            : extent.range().end();
                    int piece = read(at, stop, buffer);
                    sendData(request, buffer, at, piece);
                    at += piece;
                }
            }
            return null;
        } catch (BlockException | RuntimeException e) {
            Fault fault = commands.faultOf(request, e);
            out.addErrorAt(request, fault, at);
            return fault.error();
        }
    }

    private void sendHole(NbdRequest request, NativeBuffer buffer, long at, int length) throws IOException {
        int payload = Long.BYTES + Integer.BYTES;
        boolean done = at + length == request.offset() + request.length();
        ByteBuffer header = buffer.header(style.replyBytes() + payload);
        style.putChunk(header, request, ChunkType.OFFSET_HOLE, done, payload);
        header.putLong(at).putInt(length);
        send(buffer.headerAndData(style.replyBytes() + payload, 0), done);
    }

    private void sendData(NbdRequest request, NativeBuffer buffer, long at, int length) throws IOException {
        boolean done = at + length == request.offset() + request.length();
        ByteBuffer header = buffer.header(style.dataHeaderBytes());
        style.putChunk(header, request, ChunkType.OFFSET_DATA, done, Long.BYTES + length);
        header.putLong(at);
        send(buffer.headerAndData(style.dataHeaderBytes(), length), done);
    }

    private void send(ByteBuffer chunk, boolean done) throws IOException {
        session.writeLock().lock();
        try {
            session.write(chunk);
            if (done) {
                session.sent(1);
            }
        } finally {
            session.writeLock().unlock();
        }
    }
}
