package io.rawcow.cli;

import java.lang.Character.UnicodeScript;

/** Text of somebody else on a terminal: what it would order the terminal to do is spelled out, and how wide it is. */
final class Printable {
    private Printable() {}

    /** The text with every letter that shows nothing, or turns the others round, as its number. */
    static String of(String text) {
        var shown = new StringBuilder(text.length());
        text.codePoints().forEach(letter -> {
            if (isPlain(letter)) {
                shown.appendCodePoint(letter);
            } else {
                shown.append(letter < 0x100 ? "\\x%02x".formatted(letter) : "\\u{%x}".formatted(letter));
            }
        });
        return shown.toString();
    }

    private static boolean isPlain(int letter) {
        return switch (Character.getType(letter)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED -> false;
            default -> true;
        };
    }

    /** How many cells of a terminal it takes. */
    static int width(String text) {
        return text.codePoints().map(Printable::cells).sum();
    }

    private static int cells(int letter) {
        int type = Character.getType(letter);
        if (type == Character.NON_SPACING_MARK || type == Character.ENCLOSING_MARK) {
            return 0;
        }
        boolean halfWidth = letter >= 0xff61 && letter <= 0xffdc;
        boolean wide = switch (UnicodeScript.of(letter)) {
            case HAN, HIRAGANA, KATAKANA, HANGUL, BOPOMOFO, YI, TANGUT -> !halfWidth;
            default ->
                Character.isEmojiPresentation(letter)
                        || (letter >= 0x3000 && letter <= 0x303e)
                        || (letter >= 0xff01 && letter <= 0xff60)
                        || (letter >= 0xffe0 && letter <= 0xffe6);
        };
        return wide ? 2 : 1;
    }

    /** The text if it fits, else its beginning and an ellipsis. */
    static String cut(String text, int cells) {
        if (width(text) <= cells) {
            return text;
        }
        var beginning = new StringBuilder();
        int used = 1;
        for (int letter : text.codePoints().toArray()) {
            used += cells(letter);
            if (used > cells) {
                break;
            }
            beginning.appendCodePoint(letter);
        }
        return cells < 1 ? "" : beginning.append('…').toString();
    }

    /** Filled up with blanks behind it. */
    static String left(String text, int cells) {
        return text + " ".repeat(Math.max(0, cells - width(text)));
    }

    /** Filled up with blanks before it, as numbers are. */
    static String right(String text, int cells) {
        return " ".repeat(Math.max(0, cells - width(text))) + text;
    }
}
