package io.rawcow.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.atlassian.oai.validator.model.SimpleRequest;
import io.rawcow.TestService;
import io.rawcow.api.Contract.Operation;
import io.rawcow.security.TestTokens;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every path and verb of {@code openapi.yaml}, and the verbs it has not, by callers of every kind. */
class AuthorisationIT {
    private static final List<String> VERBS = List.of("GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE");
    private static final Set<String> READING = Set.of("GET", "HEAD", "OPTIONS");
    private static final String STYLE = "/assets/VERSION/app.css";
    private static final Set<String> OPEN =
            Set.of("/", STYLE, "/actuator/health", "/actuator/health/liveness", "/actuator/health/readiness");
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final String NOBODY = "";
    private static final String GUESS = TestTokens.token("guess");

    /** Whoever guesses is slowed, by its address. */
    private static final HttpClient ELSEWHERE = HttpClient.newBuilder()
            .localAddress(InetAddress.ofLiteral("127.0.0.2"))
            .build();

    @TempDir
    static Path folder;

    private static TestService service;
    private static TestService slow;
    private static String version = "";

    @BeforeAll
    static void start() throws Exception {
        String[] callers = Stream.concat(
                        Stream.of(TestTokens.caller(folder, "reader", "viewer")),
                        Stream.of(TestTokens.caller(folder, "admin", "operator")))
                .toArray(String[]::new);
        service = TestService.start(Files.createDirectory(folder.resolve("data")), callers);
        slow = TestService.start(
                Files.createDirectory(folder.resolve("slow")),
                Stream.concat(Stream.of(callers), Stream.of("rawcow.access.rate=1"))
                        .toArray(String[]::new));
        String page = call(service, "GET", "/", NOBODY).expect(200).body();
        Matcher named = Pattern.compile("assets/([^/\"]+)/app\\.css").matcher(page);
        assertThat(named.find()).as(page).isTrue();
        version = named.group(1);
    }

    @AfterAll
    static void stop() {
        service.close();
        slow.close();
    }

    static List<Operation> operations() {
        return Contract.operations();
    }

    /** The page's too, which the contract does not have. */
    static List<String> paths() {
        return Stream.concat(Contract.operations().stream().map(Operation::path).distinct(), Stream.of("/", STYLE))
                .toList();
    }

    /** With the version that the page names. */
    private static String versioned(String path) {
        return path.replace("VERSION", version);
    }

    private static Answer call(TestService at, String method, String template, String token, String... headers) {
        String path = versioned(template.replaceAll("\\{[a-z]+}", "none"));
        var request = HttpRequest.newBuilder(URI.create(at.base() + path))
                .header("Content-Type", "application/json")
                .method(method, method.equals("GET") ? BodyPublishers.noBody() : BodyPublishers.ofString("{}"));
        if (!token.equals(NOBODY)) {
            request.header("Authorization", "Bearer " + token);
        }
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        try {
            HttpResponse<InputStream> response =
                    (token.equals(GUESS) ? ELSEWHERE : HTTP).send(request.build(), BodyHandlers.ofInputStream());
            try (InputStream body = response.body()) {
                // A stream of events has no end.
                boolean endless = response.statusCode() == 200 && path.equals("/v1/events");
                String text = endless ? "" : new String(body.readAllBytes(), StandardCharsets.UTF_8);
                return new Answer(response.statusCode(), response.headers(), text);
            }
        } catch (IOException | InterruptedException e) {
            throw new AssertionError("no answer: %s %s".formatted(method, path), e);
        }
    }

    /** An answer to a documented operation, held to the contract. */
    private static Answer checked(TestService at, Operation operation, String token, String... headers) {
        Answer answer = call(at, operation.method(), operation.path(), token, headers);
        if (answer.status() >= 400) {
            var model = new SimpleRequest.Builder(
                    operation.method(), operation.path().replaceAll("\\{[a-z]+}", "none"));
            assertThat(Contract.check(model.build(), false, answer)).isEmpty();
        }
        return answer;
    }

