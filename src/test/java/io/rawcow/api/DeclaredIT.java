package io.rawcow.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.TestService;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Images of the configuration: there at every start, without anybody asking. */
class DeclaredIT {
    private static final String[] VM = {
        "rawcow.images.vm.sidecar=vm.raw-cow",
        "rawcow.images.vm.raw-file=vm.img",
        "rawcow.images.vm.backing-file=golden.img",
        "rawcow.images.vm.size=4MB",
        "rawcow.images.vm.sector-size=4KB",
        "rawcow.images.vm.export.read-only=true",
        "rawcow.images.vm.stream.speed=0",
        "rawcow.images.vm.stream.on-error=report"
    };

    @TempDir
    Path data;

    @BeforeEach
    void makeBacking() {
        TestFiles.random(data.resolve("golden.img"), 4 << 20);
    }

    @Test
    void firstStartCreatesAndStreamsAndTheNextFindsItStandalone() throws Exception {
        try (var service = TestService.start(data, VM)) {
            var api = new ApiClient(service.base());
            assertThat(api.rested("vm").get("status")).isEqualTo("concluded");
            assertThat(api.get("/v1/jobs/vm").get("onError")).isEqualTo("report");
            assertThat(api.get("/v1/images/vm").get("state")).isEqualTo("standalone");
        }
        try (var service = TestService.start(data, VM)) {
            var api = new ApiClient(service.base());
            assertThat(api.get("/v1/images/vm").get("state")).isEqualTo("standalone");
            assertThat(api.get("/v1/jobs").json().get("items")).hasSize(1);
            api.get("/actuator/health/readiness").expect(200);
            api.put("/v1/images/vm", "{\"rawFile\": \"vm.img\"}").expect(200);
        }
        assertThat(Files.mismatch(data.resolve("golden.img"), data.resolve("vm.img")))
                .isEqualTo(-1);
    }

    @Test
    void declaredImageCannotBeDeleted() {
        try (var service = TestService.start(data, VM)) {
            var api = new ApiClient(service.base());
            api.rested("vm");

            assertThat(api.get("/v1/exports/vm")
                            .expect(200)
                            .json()
                            .get("readOnly")
                            .asBoolean())
                    .isTrue();
            for (String mode : new String[] {"safe", "soft", "hard"}) {
                api.delete("/v1/exports/vm?mode=" + mode).problem(409, "export_in_use");
            }
            api.delete("/v1/images/vm").problem(409, "image_in_use");
        }
    }

    @Test
    void jobThatFailedStartsAgainAtTheNextStart() {
        try (var service = TestService.start(data, replace("speed=0", "speed=4KB"))) {
            var api = new ApiClient(service.base());
            api.post("/v1/jobs/vm/cancel").expect(200);
            assertThat(api.rested("vm").json().at("/error/code").asString()).isEqualTo("cancelled");
        }
        try (var service = TestService.start(data, VM)) {
            var api = new ApiClient(service.base());
            assertThat(api.rested("vm").json().get("error").isNull()).isTrue();
            assertThat(api.get("/v1/images/vm").get("state")).isEqualTo("standalone");
        }
    }

    @Test
    void declaredImageThatIsNotThereHoldsReadinessDownButNotLiveness() throws Exception {
        Files.move(data.resolve("golden.img"), data.resolve("away.img"));
        try (var service = TestService.start(data, VM)) {
            var api = new ApiClient(service.base());
            Answer readiness = api.get("/actuator/health/readiness").expect(503);
            assertThat(readiness.json().at("/components/catalog/details/missing"))
                    .isEqualTo(ApiJson.MAPPER.readTree("[{\"name\": \"vm\", \"code\": \"file_not_found\"}]"));
            assertThat(readiness.body()).doesNotContain("golden", "vm.img", data.toString());
            api.get("/actuator/health").expect(503);
            api.get("/actuator/health/liveness").expect(200);
        }
        Files.move(data.resolve("away.img"), data.resolve("golden.img"));
        try (var service = TestService.start(data, VM)) {
            var api = new ApiClient(service.base());
            api.get("/actuator/health/readiness").expect(200);
        }
    }

    @Test
    void exportThatIsNotAsDeclaredHoldsReadinessDown() {
        try (var service = TestService.start(data, VM)) {
            var api = new ApiClient(service.base());
            api.rested("vm");
            api.get("/actuator/health/readiness").expect(200);
        }
        try (var service = TestService.start(data, replace("read-only=true", "read-only=false"))) {
            var api = new ApiClient(service.base());
            api.get("/actuator/health/readiness").expect(503);
            assertThat(api.get("/v1/exports/vm")
                            .expect(200)
                            .json()
                            .get("readOnly")
                            .asBoolean())
                    .isTrue();
        }
    }

    @Test
    void finishedDiskWithoutCatalogIsNeverMadeAnew() throws Exception {
        Files.copy(data.resolve("golden.img"), data.resolve("vm.img"));
        try (var service = TestService.start(data, VM)) {
            var api = new ApiClient(service.base());
            api.get("/actuator/health/readiness").expect(503);
            api.get("/v1/images/vm").problem(404, "image_not_found");
        }
        assertThat(Files.mismatch(data.resolve("golden.img"), data.resolve("vm.img")))
                .isEqualTo(-1);
    }

    private static String[] replace(String what, String by) {
        return java.util.Arrays.stream(VM)
                .map(property -> property.replace(what, by))
                .toArray(String[]::new);
    }
}
