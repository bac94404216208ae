package io.rawcow.nbd.server;

import java.util.List;

/** Where exports are offered. Safe from many threads. */
public interface ExportHost {

    /**
     * Offers an export from now on.
     *
     * @throws IllegalStateException if the name is taken, also by one that is hidden
     */
    OfferedExport offer(Export export);

    /** Where clients can connect; never changes. */
    List<Endpoint> endpoints();
}