    @ParameterizedTest
    @MethodSource("paths")
    void everyVerbOfEveryPathAsksWhoCallsAndWhatHeMay(String path) {
        for (String verb : VERBS) {
            boolean reading = READING.contains(verb);
            boolean open = reading && OPEN.contains(path);
            String what = verb + " " + path;

            Answer nobody = call(service, verb, path, NOBODY);
            Answer stranger = call(service, verb, path, GUESS);
            Answer viewer = call(service, verb, path, TestTokens.token("reader"));
            Answer operator = call(service, verb, path, TestTokens.token("admin"));

            assertThat(nobody.status() == 401).as(what).isEqualTo(!open);
            assertThat(stranger.status()).as(what).isIn(401, 429);
            assertThat(viewer.status()).as(what).isNotEqualTo(401);
            assertThat(viewer.status() == 403).as(what).isEqualTo(!reading);
            assertThat(operator.status()).as(what).isNotIn(401, 403, 429, 500);
            if (!verb.equals("HEAD") && !open) {
                nobody.problem(401, "unauthenticated");
                assertThat(nobody.header("WWW-Authenticate")).isEqualTo("Bearer realm=\"rawcow\"");
            }
        }
    }

    @ParameterizedTest
    @MethodSource("operations")
    void everyOperationIsRefusedAsDocumented(Operation operation) {
        if (!OPEN.contains(operation.path())) {
            checked(service, operation, NOBODY).problem(401, "unauthenticated");
        }
        Answer wrong = checked(service, operation, TestTokens.token("wrong")).problem(401, "unauthenticated");
        assertThat(wrong.header("WWW-Authenticate")).endsWith(", error=\"invalid_token\"");
        Answer viewer = checked(service, operation, TestTokens.token("reader"));
        if (!READING.contains(operation.method())) {
            viewer.problem(403, "forbidden");
            assertThat(viewer.header("WWW-Authenticate")).endsWith(", error=\"insufficient_scope\"");
        }
        checked(service, operation, TestTokens.token("admin"), "Origin", "https://evil.example")
                .problem(403, "forbidden");
    }

    @ParameterizedTest
    @MethodSource("operations")
    void everyOperationIsLimitedInItsRate(Operation operation) {
        Answer last = checked(slow, operation, TestTokens.token("admin"));
        for (int i = 0; i < 10 && last.status() != 429; i++) {
            last = checked(slow, operation, TestTokens.token("admin"));
        }

        last.problem(429, "rate_limited");
        assertThat(last.header("Retry-After")).isEqualTo("1");
    }

    @Test
    void traceIsAnsweredToNobody() {
        for (String path : paths()) {
            for (String token : List.of(NOBODY, TestTokens.token("reader"), TestTokens.token("admin"))) {
                Answer answer = call(service, "TRACE", path, token);
                assertThat(answer.status()).as(path).isIn(400, 401, 403, 405);
                assertThat(answer.body()).as(path).doesNotContainIgnoringCase("authorization");
            }
        }
    }

    @Test
    void pathsThatAreNoneAskToo() {
        for (String path :
                List.of("/nothing", "/v1", "/actuator", "/actuator/env", "/actuator/health/catalog", "/v2/x")) {
            call(service, "GET", path, NOBODY).problem(401, "unauthenticated");
            assertThat(call(service, "GET", path, TestTokens.token("reader")).status())
                    .as(path)
                    .isIn(200, 404);
        }
    }

    @Test
    void tokenIsTakenFromItsHeaderAlone() {
        String token = TestTokens.token("admin");

        call(service, "GET", "/v1/images?access_token=" + token, NOBODY).problem(401, "unauthenticated");
        call(service, "GET", "/v1/images", NOBODY, "Cookie", "token=" + token).problem(401, "unauthenticated");
        call(service, "GET", "/v1/images", NOBODY, "Authorization", token).problem(401, "unauthenticated");
        call(service, "GET", "/v1/images", NOBODY, "Authorization", "Basic " + token)
                .problem(401, "unauthenticated");
        call(service, "GET", "/v1/images", NOBODY, "Authorization", "bearer " + token)
                .expect(200);
    }

    @Test
    void partOfATokenIsNone() {
        String token = TestTokens.token("admin");

        for (String each :
                List.of("", " ", token.substring(1), token + "0", token + token, token.toUpperCase(Locale.ROOT))) {
            call(service, "GET", "/v1/images", NOBODY, "Authorization", "Bearer " + each)
                    .problem(401, "unauthenticated");
        }
    }
}
