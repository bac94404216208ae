package io.rawcow.nbd.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rawcow.nbd.NbdError;
import io.rawcow.nbd.NbdProtocolException;
import io.rawcow.nbd.NbdRequest;
import io.rawcow.nbd.ReplyStyle;
import java.nio.channels.SocketChannel;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RequestRulesTest {
    private static final int SIZE = 1 << 20;

    private static RequestRules rules(ReplyStyle style, boolean readOnly, boolean contexts) throws Exception {
        var device = new MemoryDevice(SIZE);
        List<StatusContext> known = contexts ? List.of(new AllocationContext(device)) : List.of();
        var offered = new OfferedDevice(new Export("disk", "", device, readOnly, 1, known), new Exports());
        try (SocketChannel unused = SocketChannel.open()) {
            return new RequestRules(new Negotiated(unused, offered, style, known));
        }
    }

    private static NbdError errorOf(RequestRules rules, NbdRequest request) {
        Fault fault = rules.faultOf(request);
        return fault == null ? null : fault.error();
    }

    @ParameterizedTest
    @CsvSource({
        // command, flags, offset, length, error
        "0, 0, 0, 1048576,", // to the very end
        "0, 1, 0, 512,", // FUA where nothing is written
        "0, 0, 0, 1048577, EINVAL",
        "0, 0, -1, 512, EINVAL",
        "0, 0, 9223372036854775807, 512, EINVAL",
        "0, 0, 0, 33554433, EINVAL",
        "0, 4, 0, 512,", // DF
        "0, 8, 0, 512, EINVAL",
        "1, 0, 1048576, 1, ENOSPC",
        "1, 0, 0, 33554433, EINVAL",
        "1, 2, 0, 512, EINVAL",
        "1, 32, 0, 512, EINVAL", // a payload flag without extended headers
        "3, 0, 0, 0,",
        "3, 0, 0, 1, EINVAL",
        "3, 0, 512, 0, EINVAL",
        "4, 0, 1048575, 2, EINVAL",
        "5, 0, 1048575, 2, EINVAL",
        "5, 16, 0, 512, EINVAL",
        "6, 18, 0, 512,", // NO_HOLE and FAST_ZERO
        "6, 0, 1048575, 2, ENOSPC",
        "7, 8, 0, 512,",
        "7, 0, 0, 0, EINVAL",
        "7, 0, 1048575, 2, EINVAL",
        "8, 0, 0, 0, EINVAL",
        "65535, 0, 0, 0, EINVAL",
    })
    void requestsAreRefusedAsTheProtocolHasIt(int type, int flags, long offset, long length, NbdError error)
            throws Exception {
        RequestRules rules = rules(ReplyStyle.STRUCTURED, false, true);

        assertThat(errorOf(rules, new NbdRequest(flags, type, 1, offset, length)))
                .isEqualTo(error);
    }

    @ParameterizedTest
    @CsvSource({"1", "4", "6"})
    void nothingIsWrittenToAReadOnlyExport(int type) throws Exception {
        RequestRules rules = rules(ReplyStyle.SIMPLE, true, false);

        assertThat(errorOf(rules, new NbdRequest(0, type, 1, 2 * SIZE, 512))).isEqualTo(NbdError.EPERM);
    }

    @Test
    void whatWasNotAgreedOnIsInvalid() throws Exception {
        RequestRules rules = rules(ReplyStyle.SIMPLE, false, false);

        assertThat(errorOf(rules, new NbdRequest(4, 0, 1, 0, 512))).isEqualTo(NbdError.EINVAL);
        assertThat(errorOf(rules, new NbdRequest(0, 7, 1, 0, 512))).isEqualTo(NbdError.EINVAL);
    }

    @Test
    void longRequestsWithoutPayloadNeedExtendedHeadersAndNoMore() throws Exception {
        RequestRules rules = rules(ReplyStyle.EXTENDED, false, true);

        assertThat(errorOf(rules, new NbdRequest(0, 6, 1, 0, -1))).isEqualTo(NbdError.ENOSPC);
        assertThat(errorOf(rules, new NbdRequest(0, 7, 1, 0, SIZE))).isNull();
        assertThat(errorOf(rules, new NbdRequest(32, 4, 1, 0, 512))).isEqualTo(NbdError.EINVAL);
        assertThat(rules.payloadBytes(new NbdRequest(32, 4, 1, 0, 512))).isEqualTo(512);
    }

    @Test
    void guestDataIsNeverTakenForRequests() throws Exception {
        RequestRules rules = rules(ReplyStyle.EXTENDED, false, true);

        for (NbdRequest request : List.of(
                new NbdRequest(0, 1, 1, 0, 512),
                new NbdRequest(32, 1, 1, 0, (32 << 20) + 1),
                new NbdRequest(32, 7, 1, 0, Long.MIN_VALUE),
                new NbdRequest(32, 65_535, 1, 0, 1L << 62))) {
            assertThatThrownBy(() -> rules.payloadBytes(request)).isInstanceOf(NbdProtocolException.class);
        }
    }
}
