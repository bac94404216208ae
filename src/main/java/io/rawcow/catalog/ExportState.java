package io.rawcow.catalog;

/** Where an export stands. */
public enum ExportState {
    /** Clients can connect. */
    OFFERED,
    /** Taken away from new clients; it goes with the last of those that are there. */
    HIDDEN,
    /** Its image is not open; it is offered again as soon as that is. */
    UNAVAILABLE
}
