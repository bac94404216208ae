package io.rawcow.webhook;

import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import io.rawcow.catalog.CatalogStore;
import io.rawcow.catalog.Event;
import io.rawcow.catalog.EventJson;
import io.rawcow.catalog.EventListener;
import io.rawcow.catalog.WebhookStatus;
import io.rawcow.posix.Folder;
import io.rawcow.posix.PosixException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * All webhooks of the service. Opened while the catalog is ours, since the queues are in its folder, and closed with
 * it. Safe from many threads.
 */
public final class Webhooks implements EventListener {
    private static final Logger LOG = System.getLogger(Webhooks.class.getName());
    private static final String FOLDER = "webhooks";
    private static final int FOLDER_MODE = 0700;
    /** One of the parts that ServiceProcess gives 25 s in all. */
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(1);

    private final List<WebhookSettings> settings;
    private final InstantSource clock;
    private volatile List<Webhook> webhooks = List.of();

    public Webhooks(List<WebhookSettings> settings) {
        this.settings = List.copyOf(settings);
        this.clock = InstantSource.system();
    }

    /**
     * Opens the queues that an earlier run left; nothing is delivered yet.
     *
     * @param root the primary root, its catalog open
     * @throws BlockException if a queue, a secret or a certificate cannot be read
     */
    public void open(Folder root) throws BlockException {
        if (settings.isEmpty()) {
            return;
        }
        List<Webhook> opened = new ArrayList<>();
        boolean complete = false;
        try (Folder catalog = root.folder(CatalogStore.FOLDER);
                Folder all = openFolder(catalog, FOLDER)) {
            String source = SourceName.in(all);
            for (WebhookSettings each : settings) {
                opened.add(open(each, all, source));
            }
            warnOfOthers(all);
            complete = true;
            webhooks = List.copyOf(opened);
        } catch (PosixException e) {
            throw BlockException.of(e, "webhooks");
        } finally {
            if (!complete) {
                opened.forEach(webhook -> webhook.close(Duration.ZERO));
            }
        }
    }

    private Webhook open(WebhookSettings webhook, Folder all, String source) throws BlockException, PosixException {
        String name = webhook.name();
        var receiver = receiver(webhook);
        boolean opened = false;
        try {
            var events = new CloudEvents(name, webhook.source() == null ? source : webhook.source(), clock);
            EventQueue queue = EventQueue.open(name, openFolder(all, name), webhook.queue(), events::notice);
            var delivery = new Delivery(
                    new Delivery.Parts(name, webhook.receiver(), queue, receiver),
                    new Delivery.Clocks(clock, System::nanoTime),
                    new Backoff(() -> ThreadLocalRandom.current().nextDouble()));
            opened = true;
            return new Webhook(webhook, queue, receiver, events, delivery);
        } finally {
            if (!opened) {
                receiver.close();
            }
        }
    }

    private HttpReceiver receiver(WebhookSettings webhook) throws BlockException {
        try {
            return new HttpReceiver(webhook, clock);
        } catch (IOException e) {
            throw new BlockException(
                    FaultKind.INVALID_VALUE, "rawcow.webhooks.%s: %s".formatted(webhook.name(), e.getMessage()), e);
        }
    }

    private static Folder openFolder(Folder parent, String name) throws PosixException {
        if (parent.status(name).isEmpty()) {
            parent.createFolder(name, FOLDER_MODE);
        }
        parent.sync();
        return parent.folder(name);
    }

    private void warnOfOthers(Folder all) throws PosixException {
        List<String> names = settings.stream().map(WebhookSettings::name).toList();
        for (String found : all.list()) {
            if (!found.startsWith(".") && !names.contains(found)) {
                LOG.log(
                        Level.WARNING,
                        "the queue of a webhook that is no more is kept, remove its folder if it is not to come back:"
                                + " path={0}/{1}",
                        all.path(),
                        found);
            }
        }
    }

    @Override
    public void told(Event event) {
        if (!event.isStateChange()) {
            return;
        }
        try {
            List<Webhook> wanting =
                    webhooks.stream().filter(webhook -> webhook.wants(event)).toList();
            if (!wanting.isEmpty()) {
                String data = EventJson.of(event);
                wanting.forEach(webhook -> webhook.put(event, data));
            }
        } catch (RuntimeException e) {
            // The change has happened; whoever made it must not fail for that.
            LOG.log(Level.ERROR, "event not queued for webhooks: id=" + event.id(), e);
        }
    }

    @Override
    public void serve() {
        webhooks.forEach(Webhook::start);
    }

    @Override
    public void close() {
        List<Webhook> ending = webhooks;
        webhooks = List.of();
        ending.forEach(Webhook::interrupt);
        long deadline = System.nanoTime() + CLOSE_PATIENCE.toNanos();
        ending.forEach(webhook -> webhook.close(Duration.ofNanos(Math.max(1, deadline - System.nanoTime()))));
    }

    /** How each of them stands. */
    public List<WebhookStatus> status() {
        return webhooks.stream().map(Webhook::status).toList();
    }
}
