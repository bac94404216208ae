package io.rawcow.cli;

import io.rawcow.posix.TerminalWindow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Whether somebody is watching. */
final class Terminal {
    private Terminal() {}

    /** Without System.console(), which wants standard input to be a terminal too and loads a lot. */
    static boolean isStandardOutput() {
        try {
            String target = Files.readSymbolicLink(Path.of("/proc/self/fd/1")).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }

    /** What standard output shows at once, now. COLUMNS and LINES come first, as with other programs; else 80 by 24. */
    static TerminalWindow window(Map<String, String> environment) {
        TerminalWindow actual = TerminalWindow.of(1).orElse(new TerminalWindow(80, 24));
        return new TerminalWindow(
                positive(environment.get("COLUMNS"), actual.columns()),
                positive(environment.get("LINES"), actual.rows()));
    }

    private static int positive(@Nullable String text, int otherwise) {
        return text != null && text.matches("[1-9][0-9]{0,3}") ? Integer.parseInt(text) : otherwise;
    }
}
