package io.rawcow.nbd.suite;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Puts bytes together, big-endian. */
final class Wire {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Wire u16(int value) {
        return raw(ByteBuffer.allocate(2).putShort((short) value).array());
    }

    Wire u32(long value) {
        return raw(ByteBuffer.allocate(4).putInt((int) value).array());
    }

    Wire u64(long value) {
        return raw(ByteBuffer.allocate(8).putLong(value).array());
    }

    Wire raw(byte... bytes) {
        out.writeBytes(bytes);
        return this;
    }

    Wire text(String text) {
        return raw(utf8(text));
    }

    /** A string behind its 32-bit length. */
    Wire string(String text) {
        return u32(utf8(text).length).text(text);
    }

    byte[] bytes() {
        return out.toByteArray();
    }

    String toText() {
        return out.toString(StandardCharsets.UTF_8);
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** An option with its header. */
    static byte[] option(int option, byte... data) {
        return new Wire()
                .u64(Proto.IHAVEOPT)
                .u32(option)
                .u32(data.length)
                .raw(data)
                .bytes();
    }

    /** The data of INFO and GO. */
    static byte[] infoData(String name, int... requests) {
        var data = new Wire().string(name).u16(requests.length);
        for (int request : requests) {
            data.u16(request);
        }
        return data.bytes();
    }

    /** The data of LIST_META_CONTEXT and SET_META_CONTEXT. */
    static byte[] metaData(String name, String... queries) {
        var data = new Wire().string(name).u32(queries.length);
        for (String query : queries) {
            data.string(query);
        }
        return data.bytes();
    }
}
