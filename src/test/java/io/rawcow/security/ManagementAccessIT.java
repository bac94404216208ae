package io.rawcow.security;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.TestService;
import io.rawcow.api.RawHttp;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whom a management listener of its own answers. */
class ManagementAccessIT {
    private static final List<String> PATHS =
            List.of("/actuator/prometheus", "/actuator/health/readiness", "/actuator/info", "/nothing");

    @TempDir
    Path data;

    private static String get(TestService service, String path, String... headers) {
        return RawHttp.exchange(
                service.management(),
                "GET %s HTTP/1.1\r\n%s\r\nConnection: close\r\n\r\n".formatted(path, String.join("\r\n", headers)));
    }

    @Test
    void pagesOfOtherSitesGetNothingFromTheLoopback() {
        try (var service =
                TestService.start(data, "rawcow.management=127.0.0.1:0", "rawcow.access.hosts=disks.example")) {
            String port = ":" + service.management().getPort();
            for (String path : PATHS) {
                for (String host : List.of("evil.example", "evil.example" + port, "192.0.2.1", "disks.example")) {
                    assertThat(get(service, path, "Host: " + host))
                            .startsWith("HTTP/1.1 403")
                            .contains("application/problem+json", "\"code\":\"forbidden\"");
                }
                assertThat(get(service, path, "Host: localhost" + port, "Origin: https://evil.example"))
                        .startsWith("HTTP/1.1 403");
                assertThat(get(service, path, "Host: localhost" + port, "Sec-Fetch-Site: cross-site"))
                        .startsWith("HTTP/1.1 403");
            }
            for (String host : List.of("localhost" + port, "127.0.0.1" + port, "[::1]" + port)) {
                assertThat(get(service, "/actuator/prometheus", "Host: " + host))
                        .startsWith("HTTP/1.1 200");
            }
        }
    }

    @Test
    void onTheNetworkEveryNameWillDo() {
        try (var service = TestService.start(data, "rawcow.management=0.0.0.0:0")) {
            assertThat(get(service, "/actuator/prometheus", "Host: rawcow.monitoring.svc"))
                    .startsWith("HTTP/1.1 200");
        }
    }
}
