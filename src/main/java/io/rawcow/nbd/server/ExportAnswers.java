package io.rawcow.nbd.server;

import io.rawcow.nbd.NbdInfo;
import io.rawcow.nbd.NbdLimits;
import io.rawcow.nbd.ReplyStyle;
import io.rawcow.nbd.TransmissionFlags;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** What clients are told of an export during the handshake: the data of option replies. */
final class ExportAnswers {
    /** A guest's page, and what one bit of an image covers by default. */
    private static final int PREFERRED_BLOCK_BYTES = 4096;

    private ExportAnswers() {}

    /** @param selected whether the client has selected contexts of this export */
    static int flags(Export export, ReplyStyle style, boolean selected) {
        int flags = TransmissionFlags.HAS_FLAGS
                | TransmissionFlags.SEND_FLUSH
                | TransmissionFlags.SEND_FUA
                | TransmissionFlags.SEND_TRIM
                | TransmissionFlags.SEND_WRITE_ZEROES
                | TransmissionFlags.SEND_FAST_ZERO
                | TransmissionFlags.SEND_CACHE
                // A flush of the device covers what any connection wrote.
                | TransmissionFlags.CAN_MULTI_CONN;
        if (export.readOnly()) {
            flags |= TransmissionFlags.READ_ONLY;
        }
        if (style.hasChunks()) {
            flags |= TransmissionFlags.SEND_DF;
        }
        if (style == ReplyStyle.EXTENDED && selected) {
            flags |= TransmissionFlags.BLOCK_STATUS_PAYLOAD;
        }
        return flags;
    }

    static ByteBuffer listed(Export export) {
        byte[] name = utf8(export.name());
        byte[] description = utf8(export.description());
        return ByteBuffer.allocate(Integer.BYTES + name.length + description.length)
                .putInt(name.length)
                .put(name)
                .put(description)
                .flip();
    }

    static ByteBuffer export(OfferedDevice device, int flags) {
        return ByteBuffer.allocate(12)
                .putShort((short) NbdInfo.EXPORT)
                .putLong(device.sizeBytes())
                .putShort((short) flags)
                .flip();
    }

    static ByteBuffer name(Export export) {
        return text(NbdInfo.NAME, export.name());
    }

    static ByteBuffer description(Export export) {
        return text(NbdInfo.DESCRIPTION, export.description());
    }

    private static ByteBuffer text(int info, String text) {
        byte[] bytes = utf8(text);
        return ByteBuffer.allocate(Short.BYTES + bytes.length)
                .putShort((short) info)
                .put(bytes)
                .flip();
    }

    static ByteBuffer blockSizes() {
        return ByteBuffer.allocate(14)
                .putShort((short) NbdInfo.BLOCK_SIZE)
                .putInt(1)
                .putInt(PREFERRED_BLOCK_BYTES)
                .putInt(NbdLimits.MAX_PAYLOAD_BYTES)
                .flip();
    }

    static ByteBuffer context(int id, StatusContext context) {
        byte[] name = utf8(context.name());
        return ByteBuffer.allocate(Integer.BYTES + name.length)
                .putInt(id)
                .put(name)
                .flip();
    }

    /** The answer to {@code NBD_OPT_EXPORT_NAME}, which has no header. */
    static ByteBuffer legacy(OfferedDevice device, int flags, int zeroes) {
        var answer = ByteBuffer.allocate(Long.BYTES + Short.BYTES + zeroes);
        answer.putLong(device.sizeBytes()).putShort((short) flags);
        return answer.position(answer.capacity()).flip();
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
