package io.rawcow.nbd.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import io.rawcow.nbd.NbdCommand;
import io.rawcow.nbd.NbdError;
import io.rawcow.nbd.NbdRequest;
import io.rawcow.nbd.ReplyStyle;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A device that hangs holds up what needs it, and nothing else. */
@Timeout(60)
class StuckRequestsTest {
    private static final long STUCK_AT = 4096;

    private final CountDownLatch stuck = new CountDownLatch(1);
    private final CountDownLatch release = new CountDownLatch(1);
    private TestServer server;

    @BeforeEach
    void start() throws Exception {
        server = new TestServer();
        server.device.hook((call, offset, length) -> {
            if (offset == STUCK_AT) {
                stuck.countDown();
                try {
                    release.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }
        });
    }

    @AfterEach
    void stop() {
        release.countDown();
        server.close();
    }

    private static ByteBuffer reads(long... offsets) {
        var batch = ByteBuffer.allocate(offsets.length * ReplyStyle.SIMPLE.requestBytes());
        for (long offset : offsets) {
            new NbdRequest(0, NbdCommand.READ.number(), offset, offset, 512).encode(batch, ReplyStyle.SIMPLE);
        }
        return batch.flip();
    }

    private static Set<Long> answers(TestClient client, int count) throws Exception {
        Set<Long> cookies = new HashSet<>();
        for (int i = 0; i < count; i++) {
            cookies.add(client.next().cookie());
            client.read(512);
        }
        return cookies;
    }

    @Test
    void requestsBeforeAndAfterAStuckOneAreAnswered() throws Exception {
        try (TestClient client = server.open(ReplyStyle.SIMPLE)) {
            client.send(reads(0, 512, STUCK_AT, 1024, 1536));

            assertThat(answers(client, 4)).containsExactlyInAnyOrder(0L, 512L, 1024L, 1536L);
            release.countDown();
            assertThat(answers(client, 1)).containsExactly(STUCK_AT);
        }
    }

    @Test
    void stuckRequestsTakeAllWorkersButOneAndTheLastStillServes() throws Exception {
        int most = NbdSettings.DEFAULT.workersPerConnection();
        long[] offsets = new long[most];
        java.util.Arrays.fill(offsets, STUCK_AT);
        offsets[most - 1] = 0;

        try (TestClient client = server.open(ReplyStyle.SIMPLE)) {
            client.send(reads(offsets));

            assertThat(answers(client, 1)).containsExactly(0L);
        }
    }

    @Test
    void aStuckRequestOfOneClientIsNothingToAnother() throws Exception {
        try (TestClient unlucky = server.open(ReplyStyle.SIMPLE);
                TestClient other = server.open(ReplyStyle.SIMPLE)) {
            unlucky.send(reads(STUCK_AT));
            stuck.await();

            other.send(reads(0));

            assertThat(answers(other, 1)).containsExactly(0L);
        }
    }

    @Test
    void droppingTellsWhetherTheDeviceIsLeftAlone() throws Exception {
        try (TestClient client = server.open(ReplyStyle.SIMPLE)) {
            client.send(reads(STUCK_AT));
            stuck.await();

            assertThat(server.offered.drop(Duration.ofMillis(50))).isFalse();
            assertThat(client.readToEnd()).isZero();
            assertThat(server.offered.clients()).hasSize(1);

            release.countDown();
            assertThat(server.offered.drop(Duration.ofSeconds(30))).isTrue();
            assertThat(server.offered.clients()).isEmpty();
        }
    }

    @Test
    void closingAnswersWhatIsInFlightAndNothingElse() throws Exception {
        try (TestClient idle = server.open(ReplyStyle.SIMPLE);
                TestClient client = server.open(ReplyStyle.SIMPLE)) {
            client.send(reads(STUCK_AT));
            stuck.await();
            Thread closing = Thread.startVirtualThread(server::close);

            assertThat(idle.readToEnd()).isZero();
            release.countDown();

            assertThat(answers(client, 1)).containsExactly(STUCK_AT);
            assertThat(client.readToEnd()).isZero();
            closing.join();
        }
    }

    @Test
    void nothingFollowsHalfAnAnswer() throws Exception {
        var waiting = new CountDownLatch(1);
        server.device.hook((call, offset, length) -> {
            if (offset == 1 << 20) {
                try {
                    waiting.await();
                    Thread.sleep(100);
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                throw new BlockException(FaultKind.IO_ERROR, "as told");
            }
            if (offset == 512) {
                waiting.countDown();
            }
        });
        try (TestClient client = server.open(ReplyStyle.SIMPLE)) {
            client.request(NbdCommand.READ, 0, 1, 0, (1 << 20) + 4096);
            assertThat(client.next().error()).isZero();
            client.read(1 << 20);

            client.send(reads(512));

            assertThat(client.readToEnd()).isZero();
        }
    }

    @Test
    void aBugInTheMiddleOfALongWriteIsAnErrorAndTheConnectionGoesOn() throws Exception {
        server.device.hook((call, offset, length) -> {
            if (call.equals("write")) {
                throw new IllegalStateException("broken invariant");
            }
        });
        try (TestClient client = server.open(ReplyStyle.SIMPLE)) {
            client.write(1, 0, new byte[3 << 20]);
            assertThat(client.next().error()).isEqualTo(NbdError.EIO.number());

            client.send(reads(0));
            assertThat(answers(client, 1)).containsExactly(0L);
        }
    }

    @Test
    void aClientThatLeavesIsWaitedFor() throws Exception {
        try (TestClient client = server.open(ReplyStyle.SIMPLE)) {
            client.send(reads(STUCK_AT));
            stuck.await();
            client.request(NbdCommand.DISC, 0, 1, 0, 0);

            assertThat(server.offered.withdrawIfUnused()).isFalse();
            release.countDown();

            assertThat(answers(client, 1)).containsExactly(STUCK_AT);
            assertThat(client.readToEnd()).isZero();
        }
        await().until(server.offered::withdrawIfUnused);
    }
}
