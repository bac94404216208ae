package io.rawcow.cli;

import io.rawcow.cli.remote.Item;
import io.rawcow.cli.remote.ServiceEvents.Changed;
import io.rawcow.cli.remote.ServiceException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What is known of the images of a service. States come from a list and then from events alone, which miss none and are
 * in order; numbers, of which no event tells, from asking again.
 */
final class WatchedImages {
    private final @Nullable String only;
    private final TreeMap<String, Item> images = new TreeMap<>();
    private final Map<String, Item> jobs = new HashMap<>();

    /** @param only the one to watch; null for all */
    WatchedImages(@Nullable String only) {
        this.only = only;
    }

    /** All there is, after events were missed. */
    void replace(List<Item> allImages, List<Item> allJobs) throws ServiceException {
        images.clear();
        for (Item image : allImages) {
            put(image.text("name"), image);
        }
        jobs.clear();
        for (Item job : allJobs) {
            jobs.put(job.text("id"), job);
        }
    }

    private void put(String name, Item image) {
        if (only == null || only.equals(name)) {
            images.put(name, image);
        }
    }

    /** What an event says. */
    void apply(Changed event) {
        Item resource = event.resource();
        switch (event.kind()) {
            case "image" -> {
                if (resource == null) {
                    images.remove(event.name());
                } else {
                    put(event.name(), resource);
                }
            }
            case "job" -> {
                if (resource == null) {
                    jobs.remove(event.name());
                } else {
                    jobs.put(event.name(), resource);
                }
            }
            default -> {
                // An export, or what a later service has.
            }
        }
    }

    /** Newer numbers of what is as it was; of what is not, an event is on its way. */
    void refresh(List<Item> newerImages, List<Item> newerJobs) throws ServiceException {
        for (Item image : newerImages) {
            Item known = images.get(image.text("name"));
            if (known != null && known.text("state").equals(image.text("state"))) {
                images.put(image.text("name"), image);
            }
        }
        for (Item job : newerJobs) {
            Item known = jobs.get(job.text("id"));
            if (known != null && known.text("status").equals(job.text("status"))) {
                jobs.put(job.text("id"), job);
            }
        }
    }

    boolean isEmpty() {
        return images.isEmpty();
    }

    boolean hasActiveJobs() throws ServiceException {
        for (Item job : jobs.values()) {
            if (RemoteJob.of(job).isActive()) {
                return true;
            }
        }
        return false;
    }

    /** In the order of their names. */
    List<WatchedImage> all() throws ServiceException {
        Map<String, Item> latest = new HashMap<>();
        for (Item job : jobs.values()) {
            String image = job.text("image");
            Item other = latest.get(image);
            if (other == null || countsMore(RemoteJob.of(job), RemoteJob.of(other))) {
                latest.put(image, job);
            }
        }
        var all = new ArrayList<WatchedImage>(images.size());
        for (Map.Entry<String, Item> entry : images.entrySet()) {
            Item job = latest.get(entry.getKey());
            boolean counts = job != null && isOf(entry.getValue(), RemoteJob.of(job));
            all.add(new WatchedImage(entry.getValue(), counts ? job : null));
        }
        return all;
    }

    /** A job that ended before the image was there is of an earlier one of that name. */
    private static boolean isOf(Item image, RemoteJob job) throws ServiceException {
        return job.isActive() || !job.createdAt().isBefore(image.time("createdAt"));
    }

    private static boolean countsMore(RemoteJob one, RemoteJob other) {
        return one.isActive() == other.isActive() ? one.createdAt().isAfter(other.createdAt()) : one.isActive();
    }
}
