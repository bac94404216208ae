package io.rawcow.cli;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Images in lines that fit a terminal: what is narrow shows less, and what is low fewer. */
final class WatchTable {
    private static final String GAP = "  ";
    private static final int WIDE_BAR = 20;
    private static final int NARROW_BAR = 10;
    private static final int SHORT_NAME = 12;

    /** In the order in which they are shown. Wide enough for most, so that they keep their places. */
    private enum Column {
        NAME(0),
        STATE(10),
        BAR(0),
        PERCENT(7),
        BYTES(20),
        RATE(10),
        ETA(7),
        STATUS(9);

        private final int least;

        Column(int least) {
            this.least = least;
        }
    }

    /** What is done without, one after the other, until the lines fit. */
    private enum Economy {
        NARROW_BAR,
        NO_STATE,
        NO_BYTES,
        NO_RATE,
        SHORT_NAME,
        NO_ETA,
        NO_BAR,
        NO_STATUS
    }

    private final List<WatchRow> rows;
    private final int width;
    private final Set<Economy> economies = EnumSet.noneOf(Economy.class);

    private WatchTable(List<WatchRow> rows, int width) {
        this.rows = rows;
        this.width = width;
    }

    /**
     * The lines, each of at most so many cells.
     *
     * @param height how many lines there may be; the last one tells of those left out
     */
    static List<String> lines(List<WatchRow> rows, int width, int height) {
        if (rows.isEmpty()) {
            return List.of(Printable.cut("no images", width));
        }
        boolean all = rows.size() <= height;
        List<WatchRow> shown = all ? rows : mostInteresting(rows, Math.max(1, height - 1));
        List<String> lines = new WatchTable(shown, width).lines();
        if (!all && height > 1) {
            lines.add(Printable.cut("and %d more".formatted(rows.size() - shown.size()), width));
        }
        return lines;
    }

    /** Those with a job that is at work come first. */
    private static List<WatchRow> mostInteresting(List<WatchRow> rows, int number) {
        var sorted = new ArrayList<>(rows);
        sorted.sort((one, other) -> Boolean.compare(isIdle(one), isIdle(other)));
        return sorted.subList(0, number);
    }

    private static boolean isIdle(WatchRow row) {
        return row.status().equals("-") || row.status().equals("concluded");
    }

    private List<String> lines() {
        Map<Column, Integer> widths = widths();
        for (Economy next : Economy.values()) {
            if (total(widths) <= width) {
                break;
            }
            economies.add(next);
            widths = widths();
        }
        var lines = new ArrayList<String>();
        for (WatchRow row : rows) {
            lines.add(line(row, widths));
        }
        return lines;
    }

    private String line(WatchRow row, Map<Column, Integer> widths) {
        var cells = new ArrayList<String>();
        widths.forEach((column, cellWidth) -> cells.add(
                switch (column) {
                    case PERCENT, RATE, ETA -> Printable.right(cell(row, column), cellWidth);
                    default -> Printable.left(cell(row, column), cellWidth);
                }));
        cells.add(row.detail());
        return Printable.cut(String.join(GAP, cells).stripTrailing(), width);
    }

    private Map<Column, Integer> widths() {
        var widths = new EnumMap<Column, Integer>(Column.class);
        for (Column column : Column.values()) {
            if (isShown(column)) {
                int widest = rows.stream()
                        .mapToInt(row -> Printable.width(cell(row, column)))
                        .max()
                        .orElse(0);
                widths.put(column, Math.max(widest, column.least));
            }
        }
        return widths;
    }

    private static int total(Map<Column, Integer> widths) {
        return widths.values().stream().mapToInt(Integer::intValue).sum() + GAP.length() * (widths.size() - 1);
    }

    private boolean saves(Economy economy) {
        return economies.contains(economy);
    }

    private boolean isShown(Column column) {
        return switch (column) {
            case NAME, PERCENT -> true;
            case STATE -> !saves(Economy.NO_STATE);
            case BAR -> !saves(Economy.NO_BAR);
            case BYTES -> !saves(Economy.NO_BYTES);
            case RATE -> !saves(Economy.NO_RATE);
            case ETA -> !saves(Economy.NO_ETA);
            case STATUS -> !saves(Economy.NO_STATUS);
        };
    }

    private String cell(WatchRow row, Column column) {
        return switch (column) {
            case NAME -> saves(Economy.SHORT_NAME) ? Printable.cut(row.name(), SHORT_NAME) : row.name();
            case STATE -> row.state();
            case BAR -> Progress.bar(row.progress(), saves(Economy.NARROW_BAR) ? NARROW_BAR : WIDE_BAR);
            case PERCENT -> row.percent();
            case BYTES -> row.bytes();
            case RATE -> row.rate();
            case ETA -> row.eta();
            case STATUS -> row.status();
        };
    }
}
