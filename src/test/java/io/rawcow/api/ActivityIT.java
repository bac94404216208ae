package io.rawcow.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.TestService;
import io.rawcow.image.Tool;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What an image tells of what goes on in it: counters and the block map. */
class ActivityIT {
    private static final int MIB = 1 << 20;

    @TempDir
    static Path data;

    private static TestService service;
    private static ApiClient api;

    @BeforeAll
    static void start() {
        TestFiles.random(data.resolve("golden.img"), 4 * MIB);
        service = TestService.start(data);
        api = new ApiClient(service.base());
    }

    @AfterAll
    static void stop() {
        service.close();
    }

    private static JsonNode counters(String image) {
        return api.get("/v1/images/" + image + "/counters").expect(200).json();
    }

    private static JsonNode map(String image, int cells) {
        return api.get("/v1/images/" + image + "/blockmap?cells=" + cells)
                .expect(200)
                .json();
    }

    private static double sum(JsonNode shares) {
        return StreamSupport.stream(shares.spliterator(), false)
                .mapToDouble(JsonNode::asDouble)
                .sum();
    }

    @Test
    void whatAGuestAndAStreamDoIsCountedAndDrawn() throws Exception {
        api.create("vm");
        String uri = api.put("/v1/exports/vm", "{\"image\": \"vm\"}")
                .expect(201)
                .json()
                .at("/uris/0")
                .asString();
        Tool.run(data, "/usr/bin/python3", "-m", "nbd", "-u", uri, "-c", """
                h.pread(1048576, 0)
                h.pwrite(b"x" * 1048576, 1048576)
                h.pread(65536, 1048576)
                h.flush()
                h.trim(1048576, 2097152)
                """).succeeded();

        JsonNode now = counters("vm");
        assertThat(now.at("/guest/read/bytes").asLong()).isEqualTo(MIB + 65536);
        assertThat(now.at("/guest/write/bytes").asLong()).isEqualTo(MIB);
        assertThat(now.at("/guest/flush/requests").asLong()).isEqualTo(1);
        assertThat(now.at("/guest/zero/requests").asLong()).isEqualTo(1);
        assertThat(sum(now.at("/guest/read/latency"))).isEqualTo(2);
        assertThat(now.at("/guest/read/latency"))
                .hasSize(now.get("latencyBounds").size() + 1);
        assertThat(now.at("/served/backing").asLong()).isEqualTo(MIB);
        assertThat(now.at("/served/raw").asLong()).isEqualTo(65536);
        assertThat(now.at("/skipped/guestOverwrite").asLong()).isEqualTo(MIB);
        assertThat(now.at("/skipped/discard").asLong()).isEqualTo(MIB);
        JsonNode before = map("vm", 4);
        assertThat(before.get("cellSize").asLong()).isEqualTo(MIB);
        assertThat(before.get("allocated")).hasToString("[0.0,1.0,1.0,0.0]");
        assertThat(before.get("guest")).hasToString("[0.0,1.0,0.0,0.0]");
        assertThat(before.get("zero")).hasToString("[0.0,0.0,1.0,0.0]");

        api.put("/v1/jobs/vm-stream", ApiClient.stream("vm")).expect(202);
        api.rested("vm-stream");

        assertThat(counters("vm").at("/copied/background").asLong()).isEqualTo(2L * MIB);
        assertThat(sum(map("vm", 4).get("allocated"))).isEqualTo(4);
        assertThat(map("vm", 4).get("copying")).isEmpty();
    }

    @Test
    void holeOfTheRawFileIsServedAsZeros() throws Exception {
        try (var file = Files.newByteChannel(
                data.resolve("sparse.img"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            file.position(MIB - 1).write(ByteBuffer.allocate(1));
        }
        api.put("/v1/images/sparse", "{\"rawFile\": \"sparse.img\"}").expect(200);
        String uri = api.put("/v1/exports/sparse", "{\"image\": \"sparse\"}")
                .expect(201)
                .json()
                .at("/uris/0")
                .asString();

        Tool.run(data, "/usr/bin/python3", "-m", "nbd", "-u", uri, "-c", "h.pread(524288, 0)")
                .succeeded();

        assertThat(counters("sparse").at("/served/zero").asLong()).isEqualTo(MIB / 2);
        assertThat(counters("sparse").at("/served/raw").asLong()).isZero();
        assertThat(map("sparse", 1).get("allocated")).hasToString("[1.0]");

        api.delete("/v1/exports/sparse?mode=hard").expect(204);

        assertThat(counters("sparse").at("/served/zero").asLong())
                .as("counts of an image only rise")
                .isEqualTo(MIB / 2);
    }

    @Test
    void imageOfATebibyteIsDrawnAsAnyOther() {
        api.put("/v1/images/large", """
                        {"sidecar": "large.raw-cow", "rawFile": "large.img", "size": 1099511627776}""").expect(201);

        JsonNode map = map("large", 8192);

        assertThat(map.get("allocated")).hasSize(8192);
        assertThat(map.get("cells").asInt()).isEqualTo(8192);
        assertThat(sum(map.get("allocated"))).isZero();
        assertThat(map("large", 1024).get("cellSize").asLong()).isEqualTo(1L << 30);
    }

    @Test
    void imageOfFewSectorsHasFewCells() {
        api.put("/v1/images/tiny", """
                        {"sidecar": "tiny.raw-cow", "rawFile": "tiny.img", "size": 10000}""").expect(201);

        assertThat(map("tiny", 1024).get("allocated")).hasSize(3);
        assertThat(api.get("/v1/images/tiny/blockmap")
                        .expect(200)
                        .json()
                        .get("cells")
                        .asInt())
                .isEqualTo(3);
    }

    @Test
    void wrongRequestsAreRefused() {
        api.create("gone");
        api.call("GET", "/v1/images/gone/blockmap?cells=0").wrong().send().problem(400, "invalid_value");
        api.call("GET", "/v1/images/gone/blockmap?cells=8193").wrong().send().problem(400, "invalid_value");
        api.get("/v1/images/nobody/blockmap").problem(404, "image_not_found");
        api.get("/v1/images/nobody/counters").problem(404, "image_not_found");
        api.call("GET", "/v1/images/gone/counters?cells=3").wrong().send().problem(400, "unknown_field");
    }
}
