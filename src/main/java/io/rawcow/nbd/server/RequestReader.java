package io.rawcow.nbd.server;

import io.rawcow.nbd.NbdRequest;
import io.rawcow.nbd.ReplyStyle;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import org.jspecify.annotations.Nullable;

/**
 * Takes requests from a client, reading ahead: many small requests arrive at once. Only whoever has the lead uses it.
 */
final class RequestReader implements AutoCloseable {
    private static final int AHEAD_BYTES = 64 << 10;

    /** Payloads of which more than this is still to come go to their place directly. */
    private static final int LARGE_BYTES = 16 << 10;

    private final ByteChannel channel;
    private final ReplyStyle style;
    private final StallTimer timer;
    private final NativeBuffer memory = new NativeBuffer(AHEAD_BYTES);
    private final ByteBuffer ahead = memory.dataBytes(0, AHEAD_BYTES).slice().limit(0);
    /** Whether large payloads are expected, of which nothing should be read ahead: it would have to be moved. */
    private boolean payloads;

    /** @param timer runs while the rest of a request is awaited */
    RequestReader(ByteChannel channel, ReplyStyle style, StallTimer timer) {
        this.channel = channel;
        this.style = style;
        this.timer = timer;
    }

    /** Whether the next request's header is here: {@link #next} will not wait. */
    boolean hasNext() {
        return ahead.remaining() >= style.requestBytes();
    }

    /** Whether so many bytes after the last header are here. */
    boolean holds(long bytes) {
        return ahead.remaining() >= bytes;
    }

    /** Waits for a request, as long as it takes. Null if the client has ended the connection. */
    @Nullable
    NbdRequest next() throws IOException {
        int need = style.requestBytes();
        if (ahead.remaining() < need && !fill(need)) {
            return null;
        }
        return NbdRequest.decode(ahead, style);
    }

    private boolean fill(int need) throws IOException {
        ahead.compact();
        ahead.limit(payloads ? need : AHEAD_BYTES);
        boolean open = true;
        boolean begun = false;
        try {
            while (open && ahead.position() < need) {
                // Between requests a client may think for ever; in the middle of one it may not.
                if (ahead.position() > 0 && !begun) {
                    timer.start();
                    begun = true;
                }
                open = channel.read(ahead) >= 0;
            }
        } finally {
            timer.stop();
            ahead.flip();
        }
        if (!open && ahead.hasRemaining()) {
            throw new EOFException("the client has gone in the middle of a request");
        }
        return open;
    }

    /** Takes a payload, or a piece of it. */
    void payload(ByteBuffer target) throws IOException {
        int here = Math.min(ahead.remaining(), target.remaining());
        target.put(target.position(), ahead, ahead.position(), here);
        target.position(target.position() + here);
        ahead.position(ahead.position() + here);
        payloads = target.remaining() > LARGE_BYTES;
        if (!target.hasRemaining()) {
            return;
        }
        timer.start();
        try {
            while (target.hasRemaining()) {
                if (channel.read(target) < 0) {
                    throw new EOFException("the client has gone in the middle of a request");
                }
            }
        } finally {
            timer.stop();
        }
    }

    /** Passes over a payload, using {@code scratch}. */
    void skip(long bytes, ByteBuffer scratch) throws IOException {
        int start = scratch.position();
        int room = scratch.remaining();
        for (long left = bytes; left > 0; ) {
            int piece = (int) Math.min(left, room);
            payload(scratch.limit(start + piece).position(start));
            left -= piece;
        }
    }

    @Override
    public void close() {
        memory.close();
    }
}
