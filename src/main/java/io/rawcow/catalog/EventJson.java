package io.rawcow.catalog;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.cfg.EnumFeature;
import tools.jackson.databind.json.JsonMapper;

/** An event as all who listen get it: {@code ImageEvent}, {@code JobEvent} or {@code ExportEvent} of openapi.yaml. */
public final class EventJson {
    private static final JsonMapper JSON =
            JsonMapper.builder().enable(EnumFeature.WRITE_ENUMS_TO_LOWERCASE).build();

    private EventJson() {}

    /** The event as JSON in one line. */
    public static String of(Event event) {
        String kind = word(event.kind());
        Map<String, @Nullable Object> data = new LinkedHashMap<>();
        data.put("id", event.id());
        data.put("time", event.time());
        data.put("kind", kind);
        data.put("name", event.name());
        data.put("change", event.change());
        data.put(kind, event.resource());
        return JSON.writeValueAsString(data);
    }

    /** The word for a kind, as it stands in events. */
    public static String word(Event.Kind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }
}
