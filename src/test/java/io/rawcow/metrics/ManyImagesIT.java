package io.rawcow.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.image.Tool;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How large a scrape becomes. Prints what it finds: {@code docs/metrics.md} has the figures. */
class ManyImagesIT {
    private static final int IMAGES = Boolean.getBoolean("rawcow.soak") ? 1000 : 20;
    /** Of an image with a backing, and an export of it that is read and written. */
    private static final int MOST_SERIES = 130;

    @TempDir
    Path data;

    @Test
    void scrapeGrowsByAFewSeriesAnImage() throws Exception {
        Files.write(data.resolve("golden.img"), new byte[1 << 16]);
        try (var service = new MetricsService(data)) {
            int alone = service.scrape().samples().size();
            List<String> uris = new ArrayList<>();
            for (int i = 0; i < IMAGES; i++) {
                uris.add(service.export("vm-" + i, "golden.img"));
            }
            Files.write(data.resolve("uris"), uris);
            Tool.run(data, "/usr/bin/python3", "-c", """
                    import nbd
                    for uri in open("uris"):
                        h = nbd.NBD()
                        h.connect_uri(uri.strip())
                        h.pread(4096, 0)
                        h.pwrite(b"x" * 4096, 4096)
                        h.shutdown()
                    """).succeeded();

            long began = System.nanoTime();
            String body = service.prometheus("", "text/plain").body();
            long nanos = System.nanoTime() - began;

            int series = Scrape.of(body).samples().size();
            System.out.printf(
                    "scrape: images=%d series=%d bytes=%d seconds=%.3f%n",
                    IMAGES, series, body.getBytes(StandardCharsets.UTF_8).length, nanos / 1e9);
            assertThat(series).isBetween(alone + IMAGES, alone + IMAGES * MOST_SERIES);
        }
    }
}
