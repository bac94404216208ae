package io.rawcow;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/** A process whose only work is one service: it ends with a signal, in bounded time, and 0 if all was left in order. */
final class ServiceProcess {
    private static final Logger LOG = System.getLogger(ServiceProcess.class.getName());
    /**
     * More than the sum of the parts, each of which can hang in a dead disk: REST requests 4 s and their threads 5 s,
     * NBD 5 s, jobs 3 s, images 5 s, webhooks 1 s.
     */
    private static final Duration PATIENCE = Duration.ofSeconds(25);

    /** Completed when the service listens, or cannot. */
    private final CompletableFuture<Service> service = new CompletableFuture<>();

    /** Runs the service until a signal ends the process; returns only if it cannot be started. */
    int run(List<String> properties) throws InterruptedException {
        Runtime.getRuntime().addShutdownHook(new Thread(this::end, "shutdown"));
        try {
            Service started = Service.start(properties);
            System.out.println("rawcow: listening on %s%s"
                    .formatted(
                            started.url(),
                            started.nbd().stream().map(uri -> " " + uri).collect(Collectors.joining())));
            System.out.flush();
            service.complete(started);
        } catch (RuntimeException e) {
            System.err.println("rawcow: " + StartFailure.explain(e));
            service.completeExceptionally(e);
            return 1;
        }
        Thread.currentThread().join();
        return 0;
    }

    /** The virtual machine would end with 128 + the signal's number. A start that is under way ends first. */
    private void end() {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        boolean inOrder = false;
        try {
            Service running = service.get(PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
            LOG.log(Level.INFO, "service stops");
            Thread closing = Thread.ofPlatform().name("closing").daemon().start(running::close);
            if (closing.join(Duration.ofNanos(Math.max(1, deadline - System.nanoTime())))) {
                inOrder = running.isClosedCleanly();
            } else {
                LOG.log(Level.ERROR, "service not stopped in time: the next start goes on from what is saved");
            }
        } catch (ExecutionException e) {
            LOG.log(Level.DEBUG, "service did not start", e);
        } catch (TimeoutException e) {
            LOG.log(Level.ERROR, "service stopped in the middle of its start, which hangs");
        } catch (InterruptedException e) {
            LOG.log(Level.ERROR, "interrupted while stopping", e);
        } finally {
            Runtime.getRuntime().halt(inOrder ? 0 : 1);
        }
    }
}
