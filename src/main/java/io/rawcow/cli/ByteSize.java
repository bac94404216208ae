package io.rawcow.cli;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes as qemu-img reads and writes them. */
final class ByteSize {
    private static final String SUFFIXES = "bkmgtpe";
    private static final Pattern DECIMAL = Pattern.compile("([0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)([" + SUFFIXES + "]?)");
    private static final Pattern HEXADECIMAL = Pattern.compile("0x([0-9a-f]{1,16})");
    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    private static final double SMALLEST_IN_NEXT_UNIT = 999.5;

    private ByteSize() {}

    /**
     * Reads a number of bytes: with a suffix of 1024, with a fraction only then; or in hexadecimal.
     *
     * @param what it is, for the message
     */
    static long parse(String what, String text) throws CommandFailure {
        String lower = text.toLowerCase(Locale.ROOT);
        Matcher hexadecimal = HEXADECIMAL.matcher(lower);
        BigDecimal bytes;
        if (hexadecimal.matches()) {
            bytes = new BigDecimal(new java.math.BigInteger(hexadecimal.group(1), 16));
        } else {
            bytes = decimal(what, text, lower);
        }
        if (bytes.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0) {
            throw CommandFailure.usage(
                    "Invalid %s specified. Must be between 0 and %d: '%s'".formatted(what, Long.MAX_VALUE, text));
        }
        return bytes.longValue();
    }

    private static BigDecimal decimal(String what, String text, String lower) throws CommandFailure {
        Matcher decimal = DECIMAL.matcher(lower);
        if (!decimal.matches()) {
            throw invalid(what, text);
        }
        String suffix = decimal.group(2);
        int power = suffix.isEmpty() ? 0 : SUFFIXES.indexOf(suffix);
        if (power == 0 && decimal.group(1).indexOf('.') >= 0) {
            throw invalid(what, text);
        }
        BigDecimal number = new BigDecimal(decimal.group(1) + (decimal.group(1).endsWith(".") ? "0" : ""));
        return number.multiply(BigDecimal.valueOf(1024).pow(power)).setScale(0, RoundingMode.DOWN);
    }

    private static CommandFailure invalid(String what, String text) {
        return CommandFailure.usage(("Invalid %s specified: '%s'. You may use k, M, G, T, P or E suffixes for%n"
                        + "kilobytes, megabytes, gigabytes, terabytes, petabytes and exabytes.")
                .formatted(what, text));
    }

    /** As qemu-img's info shows sizes: three digits and a unit. */
    static String words(long bytes) {
        double number = bytes;
        int unit = 0;
        while (number >= SMALLEST_IN_NEXT_UNIT && unit < UNITS.length - 1) {
            number /= 1024;
            unit++;
        }
        return new BigDecimal(number)
                        .round(new MathContext(3, RoundingMode.HALF_EVEN))
                        .stripTrailingZeros()
                        .toPlainString()
                + " " + UNITS[unit];
    }
}
