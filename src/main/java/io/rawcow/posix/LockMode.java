package io.rawcow.posix;

/** Whether a lock can be held by many at once. */
public enum LockMode {
    SHARED,
    EXCLUSIVE
}
