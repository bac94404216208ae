package io.rawcow.nbd.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.block.FaultKind;
import io.rawcow.nbd.ChunkType;
import io.rawcow.nbd.CommandFlags;
import io.rawcow.nbd.NbdCommand;
import io.rawcow.nbd.NbdError;
import io.rawcow.nbd.NbdRequest;
import io.rawcow.nbd.ReplyStyle;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What every command comes to, in every style. */
@Timeout(60)
class TransmissionTest {
    private static final int PIECES = 5 << 20;

    private TestServer server;

    @BeforeEach
    void start() throws Exception {
        server = new TestServer();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    private static NbdRequest read(long offset, long length) {
        return new NbdRequest(0, NbdCommand.READ.number(), 7, offset, length);
    }

    @ParameterizedTest
    @EnumSource(ReplyStyle.class)
    void whatWasWrittenIsRead(ReplyStyle style) throws Exception {
        try (TestClient client = server.open(style)) {
            for (int length : new int[] {1, 511, 4096, 16_384, 32_768, 65_536, 100_000, 1 << 20, PIECES}) {
                byte[] data = random(length);

                client.write(length, 12_345, data);

                TestClient.Chunk written = client.next();
                assertThat(written.error()).isZero();
                assertThat(written.cookie()).isEqualTo(length);
                assertThat(client.readAll(read(12_345, length))).isEqualTo(data);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(ReplyStyle.class)
    void withoutMemoryForLargeRequestsTheyAreDoneInPieces(ReplyStyle style) throws Exception {
        try (TestServer poor = new TestServer(TestServer.with(0, Duration.ofSeconds(30)));
                TestClient client = poor.open(style)) {
            byte[] data = random(PIECES);

            client.write(1, 777, data);

            assertThat(client.next().error()).isZero();
            assertThat(client.readAll(read(777, PIECES))).isEqualTo(data);
        }
    }

    @Test
    void manyRequestsAtOnceAreAllAnswered() throws Exception {
        byte[] content = random(TestServer.SIZE);
        System.arraycopy(content, 0, server.device.bytes(), 0, content.length);
        var batch = ByteBuffer.allocate(100 * ReplyStyle.STRUCTURED.requestBytes());
        for (int i = 0; i < 100; i++) {
            new NbdRequest(0, 0, i, i * 1000L, 1000).encode(batch, ReplyStyle.STRUCTURED);
        }

        try (TestClient client = server.open(ReplyStyle.STRUCTURED)) {
            client.send(batch.flip());

            List<Long> cookies = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                TestClient.Chunk chunk = client.next();
                int at = (int) chunk.number(0);
                assertThat(Arrays.copyOfRange(chunk.data(), 8, 1008))
                        .isEqualTo(Arrays.copyOfRange(content, at, at + 1000));
                cookies.add(chunk.cookie());
            }
            assertThat(cookies).doesNotHaveDuplicates();
            assertThat(server.offered.clients().getFirst().bytesRead()).isEqualTo(100_000);
        }
    }

    @Test
    void holesAreToldOfInLongReads() throws Exception {
        Arrays.fill(server.device.bytes(), 65_536, 131_072, (byte) 1);

        try (TestClient client = server.open(ReplyStyle.STRUCTURED)) {
            client.request(NbdCommand.READ, 0, 1, 0, 196_608);

            TestClient.Chunk before = client.next();
            TestClient.Chunk data = client.next();
            TestClient.Chunk after = client.next();
            assertThat(before.is(ChunkType.OFFSET_HOLE) && after.is(ChunkType.OFFSET_HOLE))
                    .isTrue();
            assertThat(ByteBuffer.wrap(before.data()).getInt(8)).isEqualTo(65_536);
            assertThat(data.number(0)).isEqualTo(65_536);
            assertThat(data.data()).hasSize(65_544);
            assertThat(after.done() && !before.done() && !data.done()).isTrue();
        }
    }

    @Test
    void readsThatMustNotBeFragmentedAreOneChunkOrRefused() throws Exception {
        try (TestServer poor = new TestServer(TestServer.with(0, Duration.ofSeconds(30)));
                TestClient client = poor.open(ReplyStyle.STRUCTURED)) {
            client.request(NbdCommand.READ, CommandFlags.DF, 1, 0, 65_536);
            TestClient.Chunk whole = client.next();
            assertThat(whole.is(ChunkType.OFFSET_DATA) && whole.done()).isTrue();

            client.request(NbdCommand.READ, CommandFlags.DF, 2, 0, 65_537);
            assertThat(client.next().error()).isEqualTo(NbdError.EOVERFLOW.number());
        }
    }

    @Test
    void zeroesTrimsAndHintsReachTheDevice() throws Exception {
        try (TestClient client = server.open(ReplyStyle.SIMPLE)) {
            client.request(NbdCommand.WRITE_ZEROES, 0, 1, 0, 4096);
            client.next();
            client.request(NbdCommand.WRITE_ZEROES, CommandFlags.NO_HOLE | CommandFlags.FAST_ZERO, 2, 4096, 10);
            client.next();
            client.request(NbdCommand.TRIM, CommandFlags.FUA, 3, 8192, 512);
            client.next();
            client.request(NbdCommand.CACHE, 0, 4, 0, 1 << 20);
            client.next();
            client.request(NbdCommand.FLUSH, 0, 5, 0, 0);
            client.next();

            assertThat(server.device.calls())
                    .containsExactly(
                            "zero 0 4096 PUNCH",
                            "zeroFast 4096 10 KEEP_ALLOCATED",
                            "trim 8192 512",
                            "flush",
                            "prefetch 0 1048576",
                            "flush");
        }
    }

    @Test
    void aWriteWithFuaIsFlushedBeforeItIsAnswered() throws Exception {
        try (TestClient client = server.open(ReplyStyle.SIMPLE)) {
            client.request(NbdCommand.WRITE, CommandFlags.FUA, 1, 0, 4);
            client.send(ByteBuffer.wrap(new byte[4]));
            client.next();

            assertThat(server.device.calls()).containsExactly("flush");
        }
    }

    @Test
    void requestsWithoutLengthAreAnswered() throws Exception {
        try (TestClient client = server.open(ReplyStyle.STRUCTURED)) {
            client.request(NbdCommand.READ, 0, 1, 0, 0);
            assertThat(client.next().is(ChunkType.NONE)).isTrue();
            client.write(2, 0, new byte[0]);
            client.request(NbdCommand.TRIM, 0, 3, TestServer.SIZE, 0);
            assertThat(client.next().error() + client.next().error()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(ReplyStyle.class)
    void faultsOfTheDeviceAreToldWithoutItsSecrets(ReplyStyle style) throws Exception {
        try (TestClient client = server.open(style)) {
            for (int length : new int[] {512, 300_000}) {
                server.device.failWith(FaultKind.IO_ERROR);
                client.request(NbdCommand.READ, 0, 1, 4096, length);
                TestClient.Chunk failed = client.next();
                assertThat(failed.error()).isEqualTo(NbdError.EIO.number());
                assertThat(new String(failed.data(), StandardCharsets.ISO_8859_1))
                        .doesNotContain("secret");

                server.device.failWith(FaultKind.NO_SPACE);
                client.write(2, 0, new byte[length]);
                assertThat(client.next().error()).isEqualTo(NbdError.ENOSPC.number());
            }
        }
    }

    @Test
    void onlyFastZeroesAreNotSupported() throws Exception {
        server.device.failWith(FaultKind.NOT_SUPPORTED);

        try (TestClient client = server.open(ReplyStyle.SIMPLE)) {
            client.request(NbdCommand.WRITE_ZEROES, CommandFlags.FAST_ZERO, 1, 0, 4096);
            assertThat(client.next().error()).isEqualTo(NbdError.ENOTSUP.number());
            client.request(NbdCommand.WRITE_ZEROES, 0, 2, 0, 4096);
            assertThat(client.next().error()).isEqualTo(NbdError.EIO.number());
        }
    }

    @Test
    void aBugInTheDeviceIsAnError() throws Exception {
        server.device.hook((call, offset, length) -> {
            throw new IllegalStateException("broken invariant");
        });

        try (TestClient client = server.open(ReplyStyle.SIMPLE)) {
            client.request(NbdCommand.READ, 0, 1, 0, 512);
            assertThat(client.next().error()).isEqualTo(NbdError.EIO.number());
            client.request(NbdCommand.FLUSH, 0, 2, 0, 0);
            assertThat(client.next().error()).isEqualTo(NbdError.EIO.number());
        }
    }

    @Test
    void blockStatusMergesNeighboursAndHonoursOne() throws Exception {
        Arrays.fill(server.device.bytes(), 65_536, 131_072, (byte) 1);

        try (TestClient client = server.open(ReplyStyle.STRUCTURED)) {
            client.request(NbdCommand.BLOCK_STATUS, 0, 1, 0, 262_144);
            ByteBuffer all = ByteBuffer.wrap(client.next().data());
            assertThat(all.remaining()).isEqualTo(4 + 3 * 8);
            assertThat(new int[] {all.getInt(4), all.getInt(8), all.getInt(12), all.getInt(16)})
                    .containsExactly(65_536, 3, 65_536, 0);

            client.request(NbdCommand.BLOCK_STATUS, CommandFlags.REQ_ONE, 2, 1000, 30_000);
            ByteBuffer one = ByteBuffer.wrap(client.next().data());
            assertThat(one.remaining()).isEqualTo(4 + 8);
            assertThat(one.getInt(4)).isEqualTo(30_000);
        }
    }

    @Test
    void blockStatusWithExtendedHeadersHasLongLengthsAndAFilter() throws Exception {
        try (TestClient client = server.open(ReplyStyle.EXTENDED)) {
            client.request(NbdCommand.BLOCK_STATUS, 0, 1, 0, TestServer.SIZE);
            TestClient.Chunk chunk = client.next();
            ByteBuffer status = ByteBuffer.wrap(chunk.data());
            assertThat(chunk.is(ChunkType.BLOCK_STATUS_EXT)).isTrue();
            assertThat(status.getInt(4)).isEqualTo(1);
            assertThat(status.getLong(8)).isEqualTo(TestServer.SIZE);
            assertThat(status.getLong(16)).isEqualTo(3);

            client.request(NbdCommand.BLOCK_STATUS, CommandFlags.PAYLOAD_LEN, 2, 0, 12);
            client.send(ByteBuffer.allocate(12).putLong(4096).putInt(0).flip());
            assertThat(ByteBuffer.wrap(client.next().data()).getLong(8)).isEqualTo(4096);

            client.request(NbdCommand.BLOCK_STATUS, CommandFlags.PAYLOAD_LEN, 3, 0, 16);
            client.send(
                    ByteBuffer.allocate(16).putLong(4096).putInt(0).putInt(0).flip());
            assertThat(client.next().error()).isEqualTo(NbdError.EINVAL.number());
        }
    }
}
