package io.rawcow.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.TestService;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Exports over REST, without clients. */
class ExportsIT {
    private static final String VM = "{\"image\": \"vm\"}";

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
    void exportIsCreatedShownAndRemoved() {
        api.create("vm");

        Answer created = api.put("/v1/exports/disk", VM).expect(201);
        assertThat(created.header("Location")).isEqualTo("/v1/exports/disk");
        assertThat(created.json().at("/uris/0").asString()).matches("nbd://127\\.0\\.0\\.1:[1-9][0-9]*/disk");
        assertThat(created.json().get("maxConnections").asInt()).isEqualTo(100);
        assertThat(created.get("description")).isEmpty();
        assertThat(api.get("/v1/exports/disk").expect(200).json()).isEqualTo(created.json());
        assertThat(api.get("/v1/images/vm").json().get("exports").toString()).isEqualTo("[\"disk\"]");

        api.delete("/v1/exports/disk").expect(204);
        api.get("/v1/exports/disk").problem(404, "export_not_found");
        api.delete("/v1/exports/disk?mode=safe").problem(404, "export_not_found");
        assertThat(api.get("/v1/images/vm").json().get("exports")).isEmpty();
    }

    @Test
    void repeatsAgreeAndOthersAreRefusedWithTheDifferences() {
        api.create("vm");
        String full = "{\"image\": \"vm\", \"readOnly\": true, \"description\": \"d\", \"maxConnections\": 3}";
        api.put("/v1/exports/disk", full).expect(201);

        for (String same : List.of(full, VM, "{}", "{\"readOnly\": true}")) {
            api.put("/v1/exports/disk", same).expect(200);
        }
        for (String other : List.of(
                "{\"image\": \"other\"}",
                "{\"readOnly\": false}",
                "{\"description\": \"\"}",
                "{\"maxConnections\": 100}")) {
            Answer refused = api.put("/v1/exports/disk", other).problem(409, "export_differs");
            assertThat(refused.json().get("differences").size()).isEqualTo(1);
            assertThat(other).contains(refused.json().at("/differences/0/field").asString());
        }
    }

    @Test
    void exportNeedsAnImageThatIsThere() {
        api.put("/v1/exports/disk", VM).problem(404, "image_not_found");
        api.get("/v1/exports/disk").problem(404, "export_not_found");
    }

    @Test
    void exportsComeBackAlsoOfStandaloneImages() {
        api.create("vm");
        TestFiles.random(data.resolve("plain.img"), 4096);
        api.put("/v1/images/plain", "{\"rawFile\": \"plain.img\"}").expect(200);
        api.put("/v1/exports/disk", VM).expect(201);
        api.put("/v1/exports/plain", "{\"image\": \"plain\", \"readOnly\": true}")
                .expect(201);
        api.put("/v1/jobs/vm", ApiClient.stream("vm")).expect(202);
        assertThat(api.rested("vm").get("status")).isEqualTo("concluded");
        Answer detached = api.get("/v1/exports/disk").expect(200);
        assertThat(detached.get("state")).isEqualTo("offered");
        stop();
        start();

        for (String name : List.of("disk", "plain")) {
            assertThat(api.get("/v1/exports/" + name).expect(200).get("state")).isEqualTo("offered");
        }
        assertThat(api.get("/v1/exports/disk").get("createdAt")).isEqualTo(detached.get("createdAt"));
    }

    @Test
    void imageGoesWithItsExports() {
        api.create("vm");
        api.put("/v1/exports/disk", VM).expect(201);

        api.delete("/v1/images/vm").expect(204);

        api.get("/v1/exports/disk").problem(404, "export_not_found");
    }

    @Test
    void exportOfAnImageThatDoesNotOpenIsKept() throws Exception {
        api.create("vm");
        api.put("/v1/exports/disk", VM).expect(201);
        stop();
        Files.move(data.resolve("golden.img"), data.resolve("away.img"));
        service = TestService.start(data);
        api = new ApiClient(service.base());

        assertThat(api.get("/v1/exports/disk").expect(200).get("state")).isEqualTo("unavailable");
        api.put("/v1/exports/disk", VM).problem(409, "image_unavailable");
        api.put("/v1/exports/other", VM).problem(409, "image_unavailable");
        api.get("/actuator/health/readiness").expect(200);

        Files.move(data.resolve("away.img"), data.resolve("golden.img"));
        api.put("/v1/images/vm", "{}").expect(200);
        assertThat(api.get("/v1/exports/disk").expect(200).get("state")).isEqualTo("offered");
    }

    @Test
    void changesAreEvents() throws Exception {
        api.create("vm");
        try (var events = EventClient.connect(service.base(), null)) {
            api.put("/v1/exports/disk", VM).expect(201);
            assertThat(events.await("disk", "created")
                            .data()
                            .at("/export/state")
                            .asString())
                    .isEqualTo("offered");
            api.delete("/v1/exports/disk?mode=hard").expect(204);
            assertThat(events.await("disk", "deleted").data().get("export").isNull())
                    .isTrue();
        }
    }
}
