package io.rawcow.web;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static io.rawcow.web.BrowserRig.button;
import static io.rawcow.web.BrowserRig.field;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.ColorScheme;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** Makes the pictures of {@code docs/images}: {@code -Drawcow.screenshots=docs/images}. Needs fio, for a guest. */
@EnabledIfSystemProperty(named = "rawcow.screenshots", matches = ".+")
class ScreenshotIT {
    private static final Path FOLDER = Path.of(System.getProperty("rawcow.screenshots", ""));

    @TempDir
    Path data;

    @Test
    void pagesAreShownAsTheyAre() throws IOException, InterruptedException {
        try (BrowserRig browser = BrowserRig.start();
                PageService service = PageService.start(data)) {
            images(service);
            Process guest = service.guest("db-01", "--rwmixread=85", "--rate=3m,400k", "--offset=14M", "--size=6M");
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
            service.export(name);
        }
        start(service, "db-01", 768 << 10);
        start(service, "build-02", 1 << 20);
        start(service, "mail", 256 << 10);
        start(service, "web-01", 0);
        service.send("POST", "/v1/jobs/mail-stream/pause", "");
    }

    private static void start(PageService service, String image, int speed) {
        service.put("/v1/jobs/" + image + "-stream", """
                {"type": "stream", "image": "%s", "speed": %d}""".formatted(image, speed));
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
