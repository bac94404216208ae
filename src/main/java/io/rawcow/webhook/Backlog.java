package io.rawcow.webhook;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * What one webhook has still to deliver: the message that is being delivered, then how many events were lost, then the
 * events that wait. It changes by records of one line each, which it makes and which make it again: that is what the
 * queue's file consists of.
 *
 * <pre>
 * put N ID BODY    an event waits
 * drop N           the oldest that waits is lost
 * take N           the oldest that waits is being delivered from here on, and is never lost
 * note N ID BODY   so is the notice of those that were lost
 * done N           what was being delivered is
 * lost COUNT N ID  so many were lost, the last of them this one
 * next N           the number of the next event
 * </pre>
 *
 * Not safe from many threads.
 */
final class Backlog {
    /**
     * Events that were lost and not yet told of.
     *
     * @param last the number of the last one, which the notice gets
     * @param lastId its id
     */
    record Loss(long count, long last, String lastId) {
        static final Loss NONE = new Loss(0, 0, "");
    }

    /** All of it at one moment. */
    record Copy(@Nullable Message head, Loss loss, List<Message> waiting, long next) {

        /** Records that make all this from nothing. */
        List<String> records() {
            var records = new ArrayList<String>();
            if (head != null) {
                records.add("note %d %s %s".formatted(head.sequence(), head.id(), head.body()));
            }
            if (loss.count() > 0) {
                records.add("lost %d %d %s".formatted(loss.count(), loss.last(), loss.lastId()));
            }
            for (Message each : waiting) {
                records.add("put %d %s %s".formatted(each.sequence(), each.id(), each.body()));
            }
            records.add("next " + next);
            return records;
        }
    }

    private final int maxEvents;
    private final long maxLength;
    private final Deque<Message> waiting = new ArrayDeque<>();
    private @Nullable Message head;
    private Loss loss = Loss.NONE;
    private long next = 1;
    private long length;

    /**
     * @param maxEvents that may wait
     * @param maxLength characters that they may have together; one may wait whatever it has
     */
    Backlog(int maxEvents, long maxLength) {
        this.maxEvents = maxEvents;
        this.maxLength = maxLength;
    }

    /** Lets an event wait; the oldest ones go if they are too many. Answers the records of that. */
    List<String> put(String id, LongFunction<String> body) {
        var records = new ArrayList<String>();
        records.add(applied("put %d %s %s".formatted(next, id, body.apply(next))));
        records.addAll(shrink());
        return records;
    }

    /**
     * Lets a notice of records that cannot be read wait behind all that could. Its number is behind any that they may
     * have used.
     *
     * @param most that were there
     */
    void missing(long most, String id, NoticeMaker notice) {
        Message made = notice.of(new Loss(1, next + most - 1, id));
        put(made);
    }

    /** Drops what is too much, after a bound was lowered too. */
    List<String> shrink() {
        var records = new ArrayList<String>();
        while (waiting.size() > maxEvents || (length > maxLength && waiting.size() > 1)) {
            records.add(applied("drop " + waiting.getFirst().sequence()));
        }
        return records;
    }

    /**
     * Makes the next message the one that is being delivered, unless there is one or none waits.
     *
     * @param notice what is to be delivered in the place of events that were lost
     */
    List<String> take(NoticeMaker notice) {
        if (head != null) {
            return List.of();
        }
        if (loss.count() > 0) {
            Message made = notice.of(loss);
            return List.of(applied("note %d %s %s".formatted(made.sequence(), made.id(), made.body())));
        }
        return waiting.isEmpty()
                ? List.of()
                : List.of(applied("take " + waiting.getFirst().sequence()));
    }

    /** Makes the message that tells of a loss. */
    interface NoticeMaker {
        Message of(Loss loss);
    }

    /** What is being delivered is. */
    List<String> done(Message delivered) {
        return List.of(applied("done " + delivered.sequence()));
    }

    /** What is being delivered; null if nothing was taken. */
    @Nullable
    Message head() {
        return head;
    }

    Loss loss() {
        return loss;
    }

    /** How many messages are to be delivered, a notice of losses too. */
    int size() {
        return waiting.size() + (head == null ? 0 : 1) + (loss.count() == 0 ? 0 : 1);
    }

    /** About how many characters the records of all this have. */
    long length() {
        return length + (head == null ? 0 : head.body().length());
    }

    /** Costs little, whatever the length: that is for whoever makes records of it. */
    Copy copy() {
        return new Copy(head, loss, List.copyOf(waiting), next);
    }

    private String applied(String record) {
        apply(record);
        return record;
    }

    /**
     * Does what a record says.
     *
     * @throws IllegalArgumentException if it says nothing that can be done here; nothing has changed then
     */
    void apply(String record) {
        String[] words = record.split(" ", 4);
        require(words.length >= 2);
        long number = Long.parseLong(words[1]);
        switch (words[0]) {
            case "put" -> put(message(words, number));
            case "drop" -> {
                Message gone = poll(number);
                loss = new Loss(loss.count() + 1, gone.sequence(), gone.id());
            }
            case "take" -> {
                require(head == null && loss.count() == 0);
                head = poll(number);
            }
            case "note" -> {
                require(head == null);
                head = message(words, number);
                loss = Loss.NONE;
            }
            case "done" -> {
                require(head != null && head.sequence() == number);
                head = null;
            }
            case "lost" -> {
                require(words.length == 4 && loss.count() == 0);
                loss = new Loss(number, Long.parseLong(words[2]), words[3]);
            }
            case "next" -> {
                require(waiting.isEmpty() || waiting.getLast().sequence() < number);
                next = number;
            }
            default -> require(false);
        }
    }

    private static Message message(String[] words, long number) {
        require(words.length == 4);
        return new Message(number, words[2], words[3]);
    }

    private void put(Message message) {
        require(waiting.isEmpty() || waiting.getLast().sequence() < message.sequence());
        waiting.add(message);
        length += message.body().length();
        next = message.sequence() + 1;
    }

    private Message poll(long number) {
        Message first = waiting.peekFirst();
        require(first != null && first.sequence() == number);
        waiting.removeFirst();
        length -= first.body().length();
        return first;
    }

    private static void require(boolean fits) {
        if (!fits) {
            throw new IllegalArgumentException("the record does not fit what stands before it");
        }
    }
}
