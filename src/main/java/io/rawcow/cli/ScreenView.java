package io.rawcow.cli;

import io.rawcow.cli.remote.ServiceException;
import io.rawcow.posix.TerminalWindow;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Lines of a terminal that are drawn over. Each picture is one write that ends with the cursor visible, below the
 * lines: whatever happens to the process between two of them, the terminal is in order.
 */
final class ScreenView implements WatchView {
    private static final String HIDE_CURSOR = "\033[?25l";
    private static final String SHOW_CURSOR = "\033[?25h";
    private static final String TO_END_OF_LINE = "\033[K";
    private static final String TO_END_OF_SCREEN = "\033[J";

    private final PrintWriter out;
    private final PrintWriter err;
    private final Supplier<TerminalWindow> window;
    private List<String> drawn = List.of();
    private int columns;
    private boolean closed;

    /** @param window asked before every picture, because it changes */
    ScreenView(PrintWriter out, PrintWriter err, Supplier<TerminalWindow> window) {
        this.out = out;
        this.err = err;
        this.window = window;
    }

    @Override
    public void show(List<WatchedImage> images) throws ServiceException, CommandFailure {
        var rows = new ArrayList<WatchRow>(images.size());
        for (WatchedImage image : images) {
            rows.add(WatchRow.of(image));
        }
        TerminalWindow now = window.get();
        // The last column stays free, and so does the line of the cursor: nothing wraps or scrolls.
        draw(WatchTable.lines(rows, Math.max(1, now.columns() - 1), Math.max(1, now.rows() - 1)), now.columns());
        if (out.checkError()) {
            throw ChangeView.nobodyReads();
        }
    }

    private synchronized void draw(List<String> lines, int width) {
        if (closed || (lines.equals(drawn) && width == columns)) {
            return;
        }
        var picture = new StringBuilder(HIDE_CURSOR).append(back(width));
        lines.forEach(line -> picture.append(line).append(TO_END_OF_LINE).append('\n'));
        out.print(picture.append(TO_END_OF_SCREEN).append(SHOW_CURSOR));
        out.flush();
        drawn = lines;
        columns = width;
    }

    /** To the beginning of what was drawn; a terminal that was made narrower has wrapped it. */
    private String back(int width) {
        int rows = drawn.stream()
                .mapToInt(line -> Math.max(1, Math.ceilDiv(Printable.width(line), width)))
                .sum();
        return rows == 0 ? "\r" : "\r\033[%dA".formatted(rows);
    }

    @Override
    public synchronized void say(String message) {
        if (closed) {
            return;
        }
        // Above the lines: they are taken away, and drawn again below it.
        List<String> lines = drawn;
        out.print(back(Math.max(1, columns)) + TO_END_OF_SCREEN);
        out.flush();
        err.println(message);
        err.flush();
        drawn = List.of();
        draw(lines, columns);
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            out.print("\r" + TO_END_OF_LINE + SHOW_CURSOR);
            out.flush();
        }
    }
}
