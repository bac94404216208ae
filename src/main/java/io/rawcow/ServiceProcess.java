package io.rawcow;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A process whose only work is one service: it ends with a signal, in bounded time, and 0 if all was left in order. */
final class ServiceProcess {
    private static final Logger LOG = System.getLogger(ServiceProcess.class.getName());
    private static final Duration PATIENCE = Duration.ofSeconds(25);

    private volatile @Nullable Service service;
    private volatile boolean failed;

    /** Runs the service until a signal ends the process; returns only if it cannot be started. */
    int run(List<String> properties) throws InterruptedException {
        Runtime.getRuntime().addShutdownHook(new Thread(this::end, "shutdown"));
        try {
            Service started = Service.start(properties);
            service = started;
            System.out.println("rawcow: listening on http://%s%s"
                    .formatted(
                            started.listen(),
                            started.nbd().stream().map(uri -> " " + uri).collect(Collectors.joining())));
            System.out.flush();
        } catch (RuntimeException e) {
            failed = true;
            System.err.println("rawcow: " + StartFailure.explain(e));
            return 1;
        }
        Thread.currentThread().join();
        return 0;
    }

    /** The virtual machine would end with 128 + the signal's number. */
    private void end() {
        Service running = service;
        if (failed || running == null) {
            Runtime.getRuntime().halt(failed ? 1 : 0);
            return;
        }
        LOG.log(Level.INFO, "service stops");
        Thread closing = Thread.ofPlatform().name("closing").daemon().start(running::close);
        Runtime.getRuntime().halt(isOverIn(closing) && running.isClosedCleanly() ? 0 : 1);
    }

    private static boolean isOverIn(Thread closing) {
        try {
            if (closing.join(PATIENCE)) {
                return true;
            }
            LOG.log(Level.ERROR, "service not stopped in time: the next start goes on from what is saved");
        } catch (InterruptedException e) {
            LOG.log(Level.ERROR, "interrupted while stopping", e);
        }
        return false;
    }
}
