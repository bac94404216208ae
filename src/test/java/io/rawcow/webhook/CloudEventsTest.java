package io.rawcow.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.catalog.Event;
import io.rawcow.catalog.Event.Kind;
import io.rawcow.catalog.EventJson;
import io.rawcow.webhook.Backlog.Loss;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class CloudEventsTest {
    private static final Instant NOW = Instant.parse("2026-03-09T10:00:00Z");

    private final CloudEvents events = new CloudEvents("ops", "urn:rawcow:here", () -> NOW);

    @Test
    void eventIsWhatListenersGetInAnEnvelope() {
        var event = new Event("start-7", NOW.minusSeconds(1), Kind.EXPORT, "vm", "deleted", null);

        assertThat(events.body(event, EventJson.of(event), 42)).isEqualTo("""
                {"specversion":"1.0","id":"start-7","source":"urn:rawcow:here","time":"2026-03-09T09:59:59Z",\
                "datacontenttype":"application/json","sequence":"0000000000000000042",\
                "type":"io.rawcow.export.deleted","subject":"vm",\
                "data":{"id":"start-7","time":"2026-03-09T09:59:59Z","kind":"export","name":"vm","change":"deleted",\
                "export":null}}""");
    }

    @Test
    void noticeOfALossHasTheNumberOfTheLastAndAnIdOfItsOwn() {
        Message notice = events.notice(new Loss(17, 42, "start-7"));

        assertThat(notice.sequence()).isEqualTo(42);
        assertThat(notice.id()).isEqualTo("start-7-lost-ops");
        assertThat(notice.body()).isEqualTo("""
                {"specversion":"1.0","id":"start-7-lost-ops","source":"urn:rawcow:here","time":"2026-03-09T10:00:00Z",\
                "datacontenttype":"application/json","sequence":"0000000000000000042",\
                "type":"io.rawcow.events.lost","data":{"count":17}}""");
    }
}
