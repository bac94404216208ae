package io.rawcow.nbd.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.rawcow.nbd.suite.Proto.Chunk;
import io.rawcow.nbd.suite.Proto.Cmd;
import io.rawcow.nbd.suite.Proto.CmdFlag;
import io.rawcow.nbd.suite.Proto.Err;
import io.rawcow.nbd.suite.Reply.Content;
import io.rawcow.nbd.suite.Reply.Extent;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Puts a request's chunks together and checks each of them against the request and against those before. */
final class ReplyAssembly {
    private static final Set<Integer> ERRORS =
            Set.of(Err.EPERM, Err.EIO, Err.ENOMEM, Err.EINVAL, Err.ENOSPC, Err.EOVERFLOW, Err.ENOTSUP, Err.ESHUTDOWN);

    private final Request request;
    private final Mode mode;
    private final long exportSize;
    private final Set<Integer> contexts;
    private final long statusLength;

    private final List<Content> content = new ArrayList<>();
    private final Map<Integer, List<Extent>> status = new LinkedHashMap<>();
    private final List<Long> errorOffsets = new ArrayList<>();
    private byte[] data = new byte[0];
    private int error;
    private String message = "";

    ReplyAssembly(Request request, Mode mode, long exportSize, Set<Integer> contexts) {
        this.request = request;
        this.mode = mode;
        this.exportSize = exportSize;
        boolean filtered = request.command() == Cmd.BLOCK_STATUS && request.has(CmdFlag.PAYLOAD_LEN);
        this.contexts = filtered ? filter(request.payload()) : contexts;
        this.statusLength = filtered && request.payload().length >= Long.BYTES
                ? ByteBuffer.wrap(request.payload()).getLong()
                : request.length();
    }

    /** The payload form of a block status: an effect length, then the contexts that are wanted. */
    private static Set<Integer> filter(byte[] payload) {
        var ids = new HashSet<Integer>();
        for (var rest = ByteBuffer.wrap(payload).position(Math.min(payload.length, Long.BYTES));
                rest.remaining() >= Integer.BYTES; ) {
            ids.add(rest.getInt());
        }
        return ids;
    }

    Request request() {
        return request;
    }

    /** A simple reply, its data included. */
    Reply simple(int value, byte[] read) {
        assertThat(mode).as("mode in which a simple reply comes").isNotEqualTo(Mode.EXTENDED);
        if (mode == Mode.STRUCTURED) {
            assertThat(request.command())
                    .as("command that a simple reply answers")
                    .isNotEqualTo(Cmd.READ);
            assertThat(value != 0 || request.command() != Cmd.BLOCK_STATUS)
                    .as("block status succeeds with chunks only")
                    .isTrue();
        }
        if (value != 0) {
            fault(value);
        }
        data = read;
        return done();
    }

    /** Takes a chunk in. */
    void chunk(int type, ByteBuffer payload, boolean last) {
        switch (type) {
            case Chunk.NONE -> {
                assertThat(payload.remaining()).as("length of NONE").isZero();
                assertThat(last).as("NONE is the last chunk").isTrue();
            }
            case Chunk.OFFSET_DATA -> {
                assertThat(payload.remaining()).as("length of OFFSET_DATA").isGreaterThanOrEqualTo(9);
                long offset = payload.getLong();
                int length = payload.remaining();
                content(new Content(offset, length, false));
                payload.get(data, (int) (offset - request.offset()), length);
            }
            case Chunk.OFFSET_HOLE -> {
                assertThat(payload.remaining()).as("length of OFFSET_HOLE").isEqualTo(12);
                content(new Content(payload.getLong(), Integer.toUnsignedLong(payload.getInt()), true));
            }
            case Chunk.BLOCK_STATUS -> {
                assertThat(payload.remaining() % 8).as("length of BLOCK_STATUS").isEqualTo(4);
                int context = payload.getInt();
                status(context, descriptors(payload, false));
            }
            case Chunk.BLOCK_STATUS_EXT -> {
                assertThat(mode).as("mode of BLOCK_STATUS_EXT").isEqualTo(Mode.EXTENDED);
                assertThat(payload.remaining() % 16)
                        .as("length of BLOCK_STATUS_EXT")
                        .isEqualTo(8);
                int context = payload.getInt();
                int count = payload.getInt();
                assertThat(count).as("descriptor count").isIn(0, payload.remaining() / 16);
                status(context, descriptors(payload, true));
            }
            case Chunk.ERROR -> error(payload, false);
            case Chunk.ERROR_OFFSET -> error(payload, true);
            default -> fail("unknown chunk: type=0x%x request=%s", type, request);
        }
    }

