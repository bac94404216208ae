package io.rawcow.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.TestService;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that are wrong, and the problem that says so. */
class MalformedIT {
    private static final String JSON = "application/json";
    private static final String SLOW = "speed";

    @TempDir
    static Path data;

    private static TestService service;
    private static ApiClient api;

    @BeforeAll
    static void start() {
        TestFiles.random(data.resolve("golden.img"), 1 << 20);
        service = TestService.start(data);
        api = new ApiClient(service.base());
        api.create("vm");
        api.put("/v1/jobs/" + SLOW, ApiClient.slowStream("vm")).expect(202);
    }

    @AfterAll
    static void stop() {
        service.close();
    }

    private static Answer wrong(String method, String path, String json) {
        return api.call(method, path).wrong().body(json).send();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            PUT | /v1/images/new | not json | malformed_request |
            PUT | /v1/images/new | [] | malformed_request |
            PUT | /v1/images/new | {"size": 1, "size": 2} | malformed_request |
            PUT | /v1/images/new | {"Size": 1} | unknown_field | Size
            PUT | /v1/images/new | {"size": "1"} | invalid_value | size
            PUT | /v1/images/new | {"size": 1.0} | invalid_value | size
            PUT | /v1/images/new | {"size": null} | invalid_value | size
            PUT | /v1/images/new | {"size": 0} | invalid_value | size
            PUT | /v1/images/new | {"size": 9223372036852678657} | invalid_value | size
            PUT | /v1/images/new | {"sectorSize": 3000} | invalid_value | sectorSize
            PUT | /v1/images/new | {"sectorSize": 4194304} | invalid_value | sectorSize
            PUT | /v1/images/new | {"rawFile": ""} | invalid_value | rawFile
            PUT | /v1/images/new | {"rawFile": "a\\u0000b"} | invalid_value | rawFile
            PUT | /v1/images/new | {"backingFormat": "RAW"} | invalid_value | backingFormat
            PUT | /v1/images/new | {"newUuid": "true"} | invalid_value | newUuid
            PUT | /v1/images/new | {} | missing_field | sidecar
            PUT | /v1/images/new | {"sidecar": "new.raw-cow", "rawFile": "x"} | missing_field | size
            PUT | /v1/images/new | {"sidecar": "new.raw-cow", "size": 512} | missing_field | rawFile
            PUT | /v1/exports/new | {} | missing_field | image
            PUT | /v1/exports/new | {"Image": "vm"} | unknown_field | Image
            PUT | /v1/exports/new | {"image": ""} | invalid_value | image
            PUT | /v1/exports/new | {"image": "-vm"} | invalid_name | image
            PUT | /v1/exports/new | {"image": "vm", "readOnly": 1} | invalid_value | readOnly
            PUT | /v1/exports/new | {"image": "vm", "description": "a\\u0000b"} | invalid_value | description
            PUT | /v1/exports/new | {"image": "vm", "maxConnections": 0} | invalid_value | maxConnections
            PUT | /v1/exports/new | {"image": "vm", "maxConnections": 10001} | invalid_value | maxConnections
            PUT | /v1/exports/new | {"image": "vm", "maxConnections": "1"} | invalid_value | maxConnections
            PUT | /v1/jobs/new | {"image": "vm"} | missing_field | type
            PUT | /v1/jobs/new | {"type": "stream"} | missing_field | image
            PUT | /v1/jobs/new | {"type": "mirror", "image": "vm"} | invalid_value | type
            PUT | /v1/jobs/new | {"type": "stream", "image": "-vm"} | invalid_name | image
            PUT | /v1/jobs/new | {"type": "stream", "image": "vm", "id": "a"} | unknown_field | id
            PUT | /v1/jobs/new | {"type": "stream", "image": "vm", "speed": -1} | invalid_value | speed
            PUT | /v1/jobs/new | {"type": "stream", "image": "vm", "onError": "STOP"} | invalid_value | onError
            POST | /v1/jobs | {"type": "stream", "image": "vm", "id": "-"} | invalid_name | job
            POST | /v1/jobs | {"type": "stream", "image": "vm", "autoDismiss": 1} | invalid_value | autoDismiss
            PATCH | /v1/jobs/speed | {} | missing_field | speed
            PATCH | /v1/jobs/speed | {"speed": "fast"} | invalid_value | speed
            PATCH | /v1/jobs/speed | {"onError": "stop"} | unknown_field | onError
            """)
    void bodyThatIsWrongIsRefusedByItsField(String method, String path, String json, String code, String field) {
        Answer refused = wrong(method, path, json).problem(400, code);

        assertThat(refused.json().path("field").asString(null)).isEqualTo(field);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v1/images?limit=0",
                "/v1/images?limit=1001",
                "/v1/images?limit=ten",
                "/v1/images?cursor=%21",
                "/v1/images?limit=1&limit=2",
                "/v1/jobs?limit=-1",
                "/v1/jobs?cursor=",
                "/v1/exports?limit=0",
                "/v1/exports?cursor=%21",
                "/v1/webhooks?limit=0",
                "/v1/jobs/speed?wait=61s",
                "/v1/jobs/speed?wait=30",
                "/v1/images/vm/map?start=-1",
                "/v1/images/vm/map?start=1048576",
                "/v1/images/vm/map?length=0",
                "/v1/images/vm/map?limit=x",
                "/v1/images/vm/map?cursor=YWJj"
            })
    void queryThatIsWrongIsRefused(String path) {
        api.call("GET", path).wrong().send().problem(400, "invalid_value");
    }

    @ParameterizedTest
    @CsvSource({
        "GET,/v1/images?x=1",
        "GET,/v1/images?Limit=1",
        "GET,/v1/images/vm?x=1",
        "PUT,/v1/images/vm?x=1",
        "DELETE,/v1/images/vm?file=delete",
        "POST,/v1/images/vm/check?x=1",
        "GET,/v1/images/vm/map?end=1",
        "GET,/v1/exports?image=vm",
        "GET,/v1/exports/vm?x=1",
        "PUT,/v1/exports/vm?x=1",
        "DELETE,/v1/exports/vm?force=true",
        "GET,/v1/jobs?image=vm",
        "POST,/v1/jobs?x=1",
        "GET,/v1/jobs/speed?timeout=1s",
        "PUT,/v1/jobs/speed?x=1",
        "PATCH,/v1/jobs/speed?x=1",
        "POST,/v1/jobs/speed/pause?x=1",
        "POST,/v1/jobs/speed/resume?x=1",
        "POST,/v1/jobs/speed/cancel?x=1",
        "POST,/v1/jobs/speed/finalize?x=1",
        "POST,/v1/jobs/speed/dismiss?x=1",
        "GET,/v1/webhooks?x=1",
        "GET,/v1/events?x=1"
    })
    void queryParameterThatIsUnknownIsRefused(String method, String path) {
        wrong(method, path, "{\"type\": \"stream\", \"image\": \"vm\"}").problem(400, "unknown_field");
    }

    @Test
    void halfACharacterIsAnsweredTooWhereverItStands() {
        String many = "a".repeat(199);
        for (String body : List.of(
                "{\"rawFile\": \"\\ud800\"}",
                "{\"backingFormat\": \"\\udc00\"}",
                "{\"backingFormat\": \"" + many + "\\ud83d\\ude00\"}")) {
            wrong("PUT", "/v1/images/new", body).problem(400, "invalid_value");
        }
        wrong("PUT", "/v1/images/new", "{\"\\ud800\": 1}").problem(400, "unknown_field");
        wrong("PUT", "/v1/images/new", "{\"" + many + "\\ud83d\\ude00\": 1}").problem(400, "unknown_field");
    }

    @Test
    void fileWordIsExact() {
        api.call("DELETE", "/v1/images/vm?files=yes").wrong().send().problem(400, "invalid_value");
        api.call("DELETE", "/v1/exports/vm?mode=HARD").wrong().send().problem(400, "invalid_value");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-vm", "vm-", ".vm", "vm%20x", "v%C3%A4m", "_", "a*b"})
    void nameThatIsWrongIsRefusedEverywhere(String name) {
        String image = "/v1/images/" + name;
        String job = "/v1/jobs/" + name;
        String export = "/v1/exports/" + name;
        String stream = ApiClient.stream("vm");
        List.of(
                        api.call("GET", image),
                        api.call("DELETE", image),
                        api.call("PUT", image).body("{}"),
                        api.call("GET", image + "/map"),
                        api.call("POST", image + "/check"),
                        api.call("GET", export),
                        api.call("PUT", export).body("{\"image\": \"vm\"}"),
                        api.call("DELETE", export),
                        api.call("GET", job),
                        api.call("PUT", job).body(stream),
                        api.call("PATCH", job).body("{\"speed\": 1}"),
                        api.call("POST", job + "/pause"),
                        api.call("POST", job + "/resume"),
                        api.call("POST", job + "/cancel"),
                        api.call("POST", job + "/finalize"),
                        api.call("POST", job + "/dismiss"))
                .forEach(call -> call.wrong().send().problem(400, "invalid_name"));
    }

    @Test
    void nameHas128CharactersAtMost() {
        api.call("GET", "/v1/images/" + "a".repeat(128)).send().problem(404, "image_not_found");
        Answer refused =
                api.call("GET", "/v1/images/" + "a".repeat(129)).wrong().send();
        refused.problem(400, "invalid_name");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/v1", "/v2/images", "/v1/images/", "/v1/images/vm/nothing", "/favicon.ico", "/error"})
    void pathThatIsNoneIsNotFound(String path) throws Exception {
        bare("GET", path, "application/json").problem(404, "not_found");
        bare("GET", path, "text/html").problem(404, "not_found");
    }

    @ParameterizedTest
    @CsvSource({
        "POST,/v1/images,GET",
        "POST,/v1/images/vm,GET",
        "PUT,/v1/images/vm/map,GET",
        "PUT,/v1/images/vm/blockmap,GET",
        "POST,/v1/images/vm/counters,GET",
        "GET,/v1/images/vm/check,POST",
        "POST,/v1/exports,GET",
        "PATCH,/v1/exports/vm,GET",
        "DELETE,/v1/jobs,GET",
        "POST,/v1/jobs/speed,GET",
        "GET,/v1/jobs/speed/pause,POST",
        "GET,/v1/jobs/speed/resume,POST",
        "GET,/v1/jobs/speed/cancel,POST",
        "GET,/v1/jobs/speed/finalize,POST",
        "GET,/v1/jobs/speed/dismiss,POST",
        "POST,/v1/webhooks,GET",
        "POST,/v1/events,GET",
        "FOO,/v1/images,GET"
    })
    void methodThatIsNotTakenIsRefusedWithThoseThatAre(String method, String path, String allowed) throws Exception {
        Answer refused = bare(method, path, "*/*").problem(405, "method_not_allowed");

        assertThat(refused.header("Allow")).contains(allowed);
        assertThat(Contract.checkNotAllowed(path, refused)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "GET,/v1/images",
        "PUT,/v1/images/vm",
        "GET,/v1/images/vm",
        "DELETE,/v1/images/vm",
        "GET,/v1/images/vm/map",
        "GET,/v1/images/vm/blockmap",
        "GET,/v1/images/vm/counters",
        "POST,/v1/images/vm/check",
        "GET,/v1/exports",
        "PUT,/v1/exports/vm",
        "GET,/v1/exports/vm",
        "DELETE,/v1/exports/vm",
        "GET,/v1/jobs",
        "POST,/v1/jobs",
        "GET,/v1/jobs/speed",
        "PUT,/v1/jobs/speed",
        "PATCH,/v1/jobs/speed",
        "POST,/v1/jobs/speed/pause",
        "POST,/v1/jobs/speed/resume",
        "POST,/v1/jobs/speed/cancel",
        "POST,/v1/jobs/speed/finalize",
        "POST,/v1/jobs/speed/dismiss",
        "GET,/v1/webhooks",
        "GET,/v1/events",
        "GET,/actuator/health",
        "GET,/actuator/health/liveness",
        "GET,/actuator/health/readiness",
        "GET,/actuator/prometheus",
        "GET,/actuator/info"
    })
    void typeThatIsNoneOfTheAnswersIsNotAcceptable(String method, String path) {
        var call = api.call(method, path).wrong().header("Accept", "image/png");
        if (List.of("PUT", "POST", "PATCH").contains(method)) {
            call.body("{}");
        }
        call.send().problem(406, "not_acceptable");
    }

    @ParameterizedTest
    @CsvSource({
        "PUT,/v1/images/vm,text/plain",
        "PUT,/v1/images/vm,",
        "PUT,/v1/exports/vm,text/plain",
        "POST,/v1/jobs,application/x-www-form-urlencoded",
        "PUT,/v1/jobs/speed,application/xml",
        "PATCH,/v1/jobs/speed,application/merge-patch+json",
        "PUT,/v1/images/vm,nonsense"
    })
    void typeOfTheBodyIsJson(String method, String path, String type) {
        api.call(method, path)
                .wrong()
                .body(type == null ? "" : type, "{}".getBytes(StandardCharsets.UTF_8))
                .send()
                .problem(415, "unsupported_media_type");
    }

    @Test
    void bodyThatIsMissingIsMalformed() {
        api.call("PUT", "/v1/images/vm")
                .wrong()
                .header("Content-Type", JSON)
                .send()
                .problem(400, "malformed_request");
    }

    @Test
    void bodyOfAnotherEncodingIsMalformed() {
        byte[] latin = "{\"sidecar\": \"ü\"}".getBytes(StandardCharsets.ISO_8859_1);
        api.call("PUT", "/v1/images/vm").wrong().body(JSON, latin).send().problem(400, "malformed_request");
        byte[] wide = "{}".getBytes(StandardCharsets.UTF_16);
        api.call("PUT", "/v1/images/vm").wrong().body(JSON, wide).send().problem(400, "malformed_request");
    }

    @ParameterizedTest
    @CsvSource({"PUT,/v1/images/vm", "PUT,/v1/exports/vm", "POST,/v1/jobs", "PUT,/v1/jobs/speed", "PATCH,/v1/jobs/speed"
    })
    void bodyHas65536BytesAtMost(String method, String path) throws Exception {
        byte[] fits = ("{\"x\": 1}" + " ".repeat(65536 - 8)).getBytes(StandardCharsets.US_ASCII);
        api.call(method, path).wrong().body(JSON, fits).send().problem(400, "unknown_field");
        byte[] tooLarge = ("{\"x\": 1}" + " ".repeat(65536 - 7)).getBytes(StandardCharsets.US_ASCII);
        api.call(method, path).wrong().body(JSON, tooLarge).send().problem(413, "body_too_large");

        // Without a length, in chunks.
        HttpRequest chunked = HttpRequest.newBuilder(URI.create(service.base() + path))
                .header("Content-Type", JSON)
                .method(method, BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(tooLarge)))
                .build();
        send(chunked).problem(413, "body_too_large");
    }

    /** A request that the document has no operation for. */
    private static Answer bare(String method, String path, String accept) throws Exception {
        return send(HttpRequest.newBuilder(URI.create(service.base() + path))
                .header("Accept", accept)
                .method(method, BodyPublishers.noBody())
                .build());
    }

    private static Answer send(HttpRequest request) throws IOException, InterruptedException {
        HttpResponse<String> response = HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
        return new Answer(response.statusCode(), response.headers(), response.body());
    }
}
