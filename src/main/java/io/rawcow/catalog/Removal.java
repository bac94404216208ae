package io.rawcow.catalog;

/** What becomes of the clients of an export that is removed. */
public enum Removal {
    /** It is not removed while there are any. */
    SAFE,
    /** They go on until they leave by themselves; others cannot connect. */
    SOFT,
    /** They are cut off. */
    HARD
}
