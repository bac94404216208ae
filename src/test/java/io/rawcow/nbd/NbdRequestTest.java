package io.rawcow.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class NbdRequestTest {
    private static final NbdRequest REQUEST =
            new NbdRequest(CommandFlags.FUA, NbdCommand.WRITE.number(), 0x0102030405060708L, 0x1000, 0x200);

    private static ByteBuffer bytes(String hex) {
        return ByteBuffer.wrap(HexFormat.of().parseHex(hex.replace(" ", "")));
    }

    @Test
    void looksAsTheProtocolHasIt() throws Exception {
        String wire = "25609513 0001 0001 0102030405060708 0000000000001000 00000200";
        ByteBuffer made = ByteBuffer.allocate(ReplyStyle.SIMPLE.requestBytes());

        REQUEST.encode(made, ReplyStyle.SIMPLE);

        assertThat(made.flip()).isEqualTo(bytes(wire));
        assertThat(NbdRequest.decode(bytes(wire), ReplyStyle.STRUCTURED)).isEqualTo(REQUEST);
    }

    @Test
    void hasAnotherMagicAndALongerLengthWithExtendedHeaders() throws Exception {
        String wire = "21e41c71 0001 0001 0102030405060708 0000000000001000 0000000000000200";
        ByteBuffer made = ByteBuffer.allocate(ReplyStyle.EXTENDED.requestBytes());

        REQUEST.encode(made, ReplyStyle.EXTENDED);

        assertThat(made.flip()).isEqualTo(bytes(wire));
        assertThat(NbdRequest.decode(bytes(wire), ReplyStyle.EXTENDED)).isEqualTo(REQUEST);
    }

    @Test
    void lengthsOfThirtyTwoBitsAreUnsigned() throws Exception {
        ByteBuffer wire = bytes("25609513 0000 0004 0000000000000000 0000000000000000 ffffffff");

        assertThat(NbdRequest.decode(wire, ReplyStyle.SIMPLE).length()).isEqualTo(0xFFFF_FFFFL);
    }

    @Test
    void theOtherStylesMagicIsRefused() {
        ByteBuffer wire = bytes("25609513 0001 0001 0102030405060708 0000000000001000 0000000000000200");

        assertThatThrownBy(() -> NbdRequest.decode(wire, ReplyStyle.EXTENDED))
                .isInstanceOf(NbdProtocolException.class)
                .hasMessageContaining("0x25609513");
    }
}
