package io.rawcow.posix;

/** A name that leads to something which is neither a regular file nor a block device. */
public final class WrongFileTypeException extends PosixException {
    private static final long serialVersionUID = 1;

    private final FileType type;

    public WrongFileTypeException(String operation, String path, FileType type) {
        super(operation, path, Errno.EINVAL, "it is a %s, not a regular file or block device".formatted(type));
        this.type = type;
    }

    public FileType type() {
        return type;
    }
}
