package io.rawcow.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.TestService;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What can be done with a job, when, and how often. */
class JobVerbsIT {
    private static final int BYTES = 4 << 20;

    @TempDir
    static Path data;

    private static TestService service;
    private static ApiClient api;

    @BeforeAll
    static void start() {
        TestFiles.random(data.resolve("golden.img"), BYTES);
        service = TestService.start(data);
        api = new ApiClient(service.base());
    }

    @AfterAll
    static void stop() {
        service.close();
    }

    /** An image and a job of its name that goes on for long. */
    private static String slow(String name) {
        api.create(name);
        api.put("/v1/jobs/" + name, ApiClient.slowStream(name)).expect(202);
        return "/v1/jobs/" + name;
    }

    private static String waiting(String name) {
        api.create(name);
        api.put("/v1/jobs/" + name, """
                {"type": "stream", "image": "%s", "autoFinalize": false}""".formatted(name)).expect(202);
        assertThat(api.rested(name).get("status")).isEqualTo("pending");
        return "/v1/jobs/" + name;
    }

    @Test
    void pausedJobStaysPausedAndGoesOn() {
        String job = slow("pause");

        Answer paused = api.post(job + "/pause").expect(200);
        assertThat(paused.get("status")).isEqualTo("paused");
        assertThat(paused.get("statusDetail")).isNotEmpty();
        assertThat(api.post(job + "/pause").expect(200).get("status")).isEqualTo("paused");
        long progress = api.get(job).json().get("currentProgress").asLong();

        Answer resumed = api.post(job + "/resume").expect(200);
        assertThat(resumed.get("status")).isIn("running", "created");
        assertThat(api.post(job + "/resume").expect(200).get("status")).isIn("running", "created");

        api.patch(job, "{\"speed\": 0}").expect(200);
        Answer concluded = api.rested("pause");
        assertThat(concluded.get("status")).isEqualTo("concluded");
        assertThat(concluded.json().get("currentProgress").asLong()).isGreaterThanOrEqualTo(progress);
    }

    @Test
    void speedIsChangedAndARepeatIsStillTheSameJob() {
        String job = slow("speed");

        Answer changed = api.patch(job, "{\"speed\": 8192}").expect(200);
        assertThat(changed.json().get("speed").asLong()).isEqualTo(8192);
        api.patch(job, "{\"speed\": 8192}").expect(200);

        api.put(job, ApiClient.slowStream("speed")).expect(200);
        api.post(job + "/cancel").expect(200);
    }

    @Test
    void cancelledJobIsConcludedAndALaterOneGoesOnFromThere() {
        String job = slow("cancel");

        assertThat(api.post(job + "/cancel").expect(200).get("status")).isIn("aborting", "concluded");
        Answer cancelled = api.rested("cancel");
        assertThat(cancelled.get("status")).isEqualTo("concluded");
        assertThat(cancelled.json().at("/error/code").asString()).isEqualTo("cancelled");
        api.post(job + "/cancel").expect(200);
        assertThat(api.get("/v1/images/cancel").get("state")).isEqualTo("cow");

        api.put("/v1/jobs/cancel-2", ApiClient.stream("cancel")).expect(202);
        assertThat(api.rested("cancel-2").json().get("error").isNull()).isTrue();
    }

    @Test
    void pendingJobSaysWhatItWaitsForAndDetachesOnFinalize() {
        String job = waiting("pending");

        Answer pending = api.get(job).expect(200);
        assertThat(pending.get("statusDetail")).contains("finalize");
        assertThat(pending.json().get("progress").asDouble()).isLessThan(1);
        assertThat(api.get("/v1/images/pending").get("state")).isEqualTo("cow");

        assertThat(api.post(job + "/finalize").expect(200).get("status")).isIn("pending", "concluded");
        assertThat(api.rested("pending").get("status")).isEqualTo("concluded");
        api.post(job + "/finalize").expect(200);
        assertThat(api.get("/v1/images/pending").get("state")).isEqualTo("standalone");
    }

    @Test
    void pendingJobCanBeCancelled() {
        String job = waiting("pending-cancel");

        api.post(job + "/cancel").expect(200);

        assertThat(api.rested("pending-cancel").json().at("/error/code").asString())
                .isEqualTo("cancelled");
        assertThat(api.get("/v1/images/pending-cancel").get("state")).isEqualTo("cow");
    }

    @Test
    void dismissedJobIsForgottenAndItsIdFree() {
        String job = slow("dismiss");
        Answer refused = api.post(job + "/dismiss").problem(409, "wrong_job_status");
        assertThat(refused.get("value")).isIn("running", "created");
        api.post(job + "/cancel").expect(200);
        api.rested("dismiss");

        api.post(job + "/dismiss").expect(204);

        api.get(job).problem(404, "job_not_found");
        api.post(job + "/dismiss").problem(404, "job_not_found");
        api.put(job, ApiClient.stream("dismiss")).expect(202);
        assertThat(api.rested("dismiss").get("status")).isEqualTo("concluded");
    }

    @Test
    void autoDismissedJobAnswersThoseWhoWaitAndIsGone() {
        api.create("auto");
        api.put("/v1/jobs/auto", """
                {"type": "stream", "image": "auto", "speed": 8388608, "autoDismiss": true}""").expect(202);

        assertThat(api.rested("auto").get("status")).isEqualTo("concluded");

        Eventually.check(() -> api.get("/v1/jobs/auto").problem(404, "job_not_found"));
    }

