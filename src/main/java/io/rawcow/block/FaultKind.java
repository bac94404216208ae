package io.rawcow.block;

/** The kinds of trouble that callers decide on. New sources of trouble map to one of these. */
public enum FaultKind {
    /** The medium refused. */
    IO_ERROR,
    /** No space left, or a quota reached. */
    NO_SPACE,
    /** A request that ends past the size. */
    OUT_OF_RANGE,
    /** A sync failed earlier: nothing may be written until the image is closed and opened again. */
    IMAGE_FAILED,
    /** The image was closed under the request. */
    IMAGE_CLOSED,
    /** The work was given up because somebody asked for that. */
    CANCELLED,
    /** Nothing was done, for it could only have been done in a way that the caller excluded. */
    NOT_SUPPORTED,
    FILE_NOT_FOUND,
    /** The kernel denies access. */
    FORBIDDEN,
    PATH_OUTSIDE_ROOTS,
    /** Neither a regular file nor a block device. */
    FILE_TYPE_UNSUPPORTED,
    /** Another process, or another image of this one, holds the file. */
    IMAGE_LOCKED,
    RAW_FILE_EXISTS,
    /** A raw file to be reused already holds data. */
    RAW_FILE_NOT_EMPTY,
    SIDECAR_EXISTS,
    SIDECAR_INVALID,
    /** The backing's size or modification time is not what was pinned. */
    BACKING_CHANGED,
    /** The raw file was changed while the image was closed. */
    RAW_FILE_CHANGED,
    /** Writes were answered whose bits cannot be found any more. */
    ANSWERED_WRITES_LOST,
    /** A backing carries the magic of a format and nobody said how to read it. */
    BACKING_FORMAT_UNCLEAR,
    BACKING_FORMAT_UNSUPPORTED,
    /** A value that is wrong by itself: a size, a sector size, a name. */
    INVALID_VALUE;

    /** The name in problem documents and JSON: lower case with underscores. */
    public String code() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
