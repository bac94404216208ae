package io.rawcow.catalog;

import io.rawcow.block.BlockException;
import io.rawcow.image.LiveImage;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Images that are being closed at the end of the service, many at a time. */
final class ImageClosings {
    private static final Logger LOG = System.getLogger(ImageClosings.class.getName());
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    /** More than there are disks that hang. */
    private static final int AT_ONCE = 64;

    private final ExecutorService closers = Executors.newFixedThreadPool(
            AT_ONCE, Thread.ofPlatform().name("close-", 0).daemon().factory());
    private final Map<String, Future<?>> closings = new LinkedHashMap<>();

    private ImageClosings() {}

    /**
     * Closes images, each with its name held.
     *
     * @return whether all were closed cleanly, and in time; those which were not go on by themselves
     */
    static boolean closeAll(Collection<ManagedImage> images, NameLocks locks) {
        var all = new ImageClosings();
        for (ManagedImage image : images) {
            all.closings.put(image.name(), all.closers.submit(() -> close(image, locks)));
        }
        return all.await();
    }

    private static String close(ManagedImage image, NameLocks locks) throws BlockException {
        try (var _ = locks.hold(image.name())) {
            LiveImage live = image.live();
            if (live != null) {
                live.close();
            }
            return image.name();
        }
    }

    private boolean await() {
        closers.shutdown();
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        boolean clean = true;
        for (Map.Entry<String, Future<?>> closing : closings.entrySet()) {
            clean &= isClosed(closing.getKey(), closing.getValue(), deadline - System.nanoTime());
        }
        return clean;
    }

    private static boolean isClosed(String image, Future<?> closing, long nanos) {
        String why;
        try {
            Object _ = closing.get(nanos, TimeUnit.NANOSECONDS);
            return true;
        } catch (ExecutionException e) {
            why = String.valueOf(e.getCause());
        } catch (TimeoutException e) {
            why = "its disk, or a request that works on it, hangs";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            why = "interrupted";
        }
        LOG.log(Level.WARNING, "image not closed cleanly: image={0} {1}", image, why);
        return false;
    }
}
