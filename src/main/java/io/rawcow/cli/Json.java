package io.rawcow.cli;

import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.PrettyPrinter;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.core.util.DefaultIndenter;
import tools.jackson.core.util.DefaultPrettyPrinter;
import tools.jackson.core.util.Separators;
import tools.jackson.core.util.Separators.Spacing;

/** Maps and lists as JSON in the layout of qemu-img. */
final class Json {
    private static final DefaultIndenter INDENT = new DefaultIndenter("    ", "\n");

    private Json() {}

    /** @param value of maps with names, lists, strings, whole and other numbers and booleans */
    static String write(Map<String, ?> value) {
        return text(new JsonFactory(), layout(), value);
    }

    /**
     * As {@link #write}, for what somebody else said: only ASCII, in which no letter is an order to a terminal.
     *
     * @param values each of them as there
     */
    static String writeForeign(List<? extends Map<String, ?>> values) {
        return text(ascii(), layout(), values);
    }

    /** On one line, and only in ASCII. */
    static String lineForeign(Map<String, ?> value) {
        return text(ascii(), null, value);
    }

    private static JsonFactory ascii() {
        return JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();
    }

    private static PrettyPrinter layout() {
        return new DefaultPrettyPrinter(Separators.createDefaultInstance().withObjectNameValueSpacing(Spacing.AFTER))
                .withObjectIndenter(INDENT)
                .withArrayIndenter(INDENT);
    }

    private static String text(JsonFactory factory, @Nullable PrettyPrinter layout, Object value) {
        var text = new StringWriter();
        var context = new ObjectWriteContext.Base() {
            @Override
            public @Nullable PrettyPrinter getPrettyPrinter() {
                return layout;
            }
        };
        try (JsonGenerator out = factory.createGenerator(context, text)) {
            write(out, value);
        }
        return text.toString();
    }

    private static void write(JsonGenerator out, @Nullable Object value) {
        switch (value) {
            case null -> out.writeNull();
            case Map<?, ?> map -> {
                out.writeStartObject();
                map.forEach((name, member) -> {
                    out.writeName(name.toString());
                    write(out, member);
                });
                out.writeEndObject();
            }
            case List<?> list -> {
                out.writeStartArray();
                list.forEach(element -> write(out, element));
                out.writeEndArray();
            }
            case Boolean truth -> out.writeBoolean(truth);
            case Integer number -> out.writeNumber(number);
            case Long number -> out.writeNumber(number);
            case Double number -> out.writeNumber(number);
            default -> out.writeString(value.toString());
        }
    }
}
