package io.rawcow.nbd.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.rawcow.nbd.suite.MemoryDevice.Kind;
import java.io.IOException;
import java.net.SocketException;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** A good client's bytes, cut off after each of them, and with each of them wrong: it harms that client only. */
class EveryByteIT {
    private Rig rig;

    @BeforeEach
    void start() throws IOException {
        rig = Rig.start();
    }

    @AfterEach
    void everybodyHasLeft() throws Exception {
        rig.assertServes();
        rig.assertDeserted();
        assertThat(rig.refusals().connectedNow()).isZero();
        rig.close();
    }

    private interface Spoiled {
        void send(byte[] prefix, byte[] script, int at) throws Exception;
    }

    /** The handshake alone, then each request behind a whole handshake. */
    private static Stream<DynamicTest> eachByte(Spoiled spoiled) {
        return Stream.of(Mode.values())
                .flatMap(mode -> Stream.concat(
                        Stream.of(dynamicTest(mode + ": handshake", () -> {
                            byte[] script = Script.handshake(mode);
                            for (int at = 0; at < script.length; at++) {
                                spoiled.send(new byte[0], script, at);
                            }
                        })),
                        Script.requests(mode).entrySet().stream()
                                .map(request -> dynamicTest(mode + ": " + request.getKey(), () -> {
                                    byte[] script = request.getValue();
                                    for (int at = 0; at < script.length; at++) {
                                        spoiled.send(Script.handshake(mode), script, at);
                                    }
                                }))));
    }

    @TestFactory
    Stream<DynamicTest> cutOff() {
        return eachByte((prefix, script, at) -> {
            byte[] part = new Wire().raw(prefix).raw(Arrays.copyOf(script, at)).bytes();
            try (var nbd = rig.connect()) {
                nbd.send(part);
                nbd.finishSending();
                nbd.drain();
            }
            try (var nbd = rig.connect()) {
                nbd.send(part);
                nbd.reset();
            }
            assertThat(rig.device().calls())
                    .as("half a request is none: cut after %d", part.length)
                    .noneMatch(call -> call.kind() == Kind.WRITE || call.kind() == Kind.TRIM);
            rig.assertDeserted();
            rig.assertServes();
            rig.device().forgetCalls();
        });
    }

    @TestFactory
    Stream<DynamicTest> wrong() {
        return eachByte((prefix, script, at) -> {
            for (int mask : new int[] {0x01, 0x80, 0xff}) {
                byte[] bad = script.clone();
                bad[at] ^= (byte) mask;
                try (var nbd = rig.connect()) {
                    send(nbd, new Wire().raw(prefix).raw(bad).bytes());
                    nbd.drain();
                }
            }
            rig.assertDeserted();
            rig.assertServes();
        });
    }

    /** The server may have hung up by then. */
    private static void send(RawNbd nbd, byte[] bytes) throws IOException {
        try {
            nbd.send(bytes);
            nbd.finishSending();
        } catch (SocketException e) {
            assertThat(e).hasMessageNotContaining("timed out");
        }
    }
}
