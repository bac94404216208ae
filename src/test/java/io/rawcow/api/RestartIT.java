package io.rawcow.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.TestService;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a restart of the service leaves as it was. */
class RestartIT {
    private static final int BYTES = 4 << 20;

    @TempDir
    Path data;

    private TestService service;
    private ApiClient api;

    @BeforeEach
    void start() {
        if (!Files.exists(data.resolve("golden.img"))) {
            TestFiles.random(data.resolve("golden.img"), BYTES);
        }
        service = TestService.start(data);
        api = new ApiClient(service.base());
    }

    @AfterEach
    void stop() {
        service.close();
    }

    private void restart() {
        stop();
        start();
    }

    @Test
    void pausedJobsStayPausedAndOthersGoOn() throws Exception {
        api.create("paused");
        api.create("running");
        api.put("/v1/jobs/paused", ApiClient.slowStream("paused")).expect(202);
        api.put("/v1/jobs/running", """
                {"type": "stream", "image": "running", "speed": 262144}""").expect(202);
        api.post("/v1/jobs/paused/pause").expect(200);
        Eventually.check(() -> assertThat(api.get("/v1/jobs/running")
                        .json()
                        .get("currentProgress")
                        .asLong())
                .isPositive());
        long before = api.get("/v1/images/paused").json().get("bytesAllocated").asLong();

        restart();

        Answer paused = api.get("/v1/jobs/paused").expect(200);
        assertThat(paused.get("status")).isEqualTo("paused");
        assertThat(paused.json().get("currentProgress").asLong()).isEqualTo(before);
        Answer running = api.get("/v1/jobs/running").expect(200);
        assertThat(running.get("status")).isIn("created", "running");
        assertThat(running.json().get("currentProgress").asLong()).isPositive();
        assertThat(running.json().get("speed").asLong()).isEqualTo(262144);

        for (String job : new String[] {"paused", "running"}) {
            api.post("/v1/jobs/" + job + "/resume").expect(200);
            api.patch("/v1/jobs/" + job, "{\"speed\": 0}").expect(200);
            assertThat(api.rested(job).get("status")).isEqualTo("concluded");
            assertThat(Files.mismatch(data.resolve("golden.img"), data.resolve(job + ".img")))
                    .isEqualTo(-1);
        }
    }

    @Test
    void imagesComeBackUnderTheirNamesStandaloneOnesToo() {
        api.create("cow");
        api.create("done");
        api.put("/v1/jobs/done", ApiClient.stream("done")).expect(202);
        api.rested("done");
        Answer cow = api.get("/v1/images/cow");
        Answer done = api.get("/v1/images/done");

        restart();

        assertThat(api.get("/v1/images/cow").json()).isEqualTo(cow.json());
        assertThat(api.get("/v1/images/done").json()).isEqualTo(done.json());
        Answer job = api.get("/v1/jobs/done").expect(200);
        assertThat(job.get("status")).isEqualTo("concluded");
        assertThat(job.json().get("progress").asDouble()).isEqualTo(1);
    }

    @Test
    void pendingJobWaitsAgainAndCanBeFinalized() {
        api.create("pending");
        api.put("/v1/jobs/pending", """
                {"type": "stream", "image": "pending", "autoFinalize": false}""").expect(202);
        assertThat(api.rested("pending").get("status")).isEqualTo("pending");

        restart();

        assertThat(api.rested("pending").get("status")).isEqualTo("pending");
        api.post("/v1/jobs/pending/finalize").expect(200);
        assertThat(api.rested("pending").get("status")).isEqualTo("concluded");
    }

    @Test
    void cancelledJobStaysCancelled() {
        api.create("vm");
        api.put("/v1/jobs/vm", ApiClient.slowStream("vm")).expect(202);
        api.post("/v1/jobs/vm/cancel").expect(200);
        api.rested("vm");

        restart();

        assertThat(api.get("/v1/jobs/vm").json().at("/error/code").asString()).isEqualTo("cancelled");
        api.post("/v1/jobs/vm/cancel").expect(200);
        assertThat(api.get("/v1/images/vm").get("state")).isEqualTo("cow");
    }

    @Test
    void standaloneImageThatIsGoneIsUnavailableAndCanBeDeleted() throws Exception {
        TestFiles.random(data.resolve("plain.img"), BYTES);
        api.put("/v1/images/plain", "{\"rawFile\": \"plain.img\"}").expect(200);
        stop();
        Files.delete(data.resolve("plain.img"));
        start();

        Answer image = api.get("/v1/images/plain").expect(200);
        assertThat(image.get("state")).isEqualTo("unavailable");
        api.delete("/v1/images/plain").expect(204);
    }
}
