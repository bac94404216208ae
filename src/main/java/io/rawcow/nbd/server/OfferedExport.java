package io.rawcow.nbd.server;

import java.time.Duration;
import java.util.List;

/** An export that is being offered. Safe from many threads. */
public interface OfferedExport {

    Export export();

    /** The clients that use it, in the order in which they came. */
    List<ClientView> clients();

    /**
     * Takes the export away for good if nobody uses it.
     *
     * @return false if somebody does: then nothing has changed
     */
    boolean withdrawIfUnused();

    /**
     * No new clients from now on; those who are there go on. A hidden export that is left by its last client is gone.
     */
    void hide();

    /**
     * Takes the export away for good: cuts off its clients and waits until none of their requests is in the device.
     *
     * @param patience how long to wait; a request can hang in a dead disk
     * @return whether the device is left alone now
     */
    boolean drop(Duration patience) throws InterruptedException;
}
