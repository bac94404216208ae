package io.rawcow.posix;

import java.util.Optional;

/** How much a terminal shows at once. */
public record TerminalWindow(int columns, int rows) {

    /** As it is now; empty for what is no terminal, or one that does not know its size. */
    public static Optional<TerminalWindow> of(int descriptor) {
        return Ioctl.windowSize(descriptor).filter(window -> window.columns > 0 && window.rows > 0);
    }
}
