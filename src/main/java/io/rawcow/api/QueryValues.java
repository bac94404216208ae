package io.rawcow.api;

import io.rawcow.catalog.ProblemCode;
import io.rawcow.catalog.ProblemException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads the values of query parameters, by the letter. */
final class QueryValues {
    private static final Pattern INTEGER = Pattern.compile("0|[1-9][0-9]{0,18}");
    private static final Pattern CURSOR = Pattern.compile("[A-Za-z0-9_-]{1,512}");
    private static final Pattern WAIT = Pattern.compile("(0|[1-9][0-9]{0,4})(ms|s|m)");
    private static final Duration LONGEST_WAIT = Duration.ofMinutes(1);
    private static final int DEFAULT_LIMIT = 100;
    private static final int MAX_LIMIT = 1000;

    private QueryValues() {}

    static int limit(@Nullable String stated) {
        Long limit = integer("limit", stated, 1, MAX_LIMIT);
        return limit == null ? DEFAULT_LIMIT : limit.intValue();
    }

    static @Nullable Long integer(String name, @Nullable String stated, long min, long max) {
        if (stated == null) {
            return null;
        }
        String rule = "%s is an integer from %d to %d".formatted(name, min, max);
        if (!INTEGER.matcher(stated).matches()) {
            throw invalid(name, stated, rule);
        }
        try {
            long value = Long.parseLong(stated);
            if (value >= min && value <= max) {
                return value;
            }
        } catch (NumberFormatException e) {
            // 19 digits that are more than a long holds: as wrong as any other number out of range.
        }
        throw invalid(name, stated, rule);
    }

    static @Nullable String cursor(@Nullable String stated) {
        if (stated != null && !CURSOR.matcher(stated).matches()) {
            throw invalid("cursor", stated, "the cursor is not one that a list gave out");
        }
        return stated;
    }

    /** Up to a minute, as {@code 500ms}, {@code 30s} or {@code 1m}. */
    static Duration wait(@Nullable String stated) {
        if (stated == null) {
            return Duration.ZERO;
        }
        Matcher parts = WAIT.matcher(stated);
        if (parts.matches()) {
            long amount = Long.parseLong(parts.group(1));
            Duration wait = switch (parts.group(2)) {
                case "ms" -> Duration.ofMillis(amount);
                case "s" -> Duration.ofSeconds(amount);
                default -> Duration.ofMinutes(amount);
            };
            if (wait.compareTo(LONGEST_WAIT) <= 0) {
                return wait;
            }
        }
        throw invalid("wait", stated, "wait is a whole number of ms, s or m, up to one minute");
    }

    /** @throws ProblemException INVALID_VALUE unless it is one of both words or not stated */
    static boolean isSecond(String name, @Nullable String stated, String first, String second) {
        if (stated == null || stated.equals(first)) {
            return false;
        }
        if (stated.equals(second)) {
            return true;
        }
        throw invalid(name, stated, "%s is %s or %s".formatted(name, first, second));
    }

    /**
     * One of an enum's words, in lower case.
     *
     * @throws ProblemException INVALID_VALUE if it is none
     */
    static <E extends Enum<E>> E word(String name, @Nullable String stated, E usual) {
        if (stated == null) {
            return usual;
        }
        List<E> all = List.of(usual.getDeclaringClass().getEnumConstants());
        return all.stream()
                .filter(each -> wordOf(each).equals(stated))
                .findFirst()
                .orElseThrow(() -> invalid(
                        name,
                        stated,
                        "%s is one of: %s"
                                .formatted(
                                        name,
                                        all.stream().map(QueryValues::wordOf).collect(Collectors.joining(", ")))));
    }

    private static String wordOf(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    private static ProblemException invalid(String name, String stated, String rule) {
        return ProblemException.ofField(
                ProblemCode.INVALID_VALUE, rule, name, stated, "correct the value and repeat the request");
    }
}
