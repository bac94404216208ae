package io.rawcow.posix;

/** Whom the kernel takes this process for. */
public final class User {
    private static final int EFFECTIVE_ID = LibC.geteuid();

    private User() {}

    /** The owner of the files that this process makes. */
    public static int effectiveId() {
        return EFFECTIVE_ID;
    }
}
