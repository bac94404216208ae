package io.rawcow.posix;

import java.io.IOException;

/** A system call that was refused: which, on what, and the kernel's reason. */
public class PosixException extends IOException {
    private static final long serialVersionUID = 1;

    private final String operation;
    private final String path;
    private final int errno;

    /** @param operation a verb for the message, as in "cannot OPERATION" */
    public PosixException(String operation, String path, int errno) {
        this(operation, path, errno, Errno.message(errno));
    }

    protected PosixException(String operation, String path, int errno, String reason) {
        super("cannot %s: %s: path=%s".formatted(operation, reason, path));
        this.operation = operation;
        this.path = path;
        this.errno = errno;
    }

    public String operation() {
        return operation;
    }

    public String path() {
        return path;
    }

    /** One of the constants of {@link Errno}. */
    public int errno() {
        return errno;
    }

    /** The kernel's words for the reason, as strerror(3) has them. */
    public String reason() {
        return Errno.message(errno);
    }
}
