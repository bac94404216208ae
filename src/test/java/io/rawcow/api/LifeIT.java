package io.rawcow.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.TestService;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The life of an image, from its creation to a plain raw file. */
class LifeIT {
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

    @Test
    void imageIsCreatedStreamedDetachedAndForgotten() throws Exception {
        Answer created = api.put("/v1/images/vm1", """
                        {"sidecar": "vm1.raw-cow", "backingFile": "golden.img", "rawFile": "vm1.img"}""").expect(201);
        assertThat(created.header("Location")).isEqualTo("/v1/images/vm1");
        assertThat(created.get("state")).isEqualTo("cow");

        Answer started = api.put("/v1/jobs/vm1-stream", "{\"type\": \"stream\", \"image\": \"vm1\"}")
                .expect(202);
        assertThat(started.header("Location")).isEqualTo("/v1/jobs/vm1-stream");

        Answer concluded = api.rested("vm1-stream");
        assertThat(concluded.get("status")).isEqualTo("concluded");
        assertThat(concluded.json().get("error").isNull()).isTrue();
        assertThat(concluded.json().get("progress").asDouble()).isEqualTo(1);

        Answer image = api.get("/v1/images/vm1").expect(200);
        assertThat(image.get("state")).isEqualTo("standalone");
        assertThat(image.json().get("sidecar").isNull()).isTrue();
        assertThat(Files.mismatch(data.resolve("golden.img"), data.resolve("vm1.img")))
                .isEqualTo(-1);
        assertThat(data.resolve("vm1.raw-cow")).doesNotExist();

        api.delete("/v1/images/vm1").expect(204);
        api.get("/v1/images/vm1").problem(404, "image_not_found");
        assertThat(data.resolve("vm1.img")).exists();
    }
}
