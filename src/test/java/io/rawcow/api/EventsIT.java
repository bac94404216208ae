package io.rawcow.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.TestService;
import io.rawcow.api.EventClient.Received;
import io.rawcow.catalog.Catalog;
import io.rawcow.catalog.EventFlood;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What listeners hear, when they come back too. */
class EventsIT {
    @TempDir
    Path data;

    private TestService service;
    private ApiClient api;

    @BeforeEach
    void start() {
        if (!Files.exists(data.resolve("golden.img"))) {
            TestFiles.random(data.resolve("golden.img"), 1 << 20);
        }
        service = TestService.start(data);
        api = new ApiClient(service.base());
    }

    @AfterEach
    void stop() {
        service.close();
    }

    @Test
    void listenerHearsTheWholeLifeOfAnImage() throws Exception {
        try (var events = EventClient.connect(service.base(), null)) {
            assertThat(events.response().headers().firstValue("Content-Type")).hasValue("text/event-stream");
            assertThat(events.response().headers().firstValue("Cache-Control")).hasValue("no-store");
            assertThat(events.next()).isEqualTo(Received.COMMENT);
            api.create("vm");
            api.put("/v1/jobs/job", ApiClient.stream("vm")).expect(202);
            api.rested("job");
            Eventually.check(() -> api.post("/v1/jobs/job/dismiss").expect(204));
            api.delete("/v1/images/vm").expect(204);

            Received created = events.await("vm", "created");
            assertThat(created.event()).isEqualTo("image");
            assertThat(created.id()).isEqualTo(created.at("id"));
            assertThat(created.data().at("/image/state").asString()).isEqualTo("cow");
            assertThat(events.await("job", "created").event()).isEqualTo("job");
            var heard = new ArrayList<String>();
            for (Received next = events.nextEvent(); !next.at("change").equals("deleted"); next = events.nextEvent()) {
                heard.add("%s %s %s".formatted(next.at("name"), next.at("change"), stateOf(next)));
            }
            assertThat(heard)
                    .containsSubsequence("job status running", "job status concluded", "job dismissed ")
                    .contains("vm state standalone");
        }
    }

    private static String stateOf(Received event) {
        return event.data()
                .at("/job/status")
                .asString(event.data().at("/image/state").asString(""));
    }

    @Test
    void listenerThatComesBackHearsWhatItMissed() throws Exception {
        String seen;
        try (var events = EventClient.connect(service.base(), null)) {
            api.create("one");
            seen = events.await("one", "created").id();
        }
        api.create("two");
        api.delete("/v1/images/two").expect(204);

        try (var events = EventClient.connect(service.base(), seen)) {
            assertThat(events.nextEvent().at("name")).isEqualTo("two");
            Received deleted = events.nextEvent();
            assertThat(deleted.at("change")).isEqualTo("deleted");
            assertThat(deleted.data().get("image").isNull()).isTrue();
            api.create("three");
            assertThat(events.nextEvent().at("name")).isEqualTo("three");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"nonsense", "-1", "a-b", "0-99999999999999999999", "x"})
    void idThatIsNoneOfOursIsAnsweredWithAReset(String id) throws Exception {
        assertReset(id, "unknown_id");
        assertReset(id.repeat(40), "unknown_id");
    }

    @Test
    void idOfAnotherRunIsAnsweredWithAReset() throws Exception {
        String seen;
        try (var events = EventClient.connect(service.base(), null)) {
            api.create("one");
            seen = events.await("one", "created").id();
        }
        stop();
        start();

        assertReset(seen, "other_start");
    }

    @Test
    void idThatIsTooOldIsAnsweredWithAReset() throws Exception {
        String seen;
        try (var events = EventClient.connect(service.base(), null)) {
            api.create("one");
            seen = events.await("one", "created").id();
        }
        EventFlood.jobEvents(service.bean(Catalog.class).events(), "job", 4097);

        assertReset(seen, "too_old");
    }

    private void assertReset(String lastSeen, String reason) throws Exception {
        try (var events = EventClient.connect(service.base(), lastSeen)) {
            Received reset = events.nextEvent();
            assertThat(reset.event()).isEqualTo("reset");
            assertThat(reset.at("reason")).isEqualTo(reason);
            assertThat(reset.at("kind")).isEqualTo("reset");
            assertThat(reset.id()).isEqualTo(reset.at("id"));
        }
    }

    @Test
    void listenerThatDoesNotReadKeepsNobodyWaiting() throws Exception {
        try (var socket =
                new Socket(InetAddress.getLoopbackAddress(), service.base().getPort())) {
            socket.setReceiveBufferSize(1024);
            OutputStream out = socket.getOutputStream();
            out.write("GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            out.flush();
            // Until it has fallen behind: more than the sockets between it and the service hold.
            EventFlood.jobEvents(service.bean(Catalog.class).events(), "job", 60_000);
            try (var other = EventClient.connect(service.base(), null)) {
                api.create("two");
                other.await("two", "created");
            }

            // It finds out when it reads again.
            socket.setSoTimeout(30_000);
            String tail = "";
            byte[] bytes = new byte[1 << 16];
            while (!tail.contains("too_slow")) {
                int read = socket.getInputStream().read(bytes);
                assertThat(read).as("the stream goes on").isPositive();
                tail = tail.substring(Math.max(0, tail.length() - 10))
                        + new String(bytes, 0, read, StandardCharsets.UTF_8);
            }
        }
    }

    @Test
    void headOfTheEventsEndsAtOnce() {
        api.call("GET", "/v1/images").send().expect(200);
        assertThat(RawHttp.exchange(
                        service.base(), "HEAD /v1/events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 200");
    }

    @Test
    void listenersOfOneCallerAreBoundedAndThoseOfAll() throws Exception {
        List<EventClient> clients = new ArrayList<>();
        try {
            int each = ApiSettings.DEFAULT.listeners() / 4;
            for (int caller = 1; caller <= 4; caller++) {
                for (int i = 0; i < each; i++) {
                    clients.add(EventClient.connectFrom("127.0.0." + caller, service.base()));
                    assertThat(clients.getLast().response().statusCode()).isEqualTo(200);
                }
                Answer refused = api.call("GET", "/v1/events").send().problem(503, "busy");
                assertThat(refused.header("Retry-After")).isNotEmpty();
            }
            try (var fifth = EventClient.connectFrom("127.0.0.5", service.base())) {
                assertThat(fifth.response().statusCode()).isEqualTo(503);
            }
        } finally {
            for (EventClient client : clients) {
                client.close();
            }
        }
    }

    @Test
    void streamEndsWithTheServiceAndSoDoesAWait() throws Exception {
        api.create("one");
        api.put("/v1/jobs/job", ApiClient.slowStream("one")).expect(202);
        try (var events = EventClient.connect(service.base(), null)) {
            var waiting = new Answer[1];
            Thread waiter = Thread.ofVirtual().start(() -> waiting[0] = api.get("/v1/jobs/job?wait=30s"));
            Thread.sleep(300);
            long start = System.nanoTime();

            stop();

            assertThat((System.nanoTime() - start) / 1_000_000_000.0).isLessThan(9);
            waiter.join();
            assertThat(waiting[0].problem(503, "shutting_down").header("Retry-After"))
                    .isNotEmpty();
            Received last = events.nextEvent();
            while (!last.equals(Received.END)) {
                last = events.nextEvent();
            }
        }
    }
}
