package io.rawcow.webhook;

import io.rawcow.catalog.WebhookStatus;
import io.rawcow.webhook.Receiver.Delivered;
import io.rawcow.webhook.Receiver.Failed;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Takes the messages of one webhook to its receiver, one after the other: the next one only when this one has arrived.
 * For one thread; {@link #status} for any.
 */
final class Delivery {
    private static final Logger LOG = System.getLogger(Delivery.class.getName());
    /** When there is nothing to do until an event is put. */
    static final Duration IDLE = Duration.ofHours(1);
    /** The longest pause while the queue is in memory alone: it is to be in its file soon after the disk has room. */
    static final Duration UNKEPT = Duration.ofSeconds(5);

    /**
     * What time it is.
     *
     * @param nanos for how long something takes
     */
    record Clocks(InstantSource instants, LongSupplier nanos) {}

    private final String webhook;
    private final String address;
    private final EventQueue queue;
    private final Receiver receiver;
    private final Clocks clocks;
    private final Backoff backoff;

    private int failures;
    private long dueNanos;
    // Written by the delivering thread alone.
    private volatile Counts counts = new Counts(0, 0, false, null, null, null);

    private record Counts(
            long delivered,
            long failedAttempts,
            boolean failing,
            @Nullable String lastError,
            @Nullable Instant lastErrorAt,
            @Nullable Instant lastDeliveredAt) {}

    /**
     * Who delivers what.
     *
     * @param address of the receiver, without what may be a secret
     */
    record Parts(String webhook, String address, EventQueue queue, Receiver receiver) {}

    Delivery(Parts parts, Clocks clocks, Backoff backoff) {
        this.webhook = parts.webhook();
        this.address = parts.address();
        this.queue = parts.queue();
        this.receiver = parts.receiver();
        this.clocks = clocks;
        this.backoff = backoff;
        this.dueNanos = clocks.nanos().getAsLong();
    }

    /**
     * Makes one attempt, if one is due.
     *
     * @return how long nothing is to be done; zero to go on at once
     */
    Duration step() throws InterruptedException {
        Duration pause;
        try {
            pause = attempt();
        } catch (RuntimeException | Error e) {
            pause = crashed(e);
        }
        return queue.isKept() || pause.compareTo(UNKEPT) < 0 ? pause : UNKEPT;
    }

    private Duration attempt() throws InterruptedException {
        long early = dueNanos - clocks.nanos().getAsLong();
        Message message = early > 0 ? null : queue.take();
        // Also while it waits: what was put survives a loss of power soon after.
        queue.settle();
        if (early > 0) {
            return Duration.ofNanos(early);
        }
        if (message == null) {
            return IDLE;
        }
        return switch (receiver.send(message)) {
            case Delivered _ -> delivered(message);
            case Failed failed -> refused(message, failed);
        };
    }

    /** Threads that cannot be made, for example: it must not be the end of this one. */
    private Duration crashed(Throwable e) {
        if (failures == 0) {
            LOG.log(Level.ERROR, "webhook not delivered, it is tried again: webhook=" + webhook, e);
        }
        // Its message may have the URL in it.
        return failed(new Failed("internal error: " + e.getClass().getName(), null));
    }

    private Duration refused(Message message, Failed failed) {
        // One line for a receiver that is down, however long.
        LOG.log(
                failures == 0 ? Level.WARNING : Level.DEBUG,
                "webhook not delivered, it is tried again: webhook={0} receiver={1} id={2} reason={3}",
                webhook,
                address,
                message.id(),
                failed.reason());
        return failed(failed);
    }

    private Duration delivered(Message message) {
        queue.done(message);
        if (failures > 0) {
            LOG.log(Level.INFO, "webhook delivers again: webhook={0} failedAttempts={1}", webhook, failures);
        }
        failures = 0;
        Counts now = counts;
        counts = new Counts(
                now.delivered() + 1,
                now.failedAttempts(),
                false,
                now.lastError(),
                now.lastErrorAt(),
                clocks.instants().instant());
        return Duration.ZERO;
    }

    private Duration failed(Failed failed) {
        failures++;
        Duration pause = backoff.after(failures, failed.retryAfter());
        dueNanos = clocks.nanos().getAsLong() + pause.toNanos();
        Counts now = counts;
        counts = new Counts(
                now.delivered(),
                now.failedAttempts() + 1,
                true,
                failed.reason(),
                clocks.instants().instant(),
                now.lastDeliveredAt());
        return pause;
    }

    WebhookStatus status() {
        Counts now = counts;
        return new WebhookStatus(
                webhook,
                address,
                queue.size(),
                now.delivered(),
                now.failedAttempts(),
                queue.lost(),
                now.failing(),
                now.lastError(),
                now.lastErrorAt(),
                now.lastDeliveredAt());
    }
}
