package io.rawcow.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.OptionalLong;
import java.util.zip.CRC32C;

/**
 * One of the two slots of an extension area: magic {@code RCX1} at 0, sequence at 4, length of the JSON at 12, the JSON
 * at 16, behind it the CRC32C of everything before. Two slots make an update atomic: it overwrites the older one.
 *
 * @param sequence the higher one counts; at least 1
 */
record ExtensionSlot(long sequence, Extension extension) {
    static final int BYTES = 4096;
    static final int MAGIC = 0x52435831;

    private static final int SEQUENCE_AT = 4;
    private static final int LENGTH_AT = 12;
    private static final int JSON_AT = 16;
    private static final int CRC_BYTES = 4;

    /** @throws IllegalArgumentException if the JSON does not fit */
    byte[] encode() {
        byte[] json = ExtensionJson.encode(extension);
        if (json.length > BYTES - JSON_AT - CRC_BYTES) {
            throw new IllegalArgumentException("the extension does not fit its slot: bytes=" + json.length);
        }
        ByteBuffer slot = ByteBuffer.allocate(BYTES).order(ByteOrder.BIG_ENDIAN);
        slot.putInt(MAGIC).putLong(sequence).putInt(json.length).put(json);
        slot.putInt(crc(slot.array(), JSON_AT + json.length));
        return slot.array();
    }

    /** The sequence of an intact slot; empty if it was never written, is torn, or damaged. */
    static OptionalLong sequenceOf(byte[] bytes) {
        if (bytes.length < BYTES) {
            return OptionalLong.empty();
        }
        ByteBuffer slot = ByteBuffer.wrap(bytes).order(ByteOrder.BIG_ENDIAN);
        int length = slot.getInt(LENGTH_AT);
        boolean intact = slot.getInt(0) == MAGIC
                && length >= 0
                && length <= BYTES - JSON_AT - CRC_BYTES
                && slot.getInt(JSON_AT + length) == crc(bytes, JSON_AT + length);
        return intact ? OptionalLong.of(slot.getLong(SEQUENCE_AT)) : OptionalLong.empty();
    }

    /**
     * Reads a slot that is intact.
     *
     * @throws IllegalArgumentException if it says something that cannot be
     */
    static ExtensionSlot decode(byte[] bytes) {
        ByteBuffer slot = ByteBuffer.wrap(bytes).order(ByteOrder.BIG_ENDIAN);
        byte[] json = new byte[slot.getInt(LENGTH_AT)];
        slot.get(JSON_AT, json);
        return new ExtensionSlot(slot.getLong(SEQUENCE_AT), ExtensionJson.decode(json));
    }

    private static int crc(byte[] bytes, int length) {
        var crc = new CRC32C();
        crc.update(bytes, 0, length);
        return (int) crc.getValue();
    }
}