    private void content(Content piece) {
        assertThat(request.command()).as("command with content chunks").isEqualTo(Cmd.READ);
        assertThat(piece.length()).as("length of a content chunk").isPositive();
        assertThat(piece.offset()).as("%s of %s", piece, request).isGreaterThanOrEqualTo(request.offset());
        assertThat(piece.offset() + piece.length())
                .as("end of %s in %s", piece, request)
                .isLessThanOrEqualTo(request.offset() + request.length());
        for (Content other : content) {
            boolean apart = piece.offset() >= other.offset() + other.length()
                    || other.offset() >= piece.offset() + piece.length();
            assertThat(apart).as("%s and %s overlap", other, piece).isTrue();
        }
        for (long at : errorOffsets) {
            assertThat(at < piece.offset() || at >= piece.offset() + piece.length())
                    .as("%s after an error within it", piece)
                    .isTrue();
        }
        if (data.length == 0) {
            data = new byte[Math.toIntExact(request.length())];
        }
        content.add(piece);
        assertThat(content.size() == 1 || !request.has(CmdFlag.DF))
                .as("DF allows one content chunk")
                .isTrue();
    }

    private List<Extent> descriptors(ByteBuffer payload, boolean wide) {
        var extents = new ArrayList<Extent>();
        long offset = request.offset();
        while (payload.hasRemaining()) {
            long length = wide ? payload.getLong() : Integer.toUnsignedLong(payload.getInt());
            if (wide) {
                assertThat(payload.getInt()).as("upper half of the flags").isZero();
            }
            assertThat(length).as("length of a descriptor").isPositive();
            extents.add(new Extent(offset, length, payload.getInt()));
            offset += length;
        }
        return extents;
    }

    private void status(int context, List<Extent> extents) {
        assertThat(request.command()).as("command with status chunks").isEqualTo(Cmd.BLOCK_STATUS);
        assertThat(contexts).as("contexts that were negotiated").contains(context);
        assertThat(status).as("one chunk a context").doesNotContainKey(context);
        assertThat(extents).isNotEmpty();
        assertThat(extents.getLast().end()).as("status beyond the end").isLessThanOrEqualTo(exportSize);
        if (request.has(CmdFlag.REQ_ONE)) {
            assertThat(extents).as("REQ_ONE").hasSize(1);
            assertThat(extents.getFirst().length()).as("REQ_ONE").isLessThanOrEqualTo(statusLength);
        } else {
            assertThat(extents.getLast().offset() - request.offset())
                    .as("where the last descriptor begins")
                    .isLessThan(Math.max(1, statusLength));
        }
        status.put(context, extents);
    }

    private void error(ByteBuffer payload, boolean withOffset) {
        int fixed = withOffset ? 14 : 6;
        assertThat(payload.remaining()).as("length of an error chunk").isGreaterThanOrEqualTo(fixed);
        int value = payload.getInt();
        int length = Short.toUnsignedInt(payload.getShort());
        assertThat(length).as("length of the message").isLessThanOrEqualTo(payload.remaining() - fixed + 6);
        byte[] text = new byte[length];
        payload.get(text);
        RawNbd.assertString(text);
        fault(value);
        message = new String(text, StandardCharsets.UTF_8);
        if (withOffset) {
            long offset = payload.getLong();
            assertThat(offset - request.offset())
                    .as("offset of an error in %s", request)
                    .isBetween(0L, request.length() - 1);
            errorOffsets.add(offset);
        }
    }

    private void fault(int value) {
        assertThat(ERRORS).as("error values of the protocol").contains(value);
        if (value == Err.ENOTSUP) {
            assertThat(request.has(CmdFlag.FAST_ZERO))
                    .as("ENOTSUP answers FAST_ZERO only")
                    .isTrue();
        }
        if (value == Err.EOVERFLOW) {
            boolean effect = request.payload().length == 0 && request.length() > Proto.MAX_PAYLOAD;
            assertThat(request.has(CmdFlag.DF) || effect)
                    .as("EOVERFLOW: %s", request)
                    .isTrue();
        }
        error = error == 0 ? value : error;
    }

    /** The last chunk has come. */
    Reply done() {
        if (error == 0 && request.command() == Cmd.READ && mode != Mode.SIMPLE) {
            long covered = content.stream().mapToLong(Content::length).sum();
            assertThat(covered)
                    .as("bytes that the chunks of %s tell of", request)
                    .isEqualTo(request.length());
        }
        if (error == 0 && request.command() == Cmd.BLOCK_STATUS) {
            assertThat(status.keySet()).as("a chunk for each context").isEqualTo(contexts);
        }
        byte[] read = error == 0 ? data : new byte[0];
        long where = errorOffsets.isEmpty() ? -1 : errorOffsets.getFirst();
        return new Reply(request, error, message, where, read, List.copyOf(content), Map.copyOf(status));
    }
}
