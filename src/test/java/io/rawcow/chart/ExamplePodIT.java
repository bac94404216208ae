package io.rawcow.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.rawcow.guest.GoldenDisk;
import io.rawcow.guest.GuestVm;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the chart's example says, done: its containers as processes with the arguments, mounts, users and order of the
 * rendered pod. Other than in a cluster are the ports, what the guest boots, and that nothing limits memory.
 */
@Timeout(600)
class ExamplePodIT {
    private static final long DATA_GROUP = 10001;
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    @TempDir
    Path folder;

    /** What the guest boots, with the work that it is to do. */
    private static List<String> system;

    private Map<String, Path> claims;
    private int rest;
    private int management;

    @BeforeAll
    static void makeGuest(@TempDir Path scratch) throws Exception {
        system = GuestVm.system(scratch, "work");
    }

    @BeforeEach
    void makeClaims() throws IOException {
        Path data = Files.createDirectory(folder.resolve("data"));
        PodVolumes.give(data, DATA_GROUP, "rwxrwxr-x", true);
        Path golden = Files.createDirectory(folder.resolve("golden"));
        claims = Map.of("test-rawcow-data", data, "golden-images", golden);
        try (var one = new ServerSocket(0);
                var other = new ServerSocket(0)) {
            rest = one.getLocalPort();
            management = other.getLocalPort();
        }
    }

    @Test
    void aGuestLivesInItsPodThroughADeathOfTheSidecarAndTheDetachAndLaterNeedsNeither() throws Exception {
        String untouched = GoldenDisk.make(folder, claims.get("golden-images").resolve("ubuntu.img"));
        Map<String, String> written;
        try (ExamplePod pod = pod("work", Map.of())) {
            GuestVm guest = pod.start();
            guest.awaitRounds(2);
            assertThat(image().get("state").getAsString()).isEqualTo("cow");
            assertThat(pod.isReady()).isTrue();

            pod.killSidecar();
            pod.startSidecar();
            assertThat(pod.sidecarStarts()).isTrue();
            guest.awaitRounds(2);
            assertThat(image().get("state").getAsString()).isEqualTo("cow");

            call("PATCH", "/v1/jobs/vm", "{\"speed\": 0}");
            await().atMost(Duration.ofMinutes(2))
                    .until(() -> image().get("standalone").getAsBoolean());
            assertThat(claims.get("test-rawcow-data").resolve("vm.raw-cow")).doesNotExist();
            guest.awaitRounds(2);
            assertThat(pod.memoryPeak()).isLessThan(pod.memoryLimit());
            guest.enough();
            written = guest.checksums();
            pod.stopSidecar();
        }
        assertThat(written).containsEntry("/disk/sub/untouched", untouched).hasSizeGreaterThan(4);

        try (ExamplePod pod = pod("check", Map.of())) {
            Map<String, String> found = pod.start().checksums();
            assertThat(image().get("state").getAsString()).isEqualTo("standalone");
            pod.stopSidecar();
            assertThat(found).isEqualTo(written);
        }
        try (ExamplePod pod = pod("check", Map.of("direct", true))) {
            assertThat(pod.start().checksums()).isEqualTo(written);
        }
    }

    @Test
    void theGuestIsHeldBackAndTheSidecarLivesUntilTheBackingIsThere() throws Exception {
        List<Map<String, Object>> rendered = render(
                "work", Map.of(), "--set=probes.startup.periodSeconds=1", "--set=probes.startup.failureThreshold=5");
        try (ExamplePod pod = ExamplePod.of(folder, rendered, claims, Map.of())) {
            pod.startSidecar();
            await().atMost(Duration.ofMinutes(1)).until(pod::isLive);
            assertThat(pod.sidecarStarts()).isFalse();
            assertThat(pod.isLive()).isTrue();
            assertThat(pod.isReady()).isFalse();
            pod.stopSidecar();

            GoldenDisk.make(folder, claims.get("golden-images").resolve("ubuntu.img"));
            pod.startSidecar();
            await().atMost(Duration.ofMinutes(1)).until(pod::sidecarStarts);
            Map<String, Object> test = ExamplePod.object(rendered, "Pod", "test-rawcow-test");
            assertThat(pod.run(test)).contains("\"UP\"", "process_start_time_seconds");
            pod.stopSidecar();
        }
    }

    private ExamplePod pod(String work, Map<String, Object> example) throws Exception {
        Map<String, Path> files = new HashMap<>();
        for (String word : system) {
            if (word.startsWith("/")) {
                files.put(inImage(word), Path.of(word));
            }
        }
        return ExamplePod.of(folder, render(work, example), claims, files);
    }

    /** The example with a guest whose kernel is not on its disk, and a stream that is not over before it has booted. */
    private List<Map<String, Object>> render(String work, Map<String, Object> example, String... more)
            throws Exception {
        List<String> arguments = new ArrayList<>(List.of("-accel", "tcg", "-cpu", "max"));
        arguments.addAll(List.of("-nodefaults", "-display", "none", "-serial", "stdio"));
        for (String word : system) {
            arguments.add(word.startsWith("/") ? inImage(word) : word.replace("guest=work", "guest=" + work));
        }
        Map<String, Object> values = Map.of(
                "example", merged(example, "guest", Map.of("args", arguments)),
                "images", Map.of("vm", Map.of("stream", Map.of("speed", "128KB"))),
                "rest", Map.of("port", rest),
                "management", Map.of("port", management));
        Path file = Files.writeString(folder.resolve("values.yaml"), new Gson().toJson(values));
        List<String> options = new ArrayList<>(List.of("--values", Chart.FOLDER + "/examples/sidecar.yaml"));
        options.addAll(List.of("--values", file.toString()));
        options.addAll(List.of(more));
        return Chart.render(folder, options);
    }

    private static String inImage(String path) {
        return "/guest/" + Path.of(path).getFileName();
    }

    private static Map<String, Object> merged(Map<String, Object> map, String key, Object value) {
        Map<String, Object> all = new HashMap<>(map);
        all.put(key, value);
        return all;
    }

    private JsonObject image() throws Exception {
        return call("GET", "/v1/images/vm", "");
    }

    /** On the pod's loopback, as with {@code kubectl port-forward}. */
    private JsonObject call(String method, String path, String body) throws Exception {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + rest + path))
                .timeout(Duration.ofMinutes(1))
                .header("Content-Type", "application/json")
                .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
        var answer = HTTP.send(request.build(), BodyHandlers.ofString());
        assertThat(answer.statusCode()).as("%s", answer.body()).isEqualTo(200);
        return JsonParser.parseString(answer.body()).getAsJsonObject();
    }
}
