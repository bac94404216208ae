package io.rawcow.nbd;

import java.nio.ByteBuffer;

/** How requests are answered, and how long their headers are: agreed on during the handshake. */
public enum ReplyStyle {
    SIMPLE(28, 16),
    STRUCTURED(28, 20),
    EXTENDED(32, 32);

    /** The flag of a reply's last chunk. */
    public static final int DONE = 1;

    /** The longest reply header, with the offset before data. */
    public static final int MAX_DATA_HEADER_BYTES = 40;

    private final int requestBytes;
    private final int replyBytes;

    ReplyStyle(int requestBytes, int replyBytes) {
        this.requestBytes = requestBytes;
        this.replyBytes = replyBytes;
    }

    /** The length of a request's header. */
    public int requestBytes() {
        return requestBytes;
    }

    /** The length of the header of a reply, or of a chunk. */
    public int replyBytes() {
        return replyBytes;
    }

    /** The bytes in front of read data. */
    public int dataHeaderBytes() {
        return this == SIMPLE ? replyBytes : replyBytes + Long.BYTES;
    }

    public boolean hasChunks() {
        return this != SIMPLE;
    }

    /** A whole reply that needs no payload, or the head of one with data. Not in the extended style. */
    public static void putSimple(ByteBuffer target, NbdRequest request, int error) {
        target.putInt(NbdMagic.SIMPLE_REPLY).putInt(error).putLong(request.cookie());
    }

    /**
     * The header of a chunk.
     *
     * @param done whether it is the reply's last
     * @param length of what follows in this chunk
     */
    public void putChunk(ByteBuffer target, NbdRequest request, ChunkType type, boolean done, int length) {
        target.putInt(this == EXTENDED ? NbdMagic.EXTENDED_REPLY : NbdMagic.STRUCTURED_REPLY);
        target.putShort((short) (done ? DONE : 0));
        target.putShort((short) type.number());
        target.putLong(request.cookie());
        if (this == EXTENDED) {
            target.putLong(request.offset());
            target.putLong(length);
        } else {
            target.putInt(length);
        }
    }
}
