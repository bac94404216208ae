package io.rawcow.catalog;

import io.rawcow.block.FaultKind;
import java.util.Locale;

/**
 * What can be wrong with a request, for programs. {@code docs/problems.md} says of each when it comes and what to do.
 */
public enum ProblemCode {
    MALFORMED_REQUEST,
    UNKNOWN_FIELD,
    MISSING_FIELD,
    INVALID_VALUE,
    INVALID_NAME,
    UNAUTHENTICATED,
    FORBIDDEN,
    PATH_OUTSIDE_ROOTS,
    IMAGE_NOT_FOUND,
    JOB_NOT_FOUND,
    EXPORT_NOT_FOUND,
    FILE_NOT_FOUND,
    NOT_FOUND,
    METHOD_NOT_ALLOWED,
    NOT_ACCEPTABLE,
    IMAGE_DIFFERS,
    JOB_DIFFERS,
    EXPORT_DIFFERS,
    IMAGE_IN_USE,
    EXPORT_IN_USE,
    JOB_ACTIVE,
    WRONG_JOB_STATUS,
    IMAGE_LOCKED,
    RAW_FILE_EXISTS,
    RAW_FILE_NOT_EMPTY,
    SIDECAR_EXISTS,
    BACKING_CHANGED,
    RAW_FILE_CHANGED,
    ANSWERED_WRITES_LOST,
    IMAGE_FAILED,
    IMAGE_UNAVAILABLE,
    BODY_TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    SIDECAR_INVALID,
    FILE_TYPE_UNSUPPORTED,
    BACKING_FORMAT_UNCLEAR,
    BACKING_FORMAT_UNSUPPORTED,
    RATE_LIMITED,
    IO_ERROR,
    INTERNAL,
    SHUTTING_DOWN,
    BUSY,
    NO_SPACE;

    /** The code as it stands in problem documents. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    static ProblemCode of(FaultKind kind) {
        return switch (kind) {
            case IO_ERROR -> IO_ERROR;
            case NO_SPACE -> NO_SPACE;
            case OUT_OF_RANGE, INVALID_VALUE -> INVALID_VALUE;
            case IMAGE_FAILED -> IMAGE_FAILED;
            case IMAGE_CLOSED -> IMAGE_UNAVAILABLE;
            case CANCELLED -> BUSY;
            case NOT_SUPPORTED -> INVALID_VALUE;
            case FILE_NOT_FOUND -> FILE_NOT_FOUND;
            case FORBIDDEN -> FORBIDDEN;
            case PATH_OUTSIDE_ROOTS -> PATH_OUTSIDE_ROOTS;
            case FILE_TYPE_UNSUPPORTED -> FILE_TYPE_UNSUPPORTED;
            case IMAGE_LOCKED -> IMAGE_LOCKED;
            case RAW_FILE_EXISTS -> RAW_FILE_EXISTS;
            case RAW_FILE_NOT_EMPTY -> RAW_FILE_NOT_EMPTY;
            case SIDECAR_EXISTS -> SIDECAR_EXISTS;
            case SIDECAR_INVALID -> SIDECAR_INVALID;
            case BACKING_CHANGED -> BACKING_CHANGED;
            case RAW_FILE_CHANGED -> RAW_FILE_CHANGED;
            case ANSWERED_WRITES_LOST -> ANSWERED_WRITES_LOST;
            case BACKING_FORMAT_UNCLEAR -> BACKING_FORMAT_UNCLEAR;
            case BACKING_FORMAT_UNSUPPORTED -> BACKING_FORMAT_UNSUPPORTED;
        };
    }
}
