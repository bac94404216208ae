package io.rawcow.security;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.TestService;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Somebody with a shell in a data root swaps links while the service is asked for what is behind them. */
class PathRaceIT {
    private static final int ATTEMPTS = 2000;
    private static final int ENOUGH = 25;
    private static final int INSIDE = 8192;
    private static final int OUTSIDE = 4096;
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    /** What came of an attempt. */
    private enum Came {
        TO_THE_INSIDE,
        REFUSED,
        TO_NOTHING
    }

    @TempDir
    Path folder;

    private TestService service;
    private volatile boolean stop;
    private final Map<Came, Integer> outcomes = new EnumMap<>(Came.class);

    private HttpResponse<String> send(String method, String path, String body) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(service.base() + path))
                .header("Content-Type", "application/json")
                .method(method, BodyPublishers.ofString(body))
                .build();
        return HTTP.send(request, BodyHandlers.ofString());
    }

    /** A link to the one folder, then to the other, never to neither. */
    private void swap(Path link) {
        try {
            Path next = link.resolveSibling("next");
            while (!stop) {
                for (String target : new String[] {"../outside", "inside"}) {
                    Files.createSymbolicLink(next, Path.of(target));
                    Files.move(next, link, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void linksThatAreSwappedNeverLeadOutOfARoot() throws Exception {
        Path data = Files.createDirectory(folder.resolve("data"));
        Path inside = Files.createDirectory(data.resolve("inside"));
        Path outside = Files.createDirectory(folder.resolve("outside"));
        Files.write(inside.resolve("disk.img"), new byte[INSIDE]);
        Files.write(outside.resolve("disk.img"), new byte[OUTSIDE]);
        Path link = Files.createSymbolicLink(data.resolve("link"), Path.of("inside"));
        service = TestService.start(data, "rawcow.access.rate=100000");
        Thread swapper = Thread.ofPlatform().start(() -> swap(link));
        try {
            for (int i = 0; i < ATTEMPTS && !isEnough(); i++) {
                open();
                create(outside);
            }
        } finally {
            stop = true;
            swapper.join();
            service.close();
        }

        System.out.println("swapped links: " + outcomes);
        assertThat(isEnough()).as("%s", outcomes).isTrue();
        assertThat(Files.size(outside.resolve("disk.img"))).isEqualTo(OUTSIDE);
    }

    /** Both have been met often: the swaps fall between the looks. */
    private boolean isEnough() {
        return outcomes.getOrDefault(Came.TO_THE_INSIDE, 0) >= ENOUGH
                && outcomes.getOrDefault(Came.REFUSED, 0) >= ENOUGH;
    }

    private void open() throws Exception {
        HttpResponse<String> opened = send("PUT", "/v1/images/vm", "{\"rawFile\": \"link/disk.img\"}");
        judge(opened);
        if (opened.statusCode() < 300) {
            assertThat(opened.body()).contains("\"size\":" + INSIDE);
            assertThat(send("DELETE", "/v1/images/vm", "").statusCode()).isEqualTo(204);
        }
    }

    private void create(Path outside) throws Exception {
        HttpResponse<String> made = send("PUT", "/v1/images/new", """
                {"sidecar": "link/new.raw-cow", "rawFile": "link/new.img", "backingFile": "link/disk.img"}""");
        judge(made);
        try (Stream<Path> there = Files.list(outside)) {
            assertThat(there).containsExactly(outside.resolve("disk.img"));
        }
        if (made.statusCode() < 300) {
            assertThat(made.body()).contains("\"size\":" + INSIDE);
            assertThat(send("DELETE", "/v1/images/new?files=delete", "").statusCode())
                    .isEqualTo(204);
        }
    }

    private void judge(HttpResponse<String> answer) {
        Came came = switch (answer.statusCode()) {
            case 200, 201 -> Came.TO_THE_INSIDE;
            case 403 -> Came.REFUSED;
            default -> Came.TO_NOTHING;
        };
        assertThat(answer.statusCode()).as(answer.body()).isNotEqualTo(500);
        outcomes.merge(came, 1, Integer::sum);
    }
}
