package io.rawcow.webhook;

import io.rawcow.catalog.Event;
import io.rawcow.catalog.EventJson;
import io.rawcow.webhook.Backlog.Loss;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.util.RawValue;

/** Events as CloudEvents 1.0 in their structured mode, with the extension {@code sequence}. */
final class CloudEvents {
    static final String MEDIA_TYPE = "application/cloudevents+json";
    private static final String PREFIX = "io.rawcow.";
    private static final JsonMapper JSON = new JsonMapper();

    private final String webhook;
    private final String source;
    private final InstantSource clock;

    /** @param source a URI reference that is another one for every catalog */
    CloudEvents(String webhook, String source, InstantSource clock) {
        this.webhook = webhook;
        this.source = source;
        this.clock = clock;
    }

    /** @param data as {@link EventJson} has it */
    String body(Event event, String data, long sequence) {
        Map<String, Object> all = envelope(event.id(), event.time(), sequence);
        all.put("type", PREFIX + EventJson.word(event.kind()) + "." + event.change());
        all.put("subject", event.name());
        all.put("data", new RawValue(data));
        return JSON.writeValueAsString(all);
    }

    /** What is delivered in the place of events that were lost. */
    Message notice(Loss loss) {
        String id = loss.lastId() + "-lost-" + webhook;
        Map<String, Object> all = envelope(id, clock.instant(), loss.last());
        all.put("type", PREFIX + "events.lost");
        all.put("data", Map.of("count", loss.count()));
        return new Message(loss.last(), id, JSON.writeValueAsString(all));
    }

    private Map<String, Object> envelope(String id, Instant time, long sequence) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("specversion", "1.0");
        all.put("id", id);
        all.put("source", source);
        all.put("time", time);
        all.put("datacontenttype", "application/json");
        // Text of one length, which sorts as the number does: the extension wants that.
        all.put("sequence", "%019d".formatted(sequence));
        return all;
    }
}
