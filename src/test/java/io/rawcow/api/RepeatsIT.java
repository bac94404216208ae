package io.rawcow.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.TestService;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same request twice has the same end, whatever lies between; another one under the same name is refused. */
class RepeatsIT {
    private static final int BYTES = 1 << 20;

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

    private void restartWithoutCatalog() throws Exception {
        stop();
        try (Stream<Path> files = Files.walk(data.resolve(".rawcow"))) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
        start();
    }

    private static final List<String> OTHER_VALUES = List.of(
            "{\"size\": 512}",
            "{\"sectorSize\": 512}",
            "{\"backingFile\": \"other.img\"}",
            "{\"backingFormat\": \"qcow2\"}",
            "{\"rawFile\": \"other.img\"}",
            "{\"sidecar\": \"other.raw-cow\"}");

    private void repeatsAgree(String name) {
        api.put("/v1/images/" + name, ApiClient.request(name)).expect(200);
        api.put("/v1/images/" + name, "{}").expect(200);
        api.put("/v1/images/" + name, "{\"size\": " + BYTES + ", \"sectorSize\": 4096, \"backingFormat\": \"raw\"}")
                .expect(200);
        api.put("/v1/images/" + name, "{\"sidecar\": \"" + data + "/./" + name + ".raw-cow\"}")
                .expect(200);
        for (String other : OTHER_VALUES) {
            Answer refused = api.put("/v1/images/" + name, other).problem(409, "image_differs");
            assertThat(refused.json().get("differences").size()).isEqualTo(1);
            assertThat(other).contains(refused.json().at("/differences/0/field").asString());
        }
    }

    @Test
    void knownNameComparesOnlyWhatIsStated() {
        api.create("vm");

        repeatsAgree("vm");
        restart();
        repeatsAgree("vm");
    }

    @Test
    void permissionsOfOneCallAreNotCompared() {
        api.create("vm");

        for (String permission : List.of("acceptBackingChange", "acceptLostWrites", "reuseRawFile", "newUuid")) {
            api.put("/v1/images/vm", "{\"" + permission + "\": true}").expect(200);
        }
    }

    @Test
    void sidecarThatAgreesIsOpenedWhenTheCatalogIsLost() throws Exception {
        String uuid = api.create("vm").get("uuid");
        restartWithoutCatalog();

        Answer opened = api.put("/v1/images/vm", ApiClient.request("vm")).expect(200);

        assertThat(opened.get("uuid")).isEqualTo(uuid);
        assertThat(opened.get("state")).isEqualTo("cow");
        repeatsAgree("vm");
    }

    @Test
    void sidecarAloneIsOpenedWhenTheCatalogIsLost() throws Exception {
        api.create("vm");
        restartWithoutCatalog();

        Answer opened =
                api.put("/v1/images/again", "{\"sidecar\": \"vm.raw-cow\"}").expect(200);

        assertThat(opened.get("rawFile")).endsWith("/vm.img");
    }

    @Test
    void sidecarThatSaysOtherwiseIsRefused() throws Exception {
        api.create("vm");
        restartWithoutCatalog();

        Answer refused = api.put("/v1/images/vm", ApiClient.request("vm").replace("}", ", \"size\": 512}"))
                .problem(409, "sidecar_exists");

        assertThat(refused.json().at("/differences/0/field").asString()).isEqualTo("size");
        assertThat(refused.json().at("/differences/0/is").asLong()).isEqualTo(BYTES);
    }

    @Test
    void finishedDiskIsNeverMadeAnew() throws Exception {
        api.create("vm");
        api.put("/v1/jobs/vm", ApiClient.stream("vm")).expect(202);
        assertThat(api.rested("vm").get("status")).isEqualTo("concluded");
        api.put("/v1/images/vm", ApiClient.request("vm")).expect(200);
        restart();
        assertThat(api.put("/v1/images/vm", "{\"sidecar\": \"vm.raw-cow\"}")
                        .expect(200)
                        .get("state"))
                .isEqualTo("standalone");

        restartWithoutCatalog();

        Answer refused = api.put("/v1/images/vm", ApiClient.request("vm")).problem(409, "raw_file_exists");
        assertThat(refused.get("action")).isNotEmpty();
        api.put("/v1/images/vm", ApiClient.request("vm").replace("}", ", \"reuseRawFile\": true}"))
                .problem(409, "raw_file_not_empty");
        assertThat(Files.mismatch(data.resolve("golden.img"), data.resolve("vm.img")))
                .isEqualTo(-1);
        api.put("/v1/images/vm", "{\"rawFile\": \"vm.img\"}").expect(200);
    }

