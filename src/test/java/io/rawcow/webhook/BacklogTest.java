package io.rawcow.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.rawcow.webhook.Backlog.Loss;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BacklogTest {
    private static final long ROOMY = 1 << 20;

    private final Backlog backlog = new Backlog(3, ROOMY);

    static Message notice(Loss loss) {
        return new Message(loss.last(), loss.lastId() + "-lost", "{\"count\":" + loss.count() + "}");
    }

    private void put(int... numbers) {
        for (int number : numbers) {
            backlog.put("e" + number, sequence -> "body " + sequence);
        }
    }

    /** Delivers everything, and answers the ids and, of losses, the bodies. */
    private static List<String> drain(Backlog backlog) {
        List<String> delivered = new ArrayList<>();
        backlog.take(BacklogTest::notice);
        for (Message head = backlog.head(); head != null; head = backlog.head()) {
            delivered.add(head.id().endsWith("-lost") ? head.id() + head.body() : head.id());
            backlog.done(head);
            backlog.take(BacklogTest::notice);
        }
        return delivered;
    }

    @Test
    void whatWaitsIsDeliveredInOrder() {
        put(1, 2, 3);

        assertThat(drain(backlog)).containsExactly("e1", "e2", "e3");
        assertThat(backlog.size()).isZero();
        assertThat(backlog.length()).isZero();
    }

    @Test
    void oldestGoAndOneNoticeStandsInTheirPlace() {
        put(1, 2, 3, 4, 5, 6);

        assertThat(drain(backlog)).containsExactly("e3-lost{\"count\":3}", "e4", "e5", "e6");
    }

    @Test
    void whatIsBeingDeliveredIsNeverLost() {
        put(1, 2);
        backlog.take(BacklogTest::notice);
        put(3, 4, 5, 6);

        assertThat(drain(backlog)).containsExactly("e1", "e3-lost{\"count\":2}", "e4", "e5", "e6");
    }

    @Test
    void noticeThatIsBeingDeliveredStaysAsItIs() {
        put(1, 2, 3, 4, 5);
        backlog.take(BacklogTest::notice);
        put(6);

        assertThat(drain(backlog)).containsExactly("e2-lost{\"count\":2}", "e3-lost{\"count\":1}", "e4", "e5", "e6");
    }

    @Test
    void longEventsTakeTheRoomOfMany() {
        var small = new Backlog(100, 50);
        small.put("a", _ -> "x".repeat(20));
        small.put("b", _ -> "x".repeat(20));
        small.put("c", _ -> "x".repeat(20));
        assertThat(drain(small)).containsExactly("a-lost{\"count\":1}", "b", "c");

        small.put("d", _ -> "x".repeat(51));
        assertThat(drain(small)).as("one has room, whatever its length").containsExactly("d");
    }

    @Test
    void queueThatWasMadeShorterLosesItsOldest() {
        put(1, 2, 3);
        var shorter = new Backlog(1, ROOMY);
        backlog.copy().records().forEach(shorter::apply);

        assertThat(shorter.shrink()).hasSize(2);
        assertThat(drain(shorter)).containsExactly("e2-lost{\"count\":2}", "e3");
    }

    @Test
    void noticeOfWhatCannotBeReadIsBehindAllElseAndBehindItsNumbers() {
        put(1);
        backlog.missing(10, "damage", BacklogTest::notice);
        put(2);

        assertThat(backlog.copy().waiting())
                .extracting(Message::sequence, Message::id)
                .containsExactly(tuple(1L, "e1"), tuple(11L, "damage-lost"), tuple(12L, "e2"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "put",
                "put 1 a",
                "put x a b",
                "put 1 a b",
                "drop 1",
                "drop 3",
                "take 3",
                "done 2",
                "done 1",
                "lost 1 2",
                "next 2",
                "jump 1",
                "note 9 a"
            })
    void recordThatDoesNotFitIsRefusedAndChangesNothing(String record) {
        put(1, 2);
        backlog.take(BacklogTest::notice);
        backlog.done(backlog.head());
        List<String> before = backlog.copy().records();

        assertThatThrownBy(() -> backlog.apply(record)).isInstanceOf(IllegalArgumentException.class);
        assertThat(backlog.copy().records()).isEqualTo(before);
    }

    /** Every record that was made, applied to another backlog, makes the same; so does what {@code records} answers. */
    @Test
    void recordsMakeTheSameAgain() {
        long seed = Long.getLong("rawcow.seed", System.nanoTime());
        System.out.printf("seed=%d (repeat with -Drawcow.seed=%d)%n", seed, seed);
        var random = new SplittableRandom(seed);
        var written = new Backlog(3, ROOMY);
        var read = new Backlog(3, ROOMY);
        for (int i = 0; i < 2000; i++) {
            List<String> records = switch (random.nextInt(5)) {
                case 0, 1, 2 -> written.put("e" + i, sequence -> "body of " + sequence);
                case 3 -> written.take(BacklogTest::notice);
                default -> written.head() == null ? List.of() : written.done(written.head());
            };
            records.forEach(read::apply);

            assertThat(read.copy()).isEqualTo(written.copy());
            var copy = new Backlog(3, ROOMY);
            written.copy().records().forEach(copy::apply);
            assertThat(copy.copy()).isEqualTo(written.copy());
            assertThat(copy.size()).isEqualTo(written.size());
        }
    }
}
