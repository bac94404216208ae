package io.rawcow.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a terminal shows after all that was written to it: enough of one for what we write, and nothing else is let
 * pass. Lines are as long as they come; whoever wants to know whether they fit asks {@link #widest}.
 */
final class TerminalScreen {
    private static final Pattern ORDER = Pattern.compile("\033\\[(\\??[0-9]*)([A-Za-z])");

    private final List<StringBuilder> lines = new ArrayList<>(List.of(new StringBuilder()));
    private int row;
    private int column;
    private int widest;
    private boolean cursorVisible = true;

    TerminalScreen write(String text) {
        Matcher order = ORDER.matcher(text);
        for (int at = 0; at < text.length(); at++) {
            char letter = text.charAt(at);
            switch (letter) {
                case '\r' -> column = 0;
                case '\n' -> down();
                case '\033' -> {
                    if (!order.find(at) || order.start() != at) {
                        throw new IllegalStateException("unknown order: " + text.substring(at));
                    }
                    obey(order.group(1), order.group(2));
                    at = order.end() - 1;
                }
                default -> put(letter);
            }
        }
        return this;
    }

    private void down() {
        row++;
        column = 0;
        if (row == lines.size()) {
            lines.add(new StringBuilder());
        }
    }

    private void put(char letter) {
        StringBuilder line = lines.get(row);
        line.append(" ".repeat(Math.max(0, column + 1 - line.length())));
        line.setCharAt(column, letter);
        column++;
        widest = Math.max(widest, column);
    }

    private void obey(String number, String order) {
        switch (number + order) {
            case "?25l" -> cursorVisible = false;
            case "?25h" -> cursorVisible = true;
            case "K" -> cutLine();
            case "J" -> {
                cutLine();
                lines.subList(row + 1, lines.size()).clear();
            }
            default -> {
                if (!order.equals("A") || Integer.parseInt(number) > row) {
                    throw new IllegalStateException("cannot do: " + number + order + " in row " + row);
                }
                row -= Integer.parseInt(number);
            }
        }
    }

    private void cutLine() {
        StringBuilder line = lines.get(row);
        line.setLength(Math.min(line.length(), column));
    }

    /** What can be seen, without empty lines at the end. */
    List<String> shown() {
        var shown = new ArrayList<>(
                lines.stream().map(line -> line.toString().stripTrailing()).toList());
        while (!shown.isEmpty() && shown.getLast().isEmpty()) {
            shown.removeLast();
        }
        return shown;
    }

    /** The rightmost column that was ever written to. */
    int widest() {
        return widest;
    }

    boolean isCursorVisible() {
        return cursorVisible;
    }
}
