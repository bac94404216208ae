package io.rawcow.nbd.server;

import io.rawcow.nbd.ChunkType;
import io.rawcow.nbd.NbdCommand;
import io.rawcow.nbd.NbdLimits;
import io.rawcow.nbd.NbdRequest;
import io.rawcow.nbd.ReplyStyle;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * A worker's answers that are not sent yet, and its memory. While more requests have arrived already their answers are
 * collected and go out in one write, which costs more than a small read from the device. Filled by its worker; sent by
 * it, or by another one where it is stuck in the device.
 */
final class Outgoing implements AutoCloseable {
    private static final int CAPACITY = NbdLimits.UNFRAGMENTED_BYTES;

    private final Session session;
    private final ReplyStyle style;
    private final NativeBuffer memory = new NativeBuffer(CAPACITY);
    /** Up to where answers are complete. The bytes below are not touched until they are sent. */
    private volatile int ready;

    private int sent;
    private volatile int answers;
    private int answersSent;

    Outgoing(Session session) {
        this.session = session;
        this.style = session.style();
    }

    /** The memory as a whole; nothing may be unsent. */
    NativeBuffer memory() {
        return memory;
    }

    /** Makes room for an answer with so many bytes of data. */
    void reserve(int dataBytes) throws IOException {
        if (ready + ReplyStyle.MAX_DATA_HEADER_BYTES + dataBytes > CAPACITY) {
            flush();
        }
    }

    /** Where the data of the next answer go; room must be reserved. */
    MemorySegment data(int length) {
        return memory.data(ready + style.dataHeaderBytes(), length);
    }

    ByteBuffer dataBytes(int length) {
        return memory.dataBytes(ready + style.dataHeaderBytes(), length);
    }

    /** Answers a read with the bytes at {@link #data}. */
    void addData(NbdRequest request, int length) {
        ByteBuffer target = memory.dataBytes(ready, style.dataHeaderBytes());
        putDataHeader(target, request, length);
        complete(style.dataHeaderBytes() + length, true);
    }

    private void putDataHeader(ByteBuffer target, NbdRequest request, int length) {
        if (!style.hasChunks()) {
            ReplyStyle.putSimple(target, request, 0);
        } else {
            style.putChunk(target, request, ChunkType.OFFSET_DATA, true, Long.BYTES + length);
            target.putLong(request.offset());
        }
    }

    /** Answers that the request was carried out. */
    void addDone(NbdRequest request) throws IOException {
        // In the structured style too, a read must not be answered simply.
        if (style == ReplyStyle.EXTENDED || (style.hasChunks() && request.is(NbdCommand.READ))) {
            addChunk(request, ChunkType.NONE, true, ByteBuffer.allocate(0));
        } else {
            addSimple(request, 0);
        }
    }

    /** Answers that the request was not carried out. */
    void addError(NbdRequest request, Fault fault) throws IOException {
        if (style.hasChunks()) {
            addChunk(request, ChunkType.ERROR, true, errorPayload(fault, 0).flip());
        } else {
            addSimple(request, fault.error().number());
        }
    }

    /** As {@link #addError}, in a style with chunks, where all before {@code offset} went well. */
    void addErrorAt(NbdRequest request, Fault fault, long offset) throws IOException {
        ByteBuffer payload = errorPayload(fault, Long.BYTES).putLong(offset).flip();
        addChunk(request, ChunkType.ERROR_OFFSET, true, payload);
    }

    private static ByteBuffer errorPayload(Fault fault, int more) {
        byte[] text = fault.reason().getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(Integer.BYTES + Short.BYTES + text.length + more)
                .putInt(fault.error().number())
                .putShort((short) text.length)
                .put(text);
    }

    private void addSimple(NbdRequest request, int error) throws IOException {
        reserve(0);
        int bytes = ReplyStyle.SIMPLE.replyBytes();
        ReplyStyle.putSimple(memory.dataBytes(ready, bytes), request, error);
        complete(bytes, true);
    }

    /** @param done whether it is the answer's last */
    void addChunk(NbdRequest request, ChunkType type, boolean done, ByteBuffer payload) throws IOException {
        int length = payload.remaining();
        reserve(length);
        ByteBuffer target = memory.dataBytes(ready, style.replyBytes() + length);
        style.putChunk(target, request, type, done, length);
        target.put(payload);
        complete(style.replyBytes() + length, done);
    }

    /** Only the worker counts up; the others look. */
    @SuppressWarnings("NonAtomicVolatileUpdate")
    private void complete(int bytes, boolean done) {
        if (done) {
            answers++;
        }
        ready += bytes;
    }

    /** Sends everything. Its worker only. */
    void flush() throws IOException {
        if (ready > 0) {
            session.writeLock().lock();
            try {
                sendReady();
                // Under the lock: whoever comes late to send for this worker must find nothing.
                ready = 0;
                sent = 0;
            } finally {
                session.writeLock().unlock();
            }
        }
    }

    /** Sends what is ready. Any thread. */
    void sendReady() throws IOException {
        session.writeLock().lock();
        try {
            int end = ready;
            if (end > sent) {
                // A view of its own: the worker may be using the memory's.
                session.write(memory.data(sent, end - sent).asByteBuffer());
                sent = end;
                session.sent(answers - answersSent);
                answersSent = answers;
            }
        } finally {
            session.writeLock().unlock();
        }
    }

    /** Waits for a worker that is sending from here; the connection is closed when there can be one. */
    @Override
    public void close() {
        session.writeLock().lock();
        try {
            ready = 0;
            sent = 0;
            memory.close();
        } finally {
            session.writeLock().unlock();
        }
    }
}
