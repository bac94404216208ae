package io.rawcow.block;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;

/** Something for every word of an enum, made once: unlike a map it has no gaps. As safe as what is in it. */
public final class EnumTable<E extends Enum<E>, T> {
    private final List<T> values;

    public EnumTable(Class<E> words, Supplier<T> maker) {
        values = Arrays.stream(words.getEnumConstants()).map(_ -> maker.get()).toList();
    }

    /** A count for every word. */
    public static <E extends Enum<E>> EnumTable<E, LongAdder> counts(Class<E> words) {
        return new EnumTable<>(words, LongAdder::new);
    }

    @SuppressWarnings("EnumOrdinal") // made from the same words in the same process
    public T get(E word) {
        return values.get(word.ordinal());
    }
}
