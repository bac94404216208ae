package io.rawcow.webhook;

import io.rawcow.catalog.Event;
import io.rawcow.catalog.WebhookStatus;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** One webhook: its queue, and the thread that empties it. */
final class Webhook {
    private static final Logger LOG = System.getLogger(Webhook.class.getName());

    private final WebhookSettings settings;
    private final EventQueue queue;
    private final Receiver receiver;
    private final CloudEvents events;
    private final Delivery delivery;
    private @Nullable Thread thread;

    Webhook(WebhookSettings settings, EventQueue queue, Receiver receiver, CloudEvents events, Delivery delivery) {
        this.settings = settings;
        this.queue = queue;
        this.receiver = receiver;
        this.events = events;
        this.delivery = delivery;
    }

    boolean wants(Event event) {
        return settings.kinds().contains(event.kind());
    }

    /** @param data as {@link io.rawcow.catalog.EventJson} has it */
    void put(Event event, String data) {
        queue.put(event.id(), sequence -> events.body(event, data, sequence));
    }

    /** From here on what is in the queue is delivered. */
    void start() {
        // A platform thread: to sync a file blocks in the kernel, and would keep a carrier of virtual ones.
        thread = Thread.ofPlatform().name("webhook-" + settings.name()).daemon().start(this::run);
    }

    private void run() {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                long seen = queue.puts();
                Duration pause = delivery.step();
                if (pause.isPositive()) {
                    queue.await(seen, pause);
                }
            }
        } catch (InterruptedException e) {
            LOG.log(Level.DEBUG, "the service ends: what is not delivered stays");
        }
        queue.settle();
    }

    /** Lets go of an attempt that is under way. */
    void interrupt() {
        if (thread != null) {
            thread.interrupt();
        }
    }

    /** Ends, after {@link #interrupt}; what is not delivered stays for the next start. */
    void close(Duration patience) {
        try {
            if (thread != null && !thread.join(patience)) {
                LOG.log(Level.WARNING, "webhook not stopped in time: webhook={0}", settings.name());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        receiver.close();
        queue.close();
    }

    WebhookStatus status() {
        return delivery.status();
    }
}
