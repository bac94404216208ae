package io.rawcow.catalog;

/** Where an image stands. */
public enum ImageState {
    CREATING,
    COW,
    STANDALONE,
    /** A sync failed: read-only until closed and opened again. */
    FAILED,
    /** In the catalog but not open; its error says why. */
    UNAVAILABLE
}
