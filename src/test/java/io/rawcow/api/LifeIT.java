package io.rawcow.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.TestService;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The life of an image, from its creation to a plain raw file. */
class LifeIT {
    private static final int MIB = 1 << 20;
    private static final String EMPTY = """
            {"sidecar": "empty.raw-cow", "rawFile": "empty.img", "size": 1000001, "sectorSize": 512}""";

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

    @Test
    void imageIsCreatedStreamedDetachedAndForgotten() throws Exception {
        Answer created = api.create("vm1");
        assertThat(created.header("Location")).isEqualTo("/v1/images/vm1");
        assertThat(created.get("state")).isEqualTo("cow");

        Answer started = api.put("/v1/jobs/vm1-stream", ApiClient.stream("vm1")).expect(202);
        assertThat(started.header("Location")).isEqualTo("/v1/jobs/vm1-stream");

        Answer concluded = api.rested("vm1-stream");
        assertThat(concluded.get("status")).isEqualTo("concluded");
        assertThat(concluded.json().get("error").isNull()).isTrue();
        assertThat(concluded.json().get("progress").asDouble()).isEqualTo(1);

        Answer image = api.get("/v1/images/vm1").expect(200);
        assertThat(image.get("state")).isEqualTo("standalone");
        assertThat(image.json().get("sidecar").isNull()).isTrue();
        assertThat(image.json().get("backingFile").isNull()).isTrue();
        assertThat(Files.mismatch(data.resolve("golden.img"), data.resolve("vm1.img")))
                .isEqualTo(-1);
        assertThat(data.resolve("vm1.raw-cow")).doesNotExist();

        api.delete("/v1/images/vm1").expect(204);
        api.get("/v1/images/vm1").problem(404, "image_not_found");
        api.delete("/v1/images/vm1").problem(404, "image_not_found");
        assertThat(data.resolve("vm1.img")).exists();
        api.get("/v1/jobs/vm1-stream").expect(200);
    }

    @Test
    void finishedDiskIsOpenedAsAPlainRawImage() {
        TestFiles.random(data.resolve("finished.img"), 3 * MIB + 512);

        Answer opened = api.put("/v1/images/finished", "{\"rawFile\": \"finished.img\"}")
                .expect(200);

        assertThat(opened.get("state")).isEqualTo("standalone");
        assertThat(opened.json().get("size").asLong()).isEqualTo(3L * MIB + 512);
        assertThat(opened.json().get("backingFile").isNull()).isTrue();
    }

    @Test
    void imageWithoutBackingReadsZerosAndIsStreamedToo() throws Exception {
        Answer created = api.put("/v1/images/empty", EMPTY).expect(201);
        assertThat(created.json().get("sectorsTotal").asLong()).isEqualTo(1954);

        api.post("/v1/jobs", "{\"id\": \"empty\", \"type\": \"stream\", \"image\": \"empty\"}")
                .expect(202);

        assertThat(api.rested("empty").get("status")).isEqualTo("concluded");
        assertThat(Files.readAllBytes(data.resolve("empty.img")))
                .hasSize(1000001)
                .containsOnly(0);
    }

    @Test
    void keptSidecarStaysAfterTheDetach() {
        api.create("kept");
        api.put("/v1/jobs/kept", "{\"type\": \"stream\", \"image\": \"kept\", \"keepSidecar\": true}")
                .expect(202);

        assertThat(api.rested("kept").get("status")).isEqualTo("concluded");
        assertThat(api.get("/v1/images/kept").get("sidecar")).endsWith("/kept.raw-cow");
        assertThat(data.resolve("kept.raw-cow")).exists();
    }

    @Test
    void deleteRemovesTheFilesWhenAskedButNeverTheBacking() {
        api.create("gone");

        api.delete("/v1/images/gone?files=delete").expect(204);

        assertThat(data.resolve("gone.raw-cow")).doesNotExist();
        assertThat(data.resolve("gone.img")).doesNotExist();
        assertThat(data.resolve("golden.img")).exists();
    }

    @Test
    void fourImagesStreamFromOneBackingAtOnce() throws Exception {
        List<String> names = List.of("four-a", "four-b", "four-c", "four-d");
        names.forEach(api::create);
        names.forEach(
                name -> api.put("/v1/jobs/" + name, ApiClient.stream(name)).expect(202));

        for (String name : names) {
            assertThat(api.rested(name).get("status")).isEqualTo("concluded");
            assertThat(Files.mismatch(data.resolve("golden.img"), data.resolve(name + ".img")))
                    .isEqualTo(-1);
        }
    }

    @Test
    void streamOnAStandaloneImageConcludesAtOnce() {
        TestFiles.random(data.resolve("plain.img"), MIB);
        api.put("/v1/images/plain", "{\"rawFile\": \"plain.img\"}").expect(200);

        Answer started = api.put("/v1/jobs/plain", ApiClient.stream("plain")).expect(202);

        assertThat(started.get("status")).isEqualTo("concluded");
        assertThat(started.json().get("error").isNull()).isTrue();
    }

    @Test
    void checkTellsWhatIsWrong() {
        api.create("checked");
        Answer clean = api.post("/v1/images/checked/check").expect(200);
        assertThat(clean.get("format")).isEqualTo("raw-cow");
        assertThat(clean.json().get("corruptions").asLong()).isZero();
        assertThat(clean.json().get("sectorsTotal").asLong()).isEqualTo(1024);

        TestFiles.random(data.resolve("checked-raw.img"), MIB);
        api.put("/v1/images/checked-raw", "{\"rawFile\": \"checked-raw.img\"}").expect(200);
        Answer raw = api.post("/v1/images/checked-raw/check").expect(200);
        assertThat(raw.get("format")).isEqualTo("raw");
        assertThat(raw.json().get("sectorsAllocated")).isEqualTo(raw.json().get("sectorsTotal"));

        api.post("/v1/images/nobody/check").problem(404, "image_not_found");
    }

    @Test
    void serviceSaysThatItIsWell() {
        api.get("/actuator/health").expect(200);
        api.get("/actuator/health/liveness").expect(200);
        api.get("/actuator/health/readiness").expect(200);
        api.get("/actuator/info").expect(200);
        assertThat(api.get("/actuator/prometheus").expect(200).body()).contains("jvm_memory_used_bytes");
    }
}
