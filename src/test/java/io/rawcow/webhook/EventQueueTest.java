package io.rawcow.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rawcow.block.BlockException;
import io.rawcow.posix.Errno;
import io.rawcow.testing.Operation;
import io.rawcow.testing.SimulatedDisk;
import io.rawcow.testing.Survival;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EventQueueTest {
    private static final int ROOM = 5;
    private static final String FILE = "hook/queue";

    // Kept here, since the one who has it set its level would else be gone.
    private static final Logger LOG = Logger.getLogger(EventQueue.class.getName());

    private SimulatedDisk disk;

    /** Hundreds of damaged files, each with its line. */
    @BeforeAll
    static void quiet() {
        LOG.setLevel(Level.OFF);
    }

    @AfterAll
    static void loud() {
        LOG.setLevel(null);
    }

    @BeforeEach
    void makeADisk() throws Exception {
        disk = new SimulatedDisk();
        disk.placeFolder("hook");
    }

    private static EventQueue open(SimulatedDisk disk) throws Exception {
        return EventQueue.open("hook", disk.root().folder("hook"), ROOM);
    }

    private static void put(EventQueue queue, int... numbers) {
        for (int number : numbers) {
            queue.put("e" + number, sequence -> "{\"body\": " + sequence + "}");
        }
    }

    private static List<Message> drain(EventQueue queue) {
        List<Message> delivered = new ArrayList<>();
        for (Message next = queue.take(BacklogTest::notice); next != null; next = queue.take(BacklogTest::notice)) {
            delivered.add(next);
            queue.done(next);
        }
        return delivered;
    }

    private static List<String> idsOf(EventQueue queue) {
        return drain(queue).stream().map(Message::id).toList();
    }

    @Test
    void whatWasPutOutlivesTheProcess() throws Exception {
        var queue = open(disk);
        put(queue, 1, 2, 3);
        Message first = queue.take(BacklogTest::notice);

        var next = open(disk.kill());

        assertThat(next.take(BacklogTest::notice)).isEqualTo(first);
        next.done(first);
        assertThat(idsOf(next)).containsExactly("e2", "e3");
    }

    @Test
    void numbersGoOnOverAStart() throws Exception {
        var queue = open(disk);
        put(queue, 1, 2);
        drain(queue);
        queue.close();

        var next = open(disk.kill());
        put(next, 3);

        assertThat(drain(next)).containsExactly(new Message(3, "e3", "{\"body\": 3}"));
    }

    @Test
    void lossIsToldOnceOverAStart() throws Exception {
        var queue = open(disk);
        put(queue, 1, 2, 3, 4, 5, 6, 7);
        assertThat(queue.lost()).isEqualTo(2);

        var next = open(disk.kill());
        put(next, 8);

        assertThat(drain(next))
                .startsWith(new Message(3, "e3-lost", "{\"count\":3}"))
                .extracting(Message::id)
                .containsExactly("e3-lost", "e4", "e5", "e6", "e7", "e8");
    }

    @Test
    void whatIsDeliveredSurvivedALossOfPower() throws Exception {
        var queue = open(disk);
        put(queue, 1, 2);
        Message first = queue.take(BacklogTest::notice);
        queue.settle();
        put(queue, 3);

        for (int i = 0; i < Survival.EXTREMES + 20; i++) {
            var next = open(disk.copyOfLiving().cut(Survival.of(i, i)));
            assertThat(next.take(BacklogTest::notice)).isEqualTo(first);
            next.done(first);
            put(next, 4);
            assertThat(idsOf(next)).startsWith("e2").endsWith("e4");
        }
    }

    /** The file ends at any of its bytes, as it may after a loss of power, or has a wrong byte there. */
    @Test
    void damageAtAnyByteCostsWhatIsBehindItAndNothingElse() throws Exception {
        var queue = open(disk);
        put(queue, 1, 2, 3);
        queue.done(queue.take(BacklogTest::notice));
        byte[] whole = disk.bytes(FILE);
        List<String> records = Journal.read(disk.root().folder("hook")).records();
        for (int at = 0; at < whole.length; at++) {
            byte[] torn = Arrays.copyOf(whole, at);
            byte[] wrong = whole.clone();
            wrong[at] ^= 1;
            int complete = (int) new String(torn, StandardCharsets.UTF_8)
                    .chars()
                    .filter(each -> each == '\n')
                    .count();
            for (byte[] bytes : List.of(torn, wrong)) {
                var other = new SimulatedDisk();
                other.placeFolder("hook");
                other.placeFile(FILE, bytes);
                var expected = new Backlog(ROOM, EventQueue.MAX_LENGTH);
                records.stream().limit(complete).skip(1).forEach(expected::apply);

                var next = open(other);

                assertThat(Journal.read(other.root().folder("hook")).records().stream()
                                .skip(1)
                                .toList())
                        .as("byte %d", at)
                        .isEqualTo(expected.records());
                put(next, 9);
                assertThat(idsOf(next)).endsWith("e9");
            }
        }
    }

    /** Killed after any operation on its files, the queue has what was put before, and no more than came after. */
    @Test
    void processMayDieAtAnyOperation() throws Exception {
        long seed = Long.getLong("rawcow.seed", System.nanoTime());
        System.out.printf("seed=%d (repeat with -Drawcow.seed=%d)%n", seed, seed);
        var random = new SplittableRandom(seed);
        var queue = open(disk);
        List<String> there = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            String id = "e" + i;
            List<String> before = List.copyOf(there);
            disk.watch(_ -> assertKept(before, id));
            if (random.nextBoolean() && there.size() < ROOM) {
                put(queue, i);
                there.add(id);
            } else if (!there.isEmpty()) {
                queue.settle();
                queue.done(queue.take(BacklogTest::notice));
                there.removeFirst();
            }
            disk.watch(_ -> {});
            assertKept(there, "");
        }
    }

    private void assertKept(List<String> before, String coming) {
        try {
            List<String> found = new ArrayList<>(idsOf(open(disk.copyOfLiving().kill())));
            found.remove(coming);
            assertThat(found).isIn(before, before.subList(Math.min(1, before.size()), before.size()));
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void fileStaysSmallWhateverGoesThroughIt() throws Exception {
        var queue = open(disk);
        String body = "x".repeat(100_000);
        for (int i = 0; i < 100; i++) {
            queue.put("e" + i, _ -> body);
            queue.settle();
            drain(queue);
            assertThat(disk.sizeOf(FILE)).isLessThan(1_500_000);
        }
        put(queue, 100);
        assertThat(idsOf(open(disk.kill()))).containsExactly("e100");
    }

    @Test
    void fullDiskLosesNothingWhileTheProcessLives() throws Exception {
        var queue = open(disk);
        put(queue, 1);
        disk.setFaults(operation -> operation.kind() == Operation.Kind.WRITE ? Errno.ENOSPC : 0);
        put(queue, 2);
        queue.settle();
        put(queue, 3);
        disk.setFaults(_ -> 0);
        put(queue, 4);
        queue.settle();
        put(queue, 5);

        assertThat(idsOf(queue)).containsExactly("e1", "e2", "e3", "e4", "e5");
    }

    @Test
    void onceTheDiskWorksAgainAllIsKept() throws Exception {
        var queue = open(disk);
        put(queue, 1);
        disk.setFaults(operation -> operation.kind() == Operation.Kind.WRITE ? Errno.ENOSPC : 0);
        put(queue, 2);
        disk.setFaults(_ -> 0);
        queue.settle();
        put(queue, 3);

        assertThat(idsOf(open(disk.kill()))).containsExactly("e1", "e2", "e3");
    }

    @Test
    void fileOfAnotherVersionIsLeftAlone() throws Exception {
        Journal.create(disk.root().folder("hook"), List.of("format 2")).publish();
        byte[] other = disk.bytes(FILE);

        assertThatThrownBy(() -> open(disk)).isInstanceOf(BlockException.class).hasMessageContaining("another version");
        assertThat(disk.bytes(FILE)).isEqualTo(other);
    }
}
