package io.rawcow.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rawcow.block.BlockException;
import io.rawcow.posix.Errno;
import io.rawcow.testing.Faults;
import io.rawcow.testing.Operation;
import io.rawcow.testing.SimulatedDisk;
import io.rawcow.testing.Survival;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

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
        return EventQueue.open("hook", disk.root().folder("hook"), ROOM, BacklogTest::notice);
    }

    private static void put(EventQueue queue, int... numbers) {
        for (int number : numbers) {
            queue.put("e" + number, sequence -> "{\"body\": " + sequence + "}");
        }
    }

    private static List<Message> drain(EventQueue queue) {
        List<Message> delivered = new ArrayList<>();
        for (Message next = queue.take(); next != null; next = queue.take()) {
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
        Message first = queue.take();

        var next = open(disk.kill());

        assertThat(next.take()).isEqualTo(first);
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
        Message first = queue.take();
        queue.settle();
        put(queue, 3);

        for (int i = 0; i < Survival.EXTREMES + 20; i++) {
            var next = open(disk.copyOfLiving().cut(Survival.of(i, i)));
            assertThat(next.take()).isEqualTo(first);
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
        queue.done(queue.take());
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
            for (boolean spoiled : new boolean[] {false, true}) {
                byte[] bytes = spoiled ? wrong : torn;
                var other = new SimulatedDisk();
                other.placeFolder("hook");
                other.placeFile(FILE, bytes);
                var expected = new Backlog(ROOM, EventQueue.MAX_LENGTH);
                records.stream().limit(complete).skip(1).forEach(expected::apply);
                boolean damaged = spoiled || (at > 0 && whole[at - 1] != '\n');

                var next = open(other);

                put(next, 9);
                List<Message> delivered = drain(next);
                List<Message> kept = delivered.subList(0, delivered.size() - (damaged ? 2 : 1));
                assertThat(kept).as("byte %d", at).isEqualTo(all(expected));
                assertThat(delivered.getLast().id()).isEqualTo("e9");
                assertThat(delivered).extracting(Message::sequence).isSorted().doesNotHaveDuplicates();
                if (damaged) {
                    Message notice = delivered.get(kept.size());
                    assertThat(notice.id()).startsWith("damage-").endsWith("-lost");
                    assertThat(notice.body()).isEqualTo("{\"count\":1}");
                }
                if (spoiled) {
                    assertThat(delivered.getLast().sequence())
                            .as("given to no other event")
                            .isGreaterThan(3);
                }
            }
        }
    }

    private static List<Message> all(Backlog backlog) {
        List<Message> all = new ArrayList<>(backlog.copy().waiting());
        if (backlog.head() != null) {
            all.addFirst(backlog.head());
        }
        return all;
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
                queue.done(queue.take());
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

    /** A full disk must not keep the service from starting. */
    @ParameterizedTest
    @EnumSource(names = {"CREATE", "WRITE", "SYNC", "RENAME", "DATA_SYNC", "FOLDER_SYNC"})
    void queueOpensAndDeliversWhenItCannotBeWritten(Operation.Kind kind) throws Exception {
        var before = open(disk);
        put(before, 1, 2);
        before.close();
        var full = disk.kill();
        full.setFaults(operation -> operation.kind() == kind ? Errno.ENOSPC : 0);

        var queue = open(full);
        assertThat(queue.isKept()).isFalse();
        put(queue, 3);
        queue.done(queue.take());
        queue.settle();
        put(queue, 4);
        assertThat(queue.isKept()).isFalse();
        full.setFaults(Faults.NONE);
        queue.settle();
        assertThat(queue.isKept()).isTrue();
        put(queue, 5);

        assertThat(idsOf(queue)).containsExactly("e2", "e3", "e4", "e5");
    }

    @Test
    void onceTheDiskHasRoomAfterAStartAllIsKept() throws Exception {
        disk.setFaults(operation -> operation.kind() == Operation.Kind.WRITE ? Errno.ENOSPC : 0);
        var queue = open(disk);
        put(queue, 1);
        disk.setFaults(Faults.NONE);
        queue.settle();
        put(queue, 2);

        assertThat(idsOf(open(disk.kill()))).containsExactly("e1", "e2");
    }

    /** Events come between the steps in which the file is written anew, and the process is killed after any of them. */
    @ParameterizedTest
    @EnumSource(names = {"CREATE", "WRITE", "SYNC", "RENAME", "DATA_SYNC", "FOLDER_SYNC"})
    void whatComesWhileTheFileIsWrittenAnewIsKept(Operation.Kind kind) throws Exception {
        var queue = open(disk);
        queue.put("long", _ -> "x".repeat(2 << 20));
        queue.done(queue.take());
        put(queue, 1);
        disk.meanwhile(operation -> operation.kind() == kind, () -> {
            putFromAnotherThread(queue, 2);
            disk.watch(_ -> assertKept(List.of("e1", "e2"), "e3"));
        });

        queue.settle();
        put(queue, 3);

        disk.watch(_ -> {});
        assertThat(disk.sizeOf(FILE)).isLessThan(1000);
        assertThat(idsOf(open(disk.kill()))).containsExactly("e1", "e2", "e3");
    }

    /** Whoever makes an event does not wait for any step of that. */
    @ParameterizedTest
    @EnumSource(names = {"CREATE", "WRITE", "SYNC", "RENAME", "DATA_SYNC", "FOLDER_SYNC"})
    void whatComesBeforeTheDiskWorksAgainIsKeptWhenItDoes(Operation.Kind kind) throws Exception {
        var queue = open(disk);
        disk.setFaults(operation -> operation.kind() == Operation.Kind.WRITE ? Errno.ENOSPC : 0);
        put(queue, 1);
        disk.setFaults(Faults.NONE);
        disk.meanwhile(operation -> operation.kind() == kind, () -> putFromAnotherThread(queue, 2));

        queue.settle();
        put(queue, 3);

        assertThat(idsOf(open(disk.kill()))).containsExactly("e1", "e2", "e3");
    }

    private static void putFromAnotherThread(EventQueue queue, int number) {
        CompletableFuture.runAsync(() -> put(queue, number))
                .orTimeout(30, TimeUnit.SECONDS)
                .join();
    }

    @Test
    void newFileIsGivenUpWhenTooMuchComesWhileItIsWritten() throws Exception {
        var queue = open(disk);
        disk.setFaults(operation -> operation.kind() == Operation.Kind.WRITE ? Errno.ENOSPC : 0);
        put(queue, 1);
        disk.setFaults(Faults.NONE);
        String body = "x".repeat(6 << 20);
        disk.meanwhile(operation -> operation.kind() == Operation.Kind.SYNC, () -> {
            for (int i = 2; i <= 4; i++) {
                queue.put("e" + i, _ -> body);
            }
        });

        queue.settle();
        assertThat(queue.isKept()).isFalse();
        queue.settle();
        assertThat(queue.isKept()).isTrue();

        assertThat(idsOf(open(disk.kill()))).endsWith("e3", "e4");
    }

    @Test
    void fileThatGrowsDuringOneAttemptIsBoundedAndWrittenAnewAfterIt() throws Exception {
        var queue = open(disk);
        String body = "x".repeat(4 << 20);
        for (int i = 0; i < 20; i++) {
            queue.put("e" + i, _ -> body);
        }
        assertThat(disk.sizeOf(FILE)).isLessThanOrEqualTo(Journal.MAX_SIZE);
        assertThat(queue.isKept()).isFalse();

        queue.settle();

        assertThat(queue.isKept()).isTrue();
        assertThat(disk.sizeOf(FILE)).isLessThan(2 * EventQueue.MAX_LENGTH);
        assertThat(idsOf(open(disk.kill()))).endsWith("e18", "e19").doesNotContain("e1");
    }

    @Test
    void fileThatIsTooLargeIsNotReadAndTheReceiverIsTold() throws Exception {
        disk.placeFile(FILE, new byte[(int) Journal.MAX_SIZE + 1]);

        var queue = open(disk);
        put(queue, 1);

        List<Message> delivered = drain(queue);
        assertThat(delivered).hasSize(2);
        assertThat(delivered.getFirst().id()).startsWith("damage-").endsWith("-lost");
        assertThat(delivered.getLast().sequence()).isEqualTo(Journal.MAX_SIZE + 2);
        assertThat(disk.sizeOf(FILE)).isLessThan(1000);
    }

    @Test
    void fileOfAnotherVersionIsLeftAlone() throws Exception {
        Journal.create(disk.root().folder("hook"), List.of("format 2")).publish();
        byte[] other = disk.bytes(FILE);

        assertThatThrownBy(() -> open(disk)).isInstanceOf(BlockException.class).hasMessageContaining("another version");
        assertThat(disk.bytes(FILE)).isEqualTo(other);
    }
}
