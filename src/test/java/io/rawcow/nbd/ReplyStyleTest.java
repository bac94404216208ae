package io.rawcow.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class ReplyStyleTest {
    private static final NbdRequest REQUEST = new NbdRequest(0, 0, 0x0102030405060708L, 0x1000, 0x200);

    private final ByteBuffer made = ByteBuffer.allocate(64);

    private String hex() {
        made.flip();
        byte[] bytes = new byte[made.remaining()];
        made.get(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    @Test
    void simpleReply() {
        ReplyStyle.putSimple(made, REQUEST, NbdError.EINVAL.number());

        assertThat(hex()).isEqualTo("67446698" + "00000016" + "0102030405060708");
    }

    @Test
    void structuredChunk() {
        ReplyStyle.STRUCTURED.putChunk(made, REQUEST, ChunkType.OFFSET_DATA, true, 0x208);

        assertThat(hex()).isEqualTo("668e33ef" + "0001" + "0001" + "0102030405060708" + "00000208");
    }

    @Test
    void extendedChunkTellsTheRequestsOffset() {
        ReplyStyle.EXTENDED.putChunk(made, REQUEST, ChunkType.ERROR, false, 6);

        assertThat(hex())
                .isEqualTo("6e8a278c" + "0000" + "8001" + "0102030405060708" + "0000000000001000" + "0000000000000006");
    }

    @Test
    void headersAreAsLongAsTheyAreSaidToBe() {
        for (ReplyStyle style : new ReplyStyle[] {ReplyStyle.STRUCTURED, ReplyStyle.EXTENDED}) {
            made.clear();
            style.putChunk(made, REQUEST, ChunkType.NONE, true, 0);

            assertThat(made.position()).isEqualTo(style.replyBytes());
            assertThat(style.dataHeaderBytes()).isLessThanOrEqualTo(ReplyStyle.MAX_DATA_HEADER_BYTES);
        }
    }
}
