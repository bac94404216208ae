package io.rawcow.nbd.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.rawcow.nbd.NbdCommand;
import io.rawcow.nbd.NbdError;
import io.rawcow.nbd.NbdLimits;
import io.rawcow.nbd.NbdMagic;
import io.rawcow.nbd.NbdOption;
import io.rawcow.nbd.NbdReply;
import io.rawcow.nbd.ReplyStyle;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a client may take of the server, and what becomes of one that takes more. */
@Timeout(60)
class LimitsTest {
    private static final Duration SHORT = Duration.ofMillis(200);
    private static final int SIZE = 64 << 20;

    private static TestServer impatient() throws IOException {
        return new TestServer(TestServer.with(NbdSettings.DEFAULT.bufferBytes(), SHORT), null, SIZE);
    }

    @Test
    void aHandshakeHasATimeEvenIfItNeverStops() throws Exception {
        try (TestServer server = impatient();
                TestClient silent = TestClient.silent(server.endpoint());
                TestClient talkative = TestClient.connect(server.endpoint())) {
            var option = ByteBuffer.allocate(NbdOption.HEADER_BYTES);
            talkative.send(option.putLong(NbdMagic.OPTION)
                    .putInt(NbdOption.LIST.number())
                    .putInt(1 << 20)
                    .flip());
            assertThatThrownBy(() -> {
                        while (true) {
                            talkative.send(ByteBuffer.allocate(1));
                            Thread.sleep(1);
                        }
                    })
                    .isInstanceOf(IOException.class);
            assertThat(silent.readToEnd()).isEqualTo(18);
            await().untilAsserted(() ->
                    assertThat(server.refusals).containsExactly("handshake_timeout", "handshake_timeout"));
        }
    }

    @Test
    void aClientMayBeIdleButNotInTheMiddleOfARequest() throws Exception {
        try (TestServer server = impatient();
                TestClient idle = server.open(ReplyStyle.SIMPLE);
                TestClient header = server.open(ReplyStyle.SIMPLE);
                TestClient payload = server.open(ReplyStyle.SIMPLE)) {
            header.send(ByteBuffer.allocate(1).put((byte) 0x25).flip());
            payload.request(NbdCommand.WRITE, 0, 1, 0, 100);
            payload.send(ByteBuffer.allocate(99));

            assertThat(header.readToEnd() + payload.readToEnd()).isZero();
            await().untilAsserted(() -> assertThat(server.refusals).containsExactly("stalled", "stalled"));
            idle.request(NbdCommand.FLUSH, 0, 1, 0, 0);
            assertThat(idle.next().error()).isZero();
        }
    }

    @Test
    void aClientThatDoesNotTakeItsAnswersIsCutOff() throws Exception {
        try (TestServer server = impatient();
                TestClient client = server.open(ReplyStyle.STRUCTURED)) {
            java.util.Arrays.fill(server.device.bytes(), (byte) 1);
            for (int i = 0; i < 8; i++) {
                client.request(NbdCommand.READ, 0, i, 0, NbdLimits.MAX_PAYLOAD_BYTES);
            }

            await().untilAsserted(() -> assertThat(server.refusals).containsExactly("stalled"));
            await().untilAsserted(() -> assertThat(server.offered.clients()).isEmpty());
        }
    }

    @Test
    void stalledClientsDoNotKeepLargeRequestsOfOthersFromBeingDone() throws Exception {
        try (TestServer server = new TestServer(TestServer.with(2 << 20, Duration.ofSeconds(30)), null, SIZE)) {
            List<TestClient> stalled = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                TestClient client = server.open(ReplyStyle.SIMPLE);
                client.request(NbdCommand.WRITE, 0, 1, 0, 1 << 20);
                client.send(ByteBuffer.allocate(1000));
                stalled.add(client);
            }
            try (TestClient other = server.open(ReplyStyle.SIMPLE)) {
                byte[] data = new byte[3 << 20];
                data[2 << 20] = 1;
                other.write(1, 0, data);
                assertThat(other.next().error()).isZero();
                assertThat(server.device.bytes()[2 << 20]).isEqualTo((byte) 1);
            }
            for (TestClient client : stalled) {
                client.close();
            }
        }
    }

    @Test
    void anExportTakesAsManyClientsAsItMayHave() throws Exception {
        try (TestServer server = new TestServer();
                TestClient a = server.open(ReplyStyle.SIMPLE);
                TestClient b = server.open(ReplyStyle.SIMPLE);
                TestClient c = server.open(ReplyStyle.SIMPLE);
                TestClient fourth = TestClient.connect(server.endpoint())) {
            ByteBuffer go = TestClient.name("disk").putShort((short) 0).flip();

            assertThat(fourth.option(NbdOption.GO.number(), go).getLast().type())
                    .isEqualTo(NbdReply.ERR_POLICY);
            assertThat(server.offered.clients()).hasSize(3);

            a.request(NbdCommand.DISC, 0, 0, 0, 0);
            b.request(NbdCommand.DISC, 0, 0, 0, 0);
            await().untilAsserted(() -> assertThat(server.offered.clients()).hasSize(1));
            assertThat(fourth.option(NbdOption.GO.number(), go.rewind())
                            .getLast()
                            .type())
                    .isEqualTo(NbdReply.ACK);
            c.request(NbdCommand.FLUSH, 0, 0, 0, 0);
            assertThat(c.next().error()).isZero();
        }
    }

    @Test
    void aServerTakesAsManyClientsAsItMayHave() throws Exception {
        NbdSettings usual = TestServer.settings();
        var one = new NbdSettings(
                usual.handshakeTimeout(),
                usual.handshakeOptions(),
                1,
                usual.workersPerConnection(),
                usual.bufferBytes(),
                usual.stallTimeout(),
                usual.closePatience(),
                usual.socketMode());
        try (TestServer server = new TestServer(one)) {
            try (TestClient first = TestClient.connect(server.endpoint());
                    TestClient second = TestClient.silent(server.endpoint())) {
                assertThat(second.readToEnd()).isZero();
                first.option(NbdOption.LIST.number(), ByteBuffer.allocate(0));
            }
            await().untilAsserted(() -> server.open(ReplyStyle.SIMPLE).close());
            assertThat(server.refusals).contains("connections");
        }
    }

    @Test
    void tooLongAPayloadIsRefusedAndTheConnectionGoesOn() throws Exception {
        try (TestServer server = new TestServer();
                TestClient client = server.open(ReplyStyle.STRUCTURED)) {
            client.write(1, 0, new byte[NbdLimits.MAX_PAYLOAD_BYTES + 1]);
            assertThat(client.next().error()).isEqualTo(NbdError.EINVAL.number());
            client.request(NbdCommand.FLUSH, 0, 2, 0, 0);
            assertThat(client.next().error()).isZero();

            client.request(NbdCommand.WRITE, 0, 3, 0, 0xFFFF_FFFFL);
            assertThat(client.readToEnd()).isZero();
        }
    }

    @Test
    void optionsAreCounted() throws Exception {
        try (TestServer server = new TestServer();
                TestClient client = TestClient.connect(server.endpoint())) {
            assertThatThrownBy(() -> {
                        for (int i = 0; i <= NbdSettings.DEFAULT.handshakeOptions(); i++) {
                            client.option(NbdOption.LIST.number(), ByteBuffer.allocate(0));
                        }
                    })
                    .isInstanceOf(IOException.class);
            await().untilAsserted(() -> assertThat(server.refusals).containsExactly("handshake_flood"));
        }
    }
}
