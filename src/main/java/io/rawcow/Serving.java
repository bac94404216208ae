package io.rawcow;

import io.rawcow.catalog.Catalog;
import org.springframework.context.SmartLifecycle;

/**
 * Lets NBD clients in and jobs run once REST and management listen: a service that does not start, for a port that is
 * in use, must not have served anybody. The end is the catalog's own, after that of REST.
 */
final class Serving implements SmartLifecycle {
    private final Catalog catalog;
    private volatile boolean running;

    Serving(Catalog catalog) {
        this.catalog = catalog;
    }

    /** After the phases of the framework's web servers, which begin 2048 before the last one. */
    @Override
    public int getPhase() {
        return DEFAULT_PHASE - 1;
    }

    @Override
    public void start() {
        catalog.serve();
        running = true;
    }

    @Override
    public void stop() {
        running = false;
    }

    @Override
    public boolean isRunning() {
        return running;
    }
}
