package io.rawcow.cli;

import io.rawcow.cli.remote.Item;
import io.rawcow.cli.remote.ServiceClient;
import io.rawcow.cli.remote.ServiceEvents;
import io.rawcow.cli.remote.ServiceEvents.Changed;
import io.rawcow.cli.remote.ServiceEvents.Ended;
import io.rawcow.cli.remote.ServiceEvents.Lost;
import io.rawcow.cli.remote.ServiceException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Follows a service, also while it is away for a moment, until the image it is asked about needs no watching. */
final class Watcher {
    private static final Duration BETWEEN_ATTEMPTS = Duration.ofSeconds(1);

    private final ServiceClient service;
    private final WatchView view;
    private final @Nullable String only;
    private final Duration interval;
    private final Duration patience;
    private final WatchedImages watched;

    private boolean wasThere;
    private boolean isGone;
    private long goneSinceNanos;
    /** Whether a job of that one image was seen at work. */
    private boolean wasActive;

    private boolean isWaiting;

    /**
     * Nothing is asked yet.
     *
     * @param only the image; null for all, which ends never
     * @param interval between two looks at the numbers
     * @param patience how long the service may be away
     */
    Watcher(ServiceClient service, WatchView view, @Nullable String only, Duration interval, Duration patience) {
        this.service = service;
        this.view = view;
        this.only = only;
        this.interval = interval;
        this.patience = patience;
        this.watched = new WatchedImages(only);
    }

    /** Returns when the image is standalone; throws when it will not be. */
    void run() throws CommandFailure, InterruptedException {
        while (true) {
            try {
                if (follow()) {
                    return;
                }
                Thread.sleep(BETWEEN_ATTEMPTS);
            } catch (ServiceException e) {
                if (!wasThere || !e.mayPass()) {
                    throw ServerOptions.failure(e);
                }
                waitForIt(ServerOptions.failure(e));
            }
        }
    }

    private void waitForIt(CommandFailure why) throws CommandFailure, InterruptedException {
        long now = System.nanoTime();
        if (!isGone) {
            isGone = true;
            goneSinceNanos = now;
            view.say("rawcow: %s; trying again for %d seconds".formatted(why.getMessage(), patience.toSeconds()));
        }
        long left = patience.toNanos() - (now - goneSinceNanos);
        if (left <= 0) {
            throw new CommandFailure(
                    "%s; it did not come back within %d seconds".formatted(why.getMessage(), patience.toSeconds()),
                    why.action());
        }
        Thread.sleep(Duration.ofNanos(Math.min(left, BETWEEN_ATTEMPTS.toNanos())));
    }

    /**
     * Over one connection for events. Those come before the list, so that nothing falls between them.
     *
     * @return whether there is no more to watch; false if the service ended the connection
     */
    private boolean follow() throws ServiceException, CommandFailure, InterruptedException {
        try (ServiceEvents events = service.events()) {
            list();
            wasThere = true;
            if (isGone) {
                isGone = false;
                view.say("rawcow: the service at %s is back".formatted(service.base()));
            }
            long dueNanos = System.nanoTime() + interval.toNanos();
            view.show(watched.all());
            while (!isOver()) {
                switch (events.next(Duration.ofNanos(dueNanos - System.nanoTime()))) {
                    case Changed change -> apply(change);
                    case Lost _ -> list();
                    case Ended _ -> {
                        return false;
                    }
                    case null -> {
                        // Time to look at the numbers.
                    }
                }
                if (System.nanoTime() - dueNanos >= 0) {
                    watched.refresh(images(), jobsAtWork());
                    dueNanos = System.nanoTime() + interval.toNanos();
                }
                view.show(watched.all());
            }
            return true;
        }
    }

    private void list() throws ServiceException, InterruptedException {
        watched.replace(images(), jobs());
    }

    private void apply(Changed change) throws ServiceException, InterruptedException {
        watched.apply(change);
        if (only != null && watched.isEmpty()) {
            // The event may be older than the list, which had a new image of that name.
            list();
        }
    }

    private List<Item> images() throws ServiceException, InterruptedException {
        if (only == null) {
            return service.list("/v1/images");
        }
        // One that never was there is told of in the words of the service.
        return wasThere ? ifThere("/v1/images/" + only) : List.of(service.get("/v1/images/" + only));
    }

    private List<Item> jobs() throws ServiceException, InterruptedException {
        return service.list("/v1/jobs");
    }

    /** Those whose numbers grow and are shown. */
    private List<Item> jobsAtWork() throws ServiceException, InterruptedException {
        if (only == null) {
            return watched.hasActiveJobs() ? jobs() : List.of();
        }
        for (WatchedImage image : watched.all()) {
            RemoteJob job = image.shownJob();
            if (job != null && job.isActive()) {
                return ifThere("/v1/jobs/" + URLEncoder.encode(job.id(), StandardCharsets.UTF_8));
            }
        }
        return List.of();
    }

    private List<Item> ifThere(String path) throws ServiceException, InterruptedException {
        try {
            return List.of(service.get(path));
        } catch (ServiceException e) {
            if (e.kind() == ServiceException.Kind.NOT_FOUND) {
                return List.of();
            }
            throw e;
        }
    }

    private boolean isOver() throws ServiceException, CommandFailure {
        if (only == null) {
            return false;
        }
        List<WatchedImage> images = watched.all();
        if (images.isEmpty()) {
            throw new CommandFailure("the service does not have the image any more: image=" + only, null);
        }
        RemoteImage image = images.getFirst().shownImage();
        RemoteJob job = images.getFirst().shownJob();
        // Before its job, which may wait for ever for an image that cannot be used.
        if (image.isBroken()) {
            throw failed(image.error(), "image=" + only, "once that is mended, close the image and open it again");
        }
        if (job != null && job.isActive()) {
            wasActive = true;
            return false;
        }
        if (image.isStandalone()) {
            return true;
        }
        if (job != null && (job.failed() || (job.wasCancelled() && wasActive))) {
            throw failed(job.error(), "job=" + job.id(), "once that is mended, dismiss the job and start it again");
        }
        // One that ended well is no reason to wait: the word that the image is standalone is on its way.
        if (!isWaiting && (job == null || job.wasCancelled())) {
            isWaiting = true;
            view.say("rawcow: no job streams the image: waiting for one: image=" + only);
        }
        return false;
    }

    private static CommandFailure failed(@Nullable String error, String who, String action) {
        String why = error == null ? "it failed" : error;
        return new CommandFailure(Printable.of(why + ": " + who), action);
    }
}
