package io.rawcow.cli;

/** What a command ends with; those of qemu-img. */
final class ExitCode {
    static final int OK = 0;
    static final int FAILED = 1;
    static final int CORRUPTIONS = 2;
    static final int LEAKS = 3;
    static final int CHECK_UNSUPPORTED = 63;

    private ExitCode() {}
}
