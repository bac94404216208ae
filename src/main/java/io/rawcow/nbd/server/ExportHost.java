package io.rawcow.nbd.server;

import java.util.List;

/** Where exports are offered. Safe from many threads. */
public interface ExportHost extends AutoCloseable {

    /**
     * Offers an export from now on.
     *
     * @throws IllegalStateException if the name is taken, also by one that is hidden
     */
    OfferedExport offer(Export export);

    /** Where clients can connect; never changes. */
    List<Endpoint> endpoints();

    /** Lets clients in, for good. Those who connect before that wait, so that they find every export there is. */
    void serve();

    /** Takes no more clients, lets requests in flight be answered for a while, and ends all connections. */
    @Override
    void close();
}
