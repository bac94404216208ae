package io.rawcow.block;

import io.rawcow.posix.Errno;
import io.rawcow.posix.PosixException;
import io.rawcow.posix.WrongFileTypeException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Something that could not be done with an image or one of its files. The message says what, why and the facts as
 * {@code name=value}; {@link #action} says what to do next where there is something to do.
 */
public final class BlockException extends IOException {
    private static final long serialVersionUID = 1;

    private final FaultKind kind;
    private final int errno;
    private final @Nullable String action;

    public BlockException(FaultKind kind, String message) {
        this(kind, message, null, null);
    }

    public BlockException(FaultKind kind, String message, @Nullable Throwable cause) {
        this(kind, message, null, cause);
    }

    private BlockException(FaultKind kind, String message, @Nullable String action, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
        this.errno = switch (cause) {
            case PosixException posix -> posix.errno();
            case BlockException block -> block.errno;
            case null, default -> 0;
        };
        this.action = action;
    }

    /** Says which of our files it was that the kernel refused. */
    public static BlockException of(PosixException cause, String what) {
        String message = "cannot %s %s: %s: path=%s".formatted(cause.operation(), what, reason(cause), cause.path());
        return new BlockException(kindOf(cause), message, cause);
    }

    /** As {@link #of(PosixException, String)} for a transfer at an offset. */
    public static BlockException at(PosixException cause, String what, long offset, long length) {
        String message = "cannot %s %s: %s: offset=%d length=%d path=%s"
                .formatted(cause.operation(), what, reason(cause), offset, length, cause.path());
        return new BlockException(kindOf(cause), message, cause);
    }

    private static String reason(PosixException cause) {
        return cause instanceof WrongFileTypeException wrong
                ? "it is a %s, not a regular file or block device".formatted(wrong.type())
                : cause.reason();
    }

    private static FaultKind kindOf(PosixException cause) {
        if (cause instanceof WrongFileTypeException) {
            return FaultKind.FILE_TYPE_UNSUPPORTED;
        }
        return switch (cause.errno()) {
            case Errno.ENOENT, Errno.ENOTDIR, Errno.ENXIO -> FaultKind.FILE_NOT_FOUND;
            case Errno.EACCES, Errno.EPERM, Errno.EROFS, Errno.ELOOP -> FaultKind.FORBIDDEN;
            case Errno.EXDEV -> FaultKind.PATH_OUTSIDE_ROOTS;
            case Errno.ENOSPC, Errno.EDQUOT, Errno.EFBIG -> FaultKind.NO_SPACE;
            case Errno.EBUSY -> FaultKind.IMAGE_LOCKED;
            case Errno.ENAMETOOLONG -> FaultKind.INVALID_VALUE;
            default -> FaultKind.IO_ERROR;
        };
    }

    /** The same trouble with a sentence that says what to do about it. */
    public BlockException withAction(String nextStep) {
        Throwable cause = getCause();
        var copy = new BlockException(kind, String.valueOf(getMessage()), nextStep, cause);
        copy.setStackTrace(getStackTrace());
        return copy;
    }

    public FaultKind kind() {
        return kind;
    }

    /** The kernel's error number, or 0 if no system call failed. */
    public int errno() {
        return errno;
    }

    /** What to do next; null where there is nothing to say. */
    public @Nullable String action() {
        return action;
    }
}
