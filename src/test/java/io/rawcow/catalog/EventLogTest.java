package io.rawcow.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class EventLogTest {
    private final EventLog log = new EventLog(() -> Instant.EPOCH);

    private static ExportView export() {
        return new ExportView("vm", "vm", false, "", 100, ExportState.OFFERED, List.of(), List.of(), Instant.EPOCH);
    }

    @Test
    void comingAndGoingOfClientsIsToldAndNotKept() {
        log.export("vm", "created", export());
        String seen = log.lastId();
        try (var listener = log.subscribe(seen)) {
            for (int i = 0; i < 100; i++) {
                log.clients("vm", export());
            }
            log.export("vm", "deleted", null);

            assertThat(listener.queue())
                    .hasSize(101)
                    .filteredOn(event -> event.change().equals("clients"))
                    .hasSize(100)
                    .allMatch(event -> event.id().equals(seen));
        }
        try (var late = log.subscribe(seen)) {
            assertThat(late.reset()).isNull();
            assertThat(late.replay()).extracting(Event::change).containsExactly("deleted");
        }
    }

    @Test
    void oneListenerHearsOfEveryEventBeforeAllOthersAndNotOfClients() {
        List<String> heard = new ArrayList<>();
        List<EventLog.Subscription> others = new ArrayList<>();
        var told = new EventLog(() -> Instant.EPOCH, event -> {
            heard.add(event.change() + (event.isStateChange() ? "" : " only"));
            assertThat(others).allMatch(other -> other.queue().stream().noneMatch(event::equals));
        });
        told.export("vm", "restored", export());
        others.add(told.subscribe(null));

        told.clients("vm", export());
        told.job("job", "changed", null);
        told.export("vm", "deleted", null);

        assertThat(heard).containsExactly("restored", "changed only", "deleted");
        assertThat(others.getFirst().queue())
                .extracting(Event::change)
                .containsExactly("clients", "changed", "deleted");
        assertThat(others.getFirst().queue()).extracting(Event::isStateChange).containsExactly(false, false, true);
    }
}
