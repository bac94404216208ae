package io.rawcow.security;

/** Text of strangers in log lines: on one line, in one word, in bounds. */
final class Plain {
    private static final int MAX_LENGTH = 512;

    private Plain() {}

    /** Everything but visible ASCII is spelled; an equals sign would not split a line of {@code name=value}. */
    static String text(String foreign) {
        var plain = new StringBuilder();
        int length = Math.min(foreign.length(), MAX_LENGTH);
        for (int i = 0; i < length; i++) {
            char c = foreign.charAt(i);
            if (c > ' ' && c < 0x7f && c != '\\') {
                plain.append(c);
            } else {
                plain.append("\\u%04x".formatted((int) c));
            }
        }
        return length < foreign.length() ? plain + "…" : plain.toString();
    }
}
