package io.rawcow.image;

/** How much of a new raw file's space is taken at once. */
public enum Preallocation {
    /** None: the file is sparse. */
    OFF,
    /** All, without writing it. */
    FALLOC,
    /** All, by writing zeros. */
    FULL
}
