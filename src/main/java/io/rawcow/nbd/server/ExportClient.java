package io.rawcow.nbd.server;

/** A client as the export sees it. Safe from many threads. */
interface ExportClient {
    ClientView view();

    /** Ends the connection; it leaves the export as soon as none of its requests is in the device. */
    void cut();
}
