package io.rawcow.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.posix.Errno;
import io.rawcow.testing.Faults;
import io.rawcow.testing.Operation;
import io.rawcow.testing.SimulatedDisk;
import io.rawcow.webhook.Receiver.Attempt;
import io.rawcow.webhook.Receiver.Delivered;
import io.rawcow.webhook.Receiver.Failed;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DeliveryTest {
    private static final Failed DOWN = new Failed("the answer is 500", null);

    private final SimulatedDisk disk = new SimulatedDisk();
    private final List<String> sent = new ArrayList<>();
    private long nanos = 7;
    private Attempt answer = new Delivered();
    private @Nullable Error crash;
    private EventQueue queue;
    private Delivery delivery;

    @BeforeEach
    void open() throws Exception {
        queue = EventQueue.open("hook", disk.root(), 10, BacklogTest::notice);
        delivery = new Delivery(
                new Delivery.Parts("hook", "http://receiver", queue, new FakeReceiver()),
                new Delivery.Clocks(() -> Instant.ofEpochSecond(0, nanos), () -> nanos),
                new Backoff(() -> 0));
    }

    private final class FakeReceiver implements Receiver {
        @Override
        public Attempt send(Message message) {
            sent.add(message.id());
            if (crash != null) {
                throw crash;
            }
            return answer;
        }

        @Override
        public void close() {}
    }

    private void put(String... ids) {
        for (String id : ids) {
            queue.put(id, _ -> "{}");
        }
    }

    @Test
    void eachMessageIsSentUntilItHasArrivedAndOnlyThenTheNext() throws Exception {
        put("a", "b");
        answer = DOWN;
        Duration pause = delivery.step();
        assertThat(pause).isEqualTo(Duration.ofSeconds(1));

        nanos += pause.toNanos() - 1;
        assertThat(delivery.step()).as("not a moment too early").isEqualTo(Duration.ofNanos(1));
        assertThat(sent).containsExactly("a");
        nanos++;
        assertThat(delivery.step()).isEqualTo(Duration.ofSeconds(2));
        nanos += Duration.ofSeconds(2).toNanos();
        answer = new Delivered();
        assertThat(delivery.step()).isZero();
        assertThat(delivery.step()).isZero();

        assertThat(sent).containsExactly("a", "a", "a", "b");
        assertThat(delivery.step()).isEqualTo(Delivery.IDLE);
    }

    @Test
    void eventThatComesMeanwhileDoesNotShortenTheWait() throws Exception {
        put("a");
        answer = DOWN;
        Duration pause = delivery.step();
        put("b");

        assertThat(delivery.step()).isEqualTo(pause);
        assertThat(sent).containsExactly("a");
    }

    @Test
    void firstFailureAfterADeliveryWaitsForASecondAgain() throws Exception {
        put("a", "b");
        answer = DOWN;
        for (int i = 0; i < 6; i++) {
            nanos += delivery.step().toNanos();
        }
        answer = new Delivered();
        assertThat(delivery.step()).isZero();
        answer = DOWN;

        assertThat(delivery.step()).isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void receiverSaysWhenItWantsToBeAskedAgain() throws Exception {
        put("a");
        answer = new Failed("the answer is 503", Duration.ofMinutes(1));

        assertThat(delivery.step()).isEqualTo(Duration.ofMinutes(1));
    }

    /** What failed is tried again after a pause, and the status says so: the thread goes on. */
    @Test
    void errorOfOurOwnIsAFailureAsAnyOther() throws Exception {
        put("a");
        crash = new OutOfMemoryError("unable to create native thread, token=geheim");
        Duration pause = delivery.step();
        assertThat(pause).isEqualTo(Duration.ofSeconds(1));
        assertThat(delivery.status().failing()).isTrue();
        assertThat(delivery.status().failedAttempts()).isEqualTo(1);
        assertThat(delivery.status().lastError()).isEqualTo("internal error: java.lang.OutOfMemoryError");

        nanos += pause.toNanos();
        assertThat(delivery.step()).isEqualTo(Duration.ofSeconds(2));
        nanos += Duration.ofSeconds(2).toNanos();
        crash = null;
        assertThat(delivery.step()).isZero();
        assertThat(sent).containsExactly("a", "a", "a");
        assertThat(delivery.status().failing()).isFalse();
    }

    @Test
    void queueThatIsInMemoryAloneIsWrittenSoonAfterTheDiskHasRoom() throws Exception {
        disk.setFaults(operation -> operation.kind() == Operation.Kind.WRITE ? Errno.ENOSPC : 0);
        put("a");
        assertThat(delivery.step()).isZero();
        assertThat(delivery.step()).as("nothing to do").isEqualTo(Delivery.UNKEPT);
        put("b");
        answer = new Failed("the answer is 503", Backoff.LONGEST);
        assertThat(delivery.step()).as("a receiver that is down").isEqualTo(Delivery.UNKEPT);

        disk.setFaults(Faults.NONE);
        nanos += Delivery.UNKEPT.toNanos();
        assertThat(delivery.step()).isEqualTo(Backoff.LONGEST.minus(Delivery.UNKEPT));
        assertThat(sent).as("not a moment too early").containsExactly("a", "b");
        assertThat(EventQueue.open("hook", disk.kill().root(), 10, BacklogTest::notice)
                        .take())
                .extracting(Message::id)
                .isEqualTo("b");
    }

    @Test
    void statusTellsWhatHappened() throws Exception {
        put("a", "b", "c");
        answer = DOWN;
        nanos += delivery.step().toNanos();
        assertThat(delivery.status().failing()).isTrue();
        answer = new Delivered();
        delivery.step();

        var status = delivery.status();
        assertThat(status.name()).isEqualTo("hook");
        assertThat(status.receiver()).isEqualTo("http://receiver");
        assertThat(status.queued()).isEqualTo(2);
        assertThat(status.delivered()).isEqualTo(1);
        assertThat(status.failedAttempts()).isEqualTo(1);
        assertThat(status.lost()).isZero();
        assertThat(status.failing()).isFalse();
        assertThat(status.lastError()).isEqualTo("the answer is 500");
        assertThat(status.lastErrorAt()).isEqualTo(Instant.ofEpochSecond(0, 7));
        assertThat(status.lastDeliveredAt()).isEqualTo(Instant.ofEpochSecond(1, 7));
    }
}
