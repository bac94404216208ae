package io.rawcow.catalog;

import io.rawcow.nbd.NbdCommand;
import io.rawcow.nbd.server.ServerObserver;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Notices that clients of an export have come or gone. Changes within a moment count as one, so that a client that
 * connects over and over does not keep every listener busy. What they ask for is counted at once. Safe from many
 * threads.
 */
public final class ClientWatch implements ServerObserver, AutoCloseable {
    private static final Logger LOG = System.getLogger(ClientWatch.class.getName());
    private static final long MOMENT_MILLIS = 250;

    private final Set<String> changed = ConcurrentHashMap.newKeySet();
    private final ScheduledExecutorService teller = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("clients").daemon().factory());
    private final Traffic traffic = new Traffic();
    private volatile @Nullable Consumer<String> listener;

    /** What the clients ask for. */
    Traffic traffic() {
        return traffic;
    }

    /** @param told the name of each export whose clients have changed, on a thread of its own */
    void listener(Consumer<String> told) {
        listener = told;
    }

    @Override
    public void connected(String export, boolean tls) {
        traffic.connected(export, tls);
        changed(export);
    }

    @Override
    public void disconnected(String export, boolean tls) {
        traffic.disconnected(export, tls);
        changed(export);
    }

    @Override
    public void answered(String export, NbdCommand command, long bytes, long nanos, int error) {
        traffic.answered(export, command, bytes, nanos, error);
    }

    @Override
    public void holeRead(String export, long bytes) {
        traffic.holeRead(export, bytes);
    }

    @Override
    public void refused(String kind) {
        traffic.refused(kind);
    }

    private void changed(String export) {
        if (changed.add(export)) {
            try {
                var _ = teller.schedule(() -> tell(export), MOMENT_MILLIS, TimeUnit.MILLISECONDS);
            } catch (RejectedExecutionException e) {
                LOG.log(Level.DEBUG, "the service is shutting down: nobody is told of its clients");
            }
        }
    }

    private void tell(String export) {
        changed.remove(export);
        Consumer<String> told = listener;
        try {
            if (told != null) {
                told.accept(export);
            }
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "cannot tell of clients: export=" + export, e);
        }
    }

    @Override
    public void close() {
        teller.shutdownNow();
    }
}