    @Test
    void rawFileWithoutDataIsTakenOnRequest() throws Exception {
        try (var file = FileChannel.open(data.resolve("vm.img"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            file.truncate(0);
        }
        api.put("/v1/images/vm", ApiClient.request("vm")).problem(409, "raw_file_exists");

        api.put("/v1/images/vm", ApiClient.request("vm").replace("}", ", \"reuseRawFile\": true}"))
                .expect(201);
    }

    @Test
    void filesOfAnotherImageAreRefused() {
        api.create("vm");

        api.put("/v1/images/thief", "{\"sidecar\": \"vm.raw-cow\"}").problem(409, "image_in_use");
        api.put("/v1/images/thief", "{\"rawFile\": \"vm.img\"}").problem(409, "image_in_use");
        api.put(
                        "/v1/images/thief",
                        "{\"sidecar\": \"thief.raw-cow\", \"rawFile\": \"vm.img\", \"backingFile\": \"golden.img\"}")
                .problem(409, "image_in_use");
    }

    @Test
    void jobIsAnsweredAgainAndStartsNothing() throws Exception {
        api.create("vm");
        api.put("/v1/jobs/vm", ApiClient.stream("vm")).expect(202);
        String finished = api.rested("vm").get("finishedAt");

        assertThat(api.put("/v1/jobs/vm", ApiClient.stream("vm")).expect(200).get("finishedAt"))
                .isEqualTo(finished);
        api.put("/v1/jobs/vm", """
                {"type": "stream", "image": "vm", "speed": 0, "onError": "enospc", "autoFinalize": true,
                 "autoDismiss": false, "keepSidecar": false}""").expect(200);
        api.post("/v1/jobs", "{\"id\": \"vm\", \"type\": \"stream\", \"image\": \"vm\"}")
                .expect(200);
        Answer refused = api.put("/v1/jobs/vm", ApiClient.slowStream("vm")).problem(409, "job_differs");
        assertThat(refused.json().at("/differences/0/field").asString()).isEqualTo("speed");

        api.delete("/v1/images/vm").expect(204);
        restart();
        Answer remembered = api.put("/v1/jobs/vm", ApiClient.stream("vm")).expect(200);
        assertThat(remembered.get("finishedAt")).isEqualTo(finished);
        assertThat(remembered.get("status")).isEqualTo("concluded");
    }

    @Test
    void deletedNameIsFreeAgain() {
        api.create("vm");
        api.delete("/v1/images/vm").expect(204);

        assertThat(api.put("/v1/images/vm", "{\"sidecar\": \"vm.raw-cow\"}")
                        .expect(200)
                        .get("state"))
                .isEqualTo("cow");
    }

    @Test
    void changedBackingIsRefusedUntilAccepted() {
        api.create("vm");
        api.delete("/v1/images/vm").expect(204);
        TestFiles.random(data.resolve("golden.img"), BYTES - 512);
        api.put("/v1/images/vm", "{\"sidecar\": \"vm.raw-cow\"}").problem(409, "backing_changed");

        api.put("/v1/images/vm", "{\"sidecar\": \"vm.raw-cow\", \"acceptBackingChange\": true}")
                .expect(200);
    }

    @Test
    void missingBackingMakesTheImageUnavailableUntilItIsBack() throws Exception {
        api.create("vm");
        stop();
        Files.move(data.resolve("golden.img"), data.resolve("away.img"));
        service = TestService.start(data);
        api = new ApiClient(service.base());

        Answer image = api.get("/v1/images/vm").expect(200);
        assertThat(image.get("state")).isEqualTo("unavailable");
        assertThat(image.json().at("/error/code").asString()).isEqualTo("file_not_found");
        api.get("/actuator/health/readiness").expect(200);
        api.put("/v1/jobs/vm", ApiClient.stream("vm")).problem(409, "image_unavailable");
        api.get("/v1/images/vm/map").problem(409, "image_unavailable");
        api.get("/v1/images/vm/blockmap").problem(409, "image_unavailable");
        api.get("/v1/images/vm/counters").problem(409, "image_unavailable");
        api.post("/v1/images/vm/check").problem(409, "image_unavailable");
        api.put("/v1/images/vm", "{}").problem(404, "file_not_found");

        Files.move(data.resolve("away.img"), data.resolve("golden.img"));
        assertThat(api.put("/v1/images/vm", "{}").expect(200).get("state")).isEqualTo("cow");
    }
}
