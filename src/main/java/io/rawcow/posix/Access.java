package io.rawcow.posix;

/** How a file is opened. */
public enum Access {
    READ,
    READ_WRITE,
    /** As {@link #READ_WRITE}; a symbolic link as the last component is refused (ELOOP). */
    READ_WRITE_NO_FOLLOW
}
