package io.rawcow.nbd;

/** The error numbers of replies: the same everywhere, whatever the system's own are. */
public enum NbdError {
    EPERM(1),
    EIO(5),
    ENOMEM(12),
    EINVAL(22),
    ENOSPC(28),
    EOVERFLOW(75),
    ENOTSUP(95),
    ESHUTDOWN(108);

    private final int number;

    NbdError(int number) {
        this.number = number;
    }

    /** @throws IllegalArgumentException for a number that no reply has */
    public static NbdError of(int number) {
        for (NbdError error : values()) {
            if (error.number == number) {
                return error;
            }
        }
        throw new IllegalArgumentException("no error of the protocol: number=" + number);
    }

    public int number() {
        return number;
    }
}
