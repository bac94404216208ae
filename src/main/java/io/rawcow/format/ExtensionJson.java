package io.rawcow.format;

import io.rawcow.format.Extension.Clean;
import io.rawcow.format.Extension.Dirty;
import java.io.ByteArrayOutputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

/** {@link Extension} as JSON, and back. */
final class ExtensionJson {
    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private ExtensionJson() {}

    static byte[] encode(Extension extension) {
        var bytes = new ByteArrayOutputStream(512);
        try (JsonGenerator out = JSON.createGenerator(ObjectWriteContext.empty(), bytes)) {
            out.writeStartObject();
            out.writeStringProperty("uuid", extension.uuid());
            out.writeStringProperty("state", extension.state().word());
            write(out, "backingFormat", extension.backingFormat());
            write(out, "backingSize", extension.backingSize());
            write(out, "backingMtimeNs", extension.backingMtimeNanos());
            write(out, "backingEtag", extension.backingEtag());
            if (extension.clean() != null) {
                out.writeObjectPropertyStart("clean");
                out.writeNumberProperty("rawSize", extension.clean().rawSize());
                write(out, "rawMtimeNs", extension.clean().rawMtimeNanos());
                out.writeEndObject();
            }
            if (extension.dirty() != null) {
                out.writeObjectPropertyStart("dirty");
                out.writeStringProperty("bootId", extension.dirty().bootId());
                out.writeStringProperty("nonce", extension.dirty().nonce());
                out.writeEndObject();
            }
            out.writeArrayPropertyStart("requires");
            extension.requires().forEach(out::writeString);
            out.writeEndArray();
            out.writeEndObject();
        }
        return bytes.toByteArray();
    }

    private static void write(JsonGenerator out, String name, @Nullable String value) {
        if (value != null) {
            out.writeStringProperty(name, value);
        }
    }

    private static void write(JsonGenerator out, String name, @Nullable Long value) {
        if (value != null) {
            out.writeNumberProperty(name, value);
        }
    }

    /** @throws IllegalArgumentException if it is no such JSON, saying why */
    static Extension decode(byte[] json) {
        Map<String, Object> fields;
        // As text, because the parser would take bytes of UTF-16 too.
        try (JsonParser in = JSON.createParser(ObjectReadContext.empty(), Utf8.decode(json, 0, json.length))) {
            require(in.nextToken() == JsonToken.START_OBJECT, "the extension is not a JSON object");
            fields = object(in, 0);
            require(in.nextToken() == null, "the extension has something behind its JSON object");
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("the extension is not UTF-8", e);
        } catch (JacksonException e) {
            throw new IllegalArgumentException("the extension is not JSON: " + e.getOriginalMessage(), e);
        }
        return new Extension(
                required(fields, "uuid", String.class),
                state(required(fields, "state", String.class)),
                optional(fields, "backingFormat", String.class),
                optional(fields, "backingSize", Long.class),
                optional(fields, "backingMtimeNs", Long.class),
                optional(fields, "backingEtag", String.class),
                clean(optional(fields, "clean", Map.class)),
                dirty(optional(fields, "dirty", Map.class)),
                requires(optional(fields, "requires", List.class)));
    }

    private static SidecarState state(String word) {
        for (SidecarState state : SidecarState.values()) {
            if (state.word().equals(word)) {
                return state;
            }
        }
        throw new IllegalArgumentException("the extension has an unknown state: state=" + word);
    }

    private static @Nullable Clean clean(@Nullable Map<?, ?> fields) {
        return fields == null
                ? null
                : new Clean(required(fields, "rawSize", Long.class), optional(fields, "rawMtimeNs", Long.class));
    }

    private static @Nullable Dirty dirty(@Nullable Map<?, ?> fields) {
        return fields == null
                ? null
                : new Dirty(required(fields, "bootId", String.class), required(fields, "nonce", String.class));
    }

    private static List<String> requires(@Nullable List<?> names) {
        var known = new ArrayList<String>();
        for (Object name : names == null ? List.of() : names) {
            require(name instanceof String, "the extension's \"requires\" holds something that is not a name");
            known.add((String) name);
        }
        return known;
    }

    private static <T> T required(Map<?, ?> fields, String name, Class<T> type) {
        T value = optional(fields, name, type);
        if (value == null) {
            throw new IllegalArgumentException("the extension has no \"%s\"".formatted(name));
        }
        return value;
    }

    private static <T> @Nullable T optional(Map<?, ?> fields, String name, Class<T> type) {
        Object value = fields.get(name);
        require(
                value == null || type.isInstance(value),
                "the extension's \"%s\" is not a %s"
                        .formatted(name, type.getSimpleName().toLowerCase(Locale.ROOT)));
        return type.cast(value);
    }

    private static Map<String, Object> object(JsonParser in, int depth) {
        require(depth < 8, "the extension's JSON is nested too deeply");
        var fields = new HashMap<String, Object>();
        while (in.nextToken() != JsonToken.END_OBJECT) {
            String name = in.currentName();
            in.nextToken();
            Object value = value(in, depth);
            if (value != null) {
                fields.put(name, value);
            }
        }
        return fields;
    }

    private static @Nullable Object value(JsonParser in, int depth) {
        return switch (in.currentToken()) {
            case START_OBJECT -> object(in, depth + 1);
            case START_ARRAY -> array(in, depth + 1);
            case VALUE_STRING -> text(in.getString());
            case VALUE_NUMBER_INT -> in.getLongValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NUMBER_FLOAT -> in.getDoubleValue();
            default -> null;
        };
    }

    /** An escape can name half a character, which could never be written back. */
    private static String text(String value) {
        require(StandardCharsets.UTF_8.newEncoder().canEncode(value), "the extension has text that is not Unicode");
        return value;
    }

    private static List<Object> array(JsonParser in, int depth) {
        require(depth < 8, "the extension's JSON is nested too deeply");
        var values = new ArrayList<Object>();
        while (in.nextToken() != JsonToken.END_ARRAY) {
            Object value = value(in, depth);
            if (value != null) {
                values.add(value);
            }
        }
        return values;
    }

    private static void require(boolean holds, String rule) {
        if (!holds) {
            throw new IllegalArgumentException(rule);
        }
    }
}
