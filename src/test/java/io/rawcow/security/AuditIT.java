package io.rawcow.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.rawcow.TestService;
import io.rawcow.api.RawHttp;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** What is written down of calls. */
class AuditIT {
    @TempDir
    Path folder;

    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
    private final Logger log = (Logger) LoggerFactory.getLogger("rawcow.audit");
    private TestService service;

    @BeforeEach
    void start() throws Exception {
        Path data = Files.createDirectory(folder.resolve("data"));
        Files.write(data.resolve("vm.img"), new byte[4096]);
        service = TestService.start(
                data,
                Stream.concat(
                                Stream.of(TestTokens.caller(folder, "reader", "viewer")),
                                Stream.of(TestTokens.caller(folder, "admin", "operator")))
                        .toArray(String[]::new));
        log.setLevel(Level.INFO);
        lines.start();
        log.addAppender(lines);
    }

    @AfterEach
    void stop() {
        log.detachAppender(lines);
        log.setLevel(null);
        service.close();
    }

    private String send(String requestLine, String token, String body) {
        return RawHttp.exchange(service.base(), """
                %s HTTP/1.1\r
                Host: localhost\r
                %sContent-Type: application/json\r
                Content-Length: %d\r
                Connection: close\r
                \r
                %s""".formatted(
                        requestLine,
                        token.isEmpty() ? "" : "Authorization: Bearer " + TestTokens.token(token) + "\r\n",
                        body.length(),
                        body));
    }

    /** A line is written after its answer. */
    private List<String> written(int count) {
        await().until(() -> lines.list.size() >= count);
        return lines.list.stream()
                .map(ILoggingEvent::getFormattedMessage)
                .map(line -> line.replaceAll("millis=[0-9]+", "millis=N"))
                .toList();
    }

    @Test
    void everyCallThatCouldChangeSomethingHasALine() {
        send("GET /v1/images", "admin", "");
        send("PUT /v1/images/vm?x=secret", "admin", "{\"rawFile\": \"secret.img\"}");
        send("PUT /v1/images/vm", "admin", "{\"rawFile\": \"vm.img\"}");
        send("PUT /v1/images/vm", "admin", "{\"rawFile\": \"other.img\"}");
        send("DELETE /v1/images/vm", "reader", "");
        send("DELETE /v1/images/vm", "", "");
        send("DELETE /v1/images/vm", "wrong", "");
        send("BREW /v1/images/vm", "admin", "");
        send("POST /v1//jobs", "admin", "");

        String image = "DELETE /v1/images/vm";
        String put = "PUT /v1/images/vm";
        assertThat(written(8))
                .containsExactly(
                        line("admin operator", put, "400 unknown_field"),
                        line("admin operator", put, "200 -"),
                        line("admin operator", put, "409 image_differs"),
                        line("reader viewer", image, "403 forbidden"),
                        line("- -", image, "401 unauthenticated"),
                        line("- -", image, "401 unauthenticated"),
                        line("admin operator", "BREW /v1/images/vm", "405 method_not_allowed"),
                        line("- -", "POST /v1//jobs", "400 malformed_request"));
    }

    private static String line(String caller, String call, String result) {
        String[] who = caller.split(" ", -1);
        String[] what = call.split(" ", -1);
        String[] how = result.split(" ", -1);
        return "who=%s role=%s address=127.0.0.1 method=%s path=%s status=%s problem=%s millis=N"
                .formatted(who[0], who[1], what[0], what[1], how[0], how[1]);
    }

    @Test
    void pathCannotMakeALineOfItsOwn() {
        send("DELETE /v1/images/a%0d%0awho=admin%20status=200", "admin", "");

        assertThat(written(1))
                .singleElement()
                .asString()
                .startsWith("who=- role=- address=127.0.0.1 method=DELETE ")
                .contains("path=/v1/images/a%0d%0awho=admin%20status=200 status=400")
                .hasLineCount(1);
    }

    @Test
    void floodOfStrangersIsCountedAndHidesNoCallOfSomebodyKnown() {
        int strange = 0;
        for (int i = 0; i < 40; i++) {
            send("DELETE /v1/images/vm", "", "");
            send("DELETE /v1/images/vm", "wrong", "");
            send("POST /v1//jobs", "admin", "");
            strange += 3;
        }
        send("DELETE /v1/images/none", "admin", "");
        await().until(() -> !of("who=admin ").isEmpty());
        assertThat(of("who=- ")).hasSizeBetween(10, 60);

        // One of those to come is shown, and says how many were not.
        while (of("notShown=").isEmpty()) {
            send("DELETE /v1/images/vm", "", "");
            strange++;
        }
        int told = of("notShown=").stream()
                .mapToInt(line -> Integer.parseInt(line.substring(line.indexOf("notShown=") + 9)))
                .sum();
        assertThat(told).isPositive().isLessThan(strange);
    }

    private List<String> of(String part) {
        return lines.list.stream()
                .map(ILoggingEvent::getFormattedMessage)
                .filter(line -> line.contains(part))
                .toList();
    }

    @Test
    void whatIsNotPlainIsSpelled() {
        assertThat(Plain.text("a b\r\nwho=x\\\u001b[31m\u202e"))
                .isEqualTo("a\\u0020b\\u000d\\u000awho=x\\u005c\\u001b[31m\\u202e");
        assertThat(Plain.text("x".repeat(600))).hasSize(513);
    }
}