    @Test
    void verbsThatDoNotFitAreRefusedWithTheStatus() {
        api.create("done");
        api.put("/v1/jobs/done", ApiClient.stream("done")).expect(202);
        api.rested("done");

        for (String verb : List.of("pause", "resume", "cancel")) {
            Answer refused = api.post("/v1/jobs/done/" + verb).problem(409, "wrong_job_status");
            assertThat(refused.get("value")).isEqualTo("concluded");
        }
        api.patch("/v1/jobs/done", "{\"speed\": 1}").problem(409, "wrong_job_status");
        api.post("/v1/jobs/done/finalize").expect(200);

        String job = slow("running");
        api.post(job + "/finalize").problem(409, "wrong_job_status");
        api.post(job + "/cancel").expect(200);
    }

    @Test
    void oneImageHasOneJobAtATime() {
        slow("one");

        Answer refused = api.put("/v1/jobs/one-2", ApiClient.stream("one")).problem(409, "job_active");
        assertThat(refused.get("detail")).contains("job=one");
        api.post("/v1/jobs", ApiClient.stream("one")).problem(409, "job_active");
        api.delete("/v1/images/one").problem(409, "job_active");
        assertThat(api.get("/v1/images/one").json().get("jobs").toString()).contains("\"one\"");

        api.post("/v1/jobs/one/cancel").expect(200);
        api.rested("one");
        api.delete("/v1/images/one").expect(204);
    }

    @Test
    void jobWithoutAnIdGetsOne() {
        api.create("anonymous");

        Answer started = api.post("/v1/jobs", ApiClient.stream("anonymous")).expect(202);

        String id = started.get("id");
        assertThat(started.header("Location")).isEqualTo("/v1/jobs/" + id);
        assertThat(api.rested(id).get("status")).isEqualTo("concluded");
    }

    @Test
    void waitEndsWithTheTimeThatWasGiven() {
        String job = slow("wait");
        long start = System.nanoTime();

        assertThat(api.get(job + "?wait=300ms").expect(200).get("status")).isIn("running", "created");

        assertThat((System.nanoTime() - start) / 1_000_000).isBetween(290L, 10_000L);
        api.post(job + "/cancel").expect(200);
    }

    @Test
    void oneCallerCannotTakeAllPlacesToWait() throws Exception {
        String job = slow("crowd");
        URI wait = URI.create(service.base() + job + "?wait=60s");
        List<CompletableFuture<HttpResponse<Void>>> waiting = new ArrayList<>();
        try (var crowd = HttpClient.newHttpClient();
                var other = HttpClient.newBuilder()
                        .localAddress(InetAddress.getByName("127.0.0.2"))
                        .build()) {
            for (int i = 0; i < ApiSettings.DEFAULT.waits() / 4; i++) {
                waiting.add(crowd.sendAsync(HttpRequest.newBuilder(wait).build(), BodyHandlers.discarding()));
            }
            Eventually.check(() -> api.get(job + "?wait=1ms").problem(503, "busy"));

            var request = HttpRequest.newBuilder(URI.create(service.base() + job + "?wait=1ms"));
            assertThat(other.send(request.build(), BodyHandlers.discarding()).statusCode())
                    .isEqualTo(200);
            api.get(job).expect(200);

            api.post(job + "/cancel").expect(200);
            for (var each : waiting) {
                assertThat(each.get(60, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
            }
            assertThat(api.get(job + "?wait=1ms").expect(200).get("status")).isEqualTo("concluded");
        }
    }

    @Test
    void streamsBeyondTheLimitWaitForTheirTurn(@TempDir Path other) {
        TestFiles.random(other.resolve("golden.img"), BYTES);
        try (var single = TestService.start(other, "rawcow.streams.running=1")) {
            var client = new ApiClient(single.base());
            client.create("first");
            client.create("second");
            client.put("/v1/jobs/first", ApiClient.slowStream("first")).expect(202);
            Eventually.check(
                    () -> assertThat(client.get("/v1/jobs/first").get("status")).isEqualTo("running"));
            client.put("/v1/jobs/second", ApiClient.stream("second")).expect(202);

            Answer waiting = client.get("/v1/jobs/second?wait=200ms").expect(200);
            assertThat(waiting.get("status")).isEqualTo("created");
            assertThat(waiting.get("statusDetail")).isNotEmpty();

            client.post("/v1/jobs/first/cancel").expect(200);
            assertThat(client.rested("second").get("status")).isEqualTo("concluded");
        }
    }

    @Test
    void jobsThatDoNotExistAreNotFound() {
        api.get("/v1/jobs/nobody").problem(404, "job_not_found");
        api.get("/v1/jobs/nobody?wait=1s").problem(404, "job_not_found");
        api.patch("/v1/jobs/nobody", "{\"speed\": 1}").problem(404, "job_not_found");
        for (String verb : List.of("pause", "resume", "cancel", "finalize", "dismiss")) {
            api.post("/v1/jobs/nobody/" + verb).problem(404, "job_not_found");
        }
        api.put("/v1/jobs/nobody", ApiClient.stream("no-image")).problem(404, "image_not_found");
        api.post("/v1/jobs", ApiClient.stream("no-image")).problem(404, "image_not_found");
    }
}
