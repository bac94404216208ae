package io.rawcow.nbd.suite;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** A reply to an option. */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
record OptionReply(int type, byte[] data) {
    boolean isError() {
        return type < 0;
    }

    boolean isFinal() {
        return type == Proto.Rep.ACK || isError();
    }

    ByteBuffer buffer() {
        return ByteBuffer.wrap(data);
    }

    /** What stands behind the first bytes. */
    String textFrom(int start) {
        return new String(data, start, data.length - start, StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        return "reply 0x%08x of %d bytes%s".formatted(type, data.length, isError() ? ": " + textFrom(0) : "");
    }
}
