package io.rawcow.catalog;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A part of a list in the order of names.
 *
 * @param next to be given back for the part behind this one; null at the end
 */
public record Page<T>(List<T> items, @Nullable String next) {

    /** @param sorted in the order of their names */
    public static <S, T> Page<T> of(
            Stream<S> sorted, Function<S, String> name, Function<S, T> view, int limit, @Nullable String cursor) {
        String after = cursor == null ? "" : decode(cursor);
        List<S> some = sorted.filter(item -> name.apply(item).compareTo(after) > 0)
                .limit(limit + 1L)
                .toList();
        boolean more = some.size() > limit;
        List<S> shown = more ? some.subList(0, limit) : some;
        return new Page<>(shown.stream().map(view).toList(), more ? encode(name.apply(shown.getLast())) : null);
    }

    private static String encode(String name) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(name.getBytes(StandardCharsets.UTF_8));
    }

    private static String decode(String cursor) {
        try {
            return new String(Base64.getUrlDecoder().decode(cursor), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw ProblemException.ofField(
                    ProblemCode.INVALID_VALUE,
                    "the cursor is not one that a list gave out",
                    "cursor",
                    cursor,
                    "begin the list again without a cursor");
        }
    }
}
