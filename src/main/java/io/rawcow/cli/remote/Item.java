package io.rawcow.cli.remote;

import io.rawcow.cli.remote.ServiceException.Kind;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A JSON object of a service: an image, a job, a page. {@code openapi.yaml} has the fields. A field of another type
 * than asked for means that this is no rawcow service, or one of another version.
 *
 * @param json all of it, in the service's order
 */
public record Item(Map<String, @Nullable Object> json) {

    public String text(String field) throws ServiceException {
        if (json.get(field) instanceof String text) {
            return text;
        }
        throw unexpected(field);
    }

    public @Nullable String textOrNull(String field) throws ServiceException {
        return json.get(field) == null ? null : text(field);
    }

    public @Nullable Long numberOrNull(String field) throws ServiceException {
        Object value = json.get(field);
        if (value == null || value instanceof Long) {
            return (Long) value;
        }
        throw unexpected(field);
    }

    /** A share from 0 to 1. */
    public @Nullable Double shareOrNull(String field) throws ServiceException {
        Object value = json.get(field);
        if (value == null) {
            return null;
        }
        if (value instanceof Number number && number.doubleValue() >= 0 && number.doubleValue() <= 1) {
            return number.doubleValue();
        }
        throw unexpected(field);
    }

    public Instant time(String field) throws ServiceException {
        try {
            return Instant.parse(text(field));
        } catch (DateTimeException e) {
            throw unexpected(field);
        }
    }

    public @Nullable Item itemOrNull(String field) throws ServiceException {
        Object value = json.get(field);
        if (value == null) {
            return null;
        }
        return item(field, value);
    }

    List<Item> items(String field) throws ServiceException {
        if (!(json.get(field) instanceof List<?> list)) {
            throw unexpected(field);
        }
        var items = new ArrayList<Item>(list.size());
        for (Object element : list) {
            items.add(item(field, element));
        }
        return items;
    }

    @SuppressWarnings("unchecked") // made by JsonText, whose maps have names
    private static Item item(String field, @Nullable Object value) throws ServiceException {
        if (value instanceof Map<?, ?> map) {
            return new Item((Map<String, @Nullable Object>) map);
        }
        throw unexpected(field);
    }

    static ServiceException unexpected(String field) {
        return new ServiceException(
                Kind.MALFORMED,
                "the answer is not what a rawcow service of this version gives: field=" + field,
                "see that the address is that of a rawcow service, and its version that of this command");
    }
}
