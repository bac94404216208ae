package io.rawcow.web;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static io.rawcow.web.BrowserRig.button;
import static io.rawcow.web.BrowserRig.field;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.ColorScheme;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** Makes the pictures of {@code docs/images}: {@code -Drawcow.screenshots=docs/images}. Needs fio, for a guest. */
@EnabledIfSystemProperty(named = "rawcow.screenshots", matches = ".+")
class ScreenshotIT {
    private static final Path FOLDER = Path.of(System.getProperty("rawcow.screenshots", ""));
    private static final Pattern URI_OF_EXPORT = Pattern.compile("nbd://[^\"]+");

    @TempDir
    Path data;

    @Test
    void pagesAreShownAsTheyAre() throws IOException, InterruptedException {
        try (BrowserRig browser = BrowserRig.start();
                PageService service = PageService.start(data)) {
            images(service);
            Process guest = guest(service);
            try {
                Page page = browser.open(service.page("images/db-01"), ColorScheme.LIGHT, 1200, 860);
                assertThat(page.locator("canvas[role=img]"))
                        .hasAttribute("aria-label", Pattern.compile(".*: [56]\\d.*"));
                shoot(page, "image");
                page.emulateMedia(new Page.EmulateMediaOptions().setColorScheme(ColorScheme.DARK));
                shoot(page, "image-dark");
                page.emulateMedia(new Page.EmulateMediaOptions().setColorScheme(ColorScheme.LIGHT));
                page.setViewportSize(390, 780);
                shoot(page, "image-phone");
                page.setViewportSize(1200, 620);
                page.navigate(service.page());
                assertThat(page.locator("tbody")).containsText("streaming");
                shoot(page, "list");
                page.setViewportSize(1000, 980);
                page.navigate(service.page("new"));
                refused(page);
                shoot(page, "form");
            } finally {
                guest.destroy();
                guest.waitFor();
            }
        }
    }

    private static void images(PageService service) {
        for (String name : List.of("build-01", "build-02", "db-01", "mail", "web-01", "web-02", "web-03")) {
            service.create(name);
            service.put("/v1/exports/" + name, "{\"image\": \"" + name + "\"}");
        }
        start(service, "db-01", 768 << 10);
        start(service, "build-02", 1 << 20);
        start(service, "mail", 256 << 10);
        start(service, "web-01", 0);
        PageService.send(service.origin() + "/v1/jobs/mail-stream/pause", "POST", "");
    }

    private static void start(PageService service, String image, int speed) {
        service.put("/v1/jobs/" + image + "-stream", """
                {"type": "stream", "image": "%s", "speed": %d}""".formatted(image, speed));
    }

    /** Somebody who uses an image meanwhile. */
    private Process guest(PageService service) throws IOException {
        Matcher uri = URI_OF_EXPORT.matcher(service.get("/v1/exports/db-01"));
        if (!uri.find()) {
            throw new AssertionError("the export has no URI");
        }
        return new ProcessBuilder(
                        "fio",
                        "--name=guest",
                        "--ioengine=nbd",
                        "--uri=" + URI.create(uri.group()),
                        "--rw=randrw",
                        "--rwmixread=85",
                        "--bs=4k",
                        "--iodepth=4",
                        "--rate=3m,400k",
                        "--offset=14M",
                        "--size=6M",
                        "--runtime=120",
                        "--time_based")
                .directory(data.toFile())
                .redirectErrorStream(true)
                .redirectOutput(data.resolve("fio.log").toFile())
                .start();
    }

    private static void refused(Page page) {
        field(page, "Name").fill("web-04");
        field(page, "Backing").fill("/etc/golden.img");
        button(page, "Create").click();
        Locator problem = page.locator(".create .problem");
        assertThat(problem).isVisible();
    }

    private static void shoot(Page page, String name) {
        page.screenshot(new Page.ScreenshotOptions().setPath(FOLDER.resolve(name + ".png")));
    }
}
