package io.rawcow.api;

import io.rawcow.catalog.ProblemCode;
import io.rawcow.catalog.ProblemException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * The body of a request, read by the letter: an object, its fields known, each once and of its very type. A field that
 * is not stated reads as null; one that is stated as {@code null} is refused.
 */
final class JsonBody {
    private static final String CORRECT = "correct the value and repeat the request";

    private final JsonNode object;

    private JsonBody(JsonNode object) {
        this.object = object;
    }

    /** @throws ProblemException MALFORMED_REQUEST */
    static JsonBody parse(byte[] utf8) {
        if (utf8.length == 0) {
            throw malformed("the request needs a body: a JSON object");
        }
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(utf8))
                    .toString();
            JsonNode node = ApiJson.MAPPER.readTree(text);
            if (!node.isObject()) {
                throw malformed("the body is not a JSON object");
            }
            return new JsonBody(node);
        } catch (CharacterCodingException e) {
            throw malformed("the body is not UTF-8");
        } catch (JacksonException e) {
            throw malformed(reasonOf(e) + placeOf(e));
        }
    }

    private static String reasonOf(JacksonException e) {
        String message = e.getOriginalMessage();
        return message != null && message.startsWith("Duplicate") ? "the body has a key twice" : "the body is not JSON";
    }

    private static String placeOf(JacksonException e) {
        var location = e.getLocation();
        return location == null || location.getLineNr() < 1
                ? ""
                : ": line=%d column=%d".formatted(location.getLineNr(), location.getColumnNr());
    }

    private static ProblemException malformed(String detail) {
        return new ProblemException(ProblemCode.MALFORMED_REQUEST, detail).withAction("correct the request");
    }

    /** @throws ProblemException UNKNOWN_FIELD if the body has any other field */
    JsonBody allowing(String... fields) {
        List<String> known = Arrays.asList(fields);
        for (String name : object.propertyNames()) {
            if (!known.contains(name)) {
                throw ProblemException.ofField(
                        ProblemCode.UNKNOWN_FIELD,
                        "there is no such field; there are: " + String.join(", ", known),
                        shortened(name),
                        null,
                        "correct the name, or leave the field out");
            }
        }
        return this;
    }

    /** @throws ProblemException MISSING_FIELD */
    static <T> T require(String field, @Nullable T value) {
        if (value == null) {
            throw ProblemException.ofField(
                    ProblemCode.MISSING_FIELD,
                    field + " is needed here",
                    field,
                    null,
                    "state the field and repeat the request");
        }
        return value;
    }

    /** Text without a NUL, of 1 to {@code maxBytes} bytes in UTF-8. */
    @Nullable
    String text(String field, int maxBytes) {
        return text(field, 1, maxBytes);
    }

    /** Text without a NUL, of so many bytes in UTF-8. */
    @Nullable
    String text(String field, int minBytes, int maxBytes) {
        JsonNode node = object.get(field);
        if (node == null) {
            return null;
        }
        if (!node.isString()) {
            throw invalid(field, node, field + " is a string");
        }
        String text = node.stringValue();
        if (text.indexOf('\0') >= 0 || !isUnicode(text)) {
            throw invalid(field, node, field + " has a character that cannot be part of it");
        }
        int bytes = text.getBytes(StandardCharsets.UTF_8).length;
        if (bytes < minBytes || bytes > maxBytes) {
            throw invalid(field, node, "%s has %d to %d bytes".formatted(field, minBytes, maxBytes));
        }
        return text;
    }

    private static boolean isUnicode(String text) {
        return StandardCharsets.UTF_8.newEncoder().canEncode(text);
    }

    /** An integer written as one. */
    @Nullable
    Long integer(String field, long min, long max) {
        JsonNode node = object.get(field);
        if (node == null) {
            return null;
        }
        if (!node.isIntegralNumber()) {
            throw invalid(field, node, field + " is an integer");
        }
        if (!node.canConvertToLong() || node.longValue() < min || node.longValue() > max) {
            throw invalid(field, node, "%s is an integer from %d to %d".formatted(field, min, max));
        }
        return node.longValue();
    }

    @Nullable
    Boolean flag(String field) {
        JsonNode node = object.get(field);
        if (node == null) {
            return null;
        }
        if (!node.isBoolean()) {
            throw invalid(field, node, field + " is true or false");
        }
        return node.booleanValue();
    }

    /** One of an enum's words, in lower case. */
    <E extends Enum<E>> @Nullable E word(String field, Class<E> type) {
        JsonNode node = object.get(field);
        if (node == null) {
            return null;
        }
        for (E value : type.getEnumConstants()) {
            if (node.isString() && wordOf(value).equals(node.stringValue())) {
                return value;
            }
        }
        throw oneOf(
                field,
                node,
                Arrays.stream(type.getEnumConstants()).map(JsonBody::wordOf).toList());
    }

    /** One of some words. */
    @Nullable
    String word(String field, List<String> words) {
        JsonNode node = object.get(field);
        if (node == null) {
            return null;
        }
        if (!node.isString() || !words.contains(node.stringValue())) {
            throw oneOf(field, node, words);
        }
        return node.stringValue();
    }

    private static String wordOf(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    private static ProblemException oneOf(String field, JsonNode node, List<String> words) {
        return invalid(field, node, field + " is one of: " + String.join(", ", words));
    }

    private static ProblemException invalid(String field, JsonNode node, String rule) {
        return ProblemException.ofField(ProblemCode.INVALID_VALUE, rule, field, plain(node), CORRECT);
    }

    private static @Nullable Object plain(JsonNode node) {
        if (node.isNull()) {
            return null;
        }
        if (node.isIntegralNumber() && node.canConvertToLong()) {
            return node.longValue();
        }
        return node.isBoolean()
                ? Boolean.valueOf(node.booleanValue())
                : shortened(node.isString() ? node.stringValue() : node.toString());
    }

    private static String shortened(String text) {
        return text.length() > 200 ? text.substring(0, 200) + "…" : text;
    }
}
