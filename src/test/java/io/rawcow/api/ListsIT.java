package io.rawcow.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.TestService;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Lists and maps, page by page. */
class ListsIT {
    private static final int IMAGES = 250;
    private static final int MIB = 1 << 20;

    @TempDir
    static Path data;

    private static TestService service;
    private static ApiClient api;

    @BeforeAll
    static void start() {
        TestFiles.random(data.resolve("golden.img"), MIB);
        service = TestService.start(data);
        api = new ApiClient(service.base());
        for (int i = 0; i < IMAGES; i++) {
            String name = "tiny-%03d".formatted(i);
            TestFiles.random(data.resolve(name + ".img"), 512);
            api.put("/v1/images/" + name, "{\"rawFile\": \"" + name + ".img\"}").expect(200);
        }
    }

    @AfterAll
    static void stop() {
        service.close();
    }

    /** All items of a list, and how many pages they took. */
    private static int pages(String path, List<JsonNode> items) {
        String separator = path.contains("?") ? "&" : "?";
        String next = null;
        int pages = 0;
        do {
            JsonNode page = api.get(next == null ? path : path + separator + "cursor=" + next)
                    .expect(200)
                    .json();
            page.get("items").forEach(items::add);
            next = page.get("next").asString(null);
            pages++;
        } while (next != null);
        return pages;
    }

    @Test
    void everyImageIsOnOnePageInTheOrderOfNames() {
        var items = new ArrayList<JsonNode>();

        assertThat(pages("/v1/images", items)).isEqualTo(3);

        List<String> names =
                items.stream().map(item -> item.get("name").asString()).toList();
        assertThat(names).hasSize(IMAGES).isSorted().doesNotHaveDuplicates();
        assertThat(pages("/v1/images?limit=1000", new ArrayList<>())).isEqualTo(1);
        assertThat(pages("/v1/images?limit=125", new ArrayList<>())).isEqualTo(2);
    }

    @Test
    void jobsAreListedInTheOrderOfTheirIds() {
        for (String id : List.of("c", "a", "b")) {
            api.put("/v1/jobs/" + id, ApiClient.stream("tiny-000")).expect(202);
        }
        var items = new ArrayList<JsonNode>();

        assertThat(pages("/v1/jobs?limit=2", items)).isEqualTo(2);

        assertThat(items.stream().map(item -> item.get("id").asString())).containsExactly("a", "b", "c");
    }

    @Test
    void exportsAreListedInTheOrderOfTheirNames() {
        for (String name : List.of("c", "a", "b")) {
            api.put("/v1/exports/" + name, "{\"image\": \"tiny-001\"}").expect(201);
        }
        var items = new ArrayList<JsonNode>();

        assertThat(pages("/v1/exports?limit=2", items)).isEqualTo(2);

        assertThat(items.stream().map(item -> item.get("name").asString())).containsExactly("a", "b", "c");
        JsonNode listed = api.get("/v1/images/tiny-001").json().get("exports");
        assertThat(listed).hasToString("[\"a\",\"b\",\"c\"]");
    }

    @Test
    void mapHasEveryByteOnceWhateverThePage() {
        api.put("/v1/images/mapped", ApiClient.request("mapped").replace("}", ", \"size\": " + 3 * MIB + "}"))
                .expect(201);
        var whole = new ArrayList<JsonNode>();

        assertThat(pages("/v1/images/mapped/map", whole)).isEqualTo(1);

        assertThat(whole).hasSize(2);
        assertThat(whole.get(0).toString())
                .isEqualTo("{\"start\":0,\"length\":1048576,\"depth\":1,\"present\":true,\"zero\":false,\"data\":true,"
                        + "\"offset\":0}");
        assertThat(whole.get(1).toString())
                .isEqualTo("{\"start\":1048576,\"length\":2097152,\"depth\":0,\"present\":false,\"zero\":true,"
                        + "\"data\":false}");
        var paged = new ArrayList<JsonNode>();
        assertThat(pages("/v1/images/mapped/map?limit=1", paged)).isEqualTo(2);
        assertThat(paged).isEqualTo(whole);
        var part = new ArrayList<JsonNode>();
        assertThat(pages("/v1/images/mapped/map?start=1000000&length=100000&limit=1", part))
                .isEqualTo(2);
        assertThat(part.getFirst().get("start").asLong()).isEqualTo(1_000_000);
        assertThat(part.getLast().get("start").asLong()).isEqualTo(MIB);
        assertThat(part.getLast().get("length").asLong()).isEqualTo(1_100_000 - MIB);
    }

    @Test
    void cursorOfAnotherRangeIsRefused() {
        api.put("/v1/images/cursor", ApiClient.request("cursor").replace("}", ", \"size\": " + 2 * MIB + "}"))
                .expect(201);
        String next = api.get("/v1/images/cursor/map?limit=1").get("next");

        api.get("/v1/images/cursor/map?cursor=" + next).expect(200);
        api.get("/v1/images/cursor/map?start=0&length=512&cursor=" + next).problem(400, "invalid_value");
        api.get("/v1/images/cursor/map?start=1500000&cursor=" + next).problem(400, "invalid_value");
    }

    @Test
    void mapOfNothingIsNotFound() {
        api.get("/v1/images/nobody/map").problem(404, "image_not_found");
    }
}
