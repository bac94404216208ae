package io.rawcow.web;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static io.rawcow.web.BrowserRig.button;
import static io.rawcow.web.BrowserRig.field;
import static io.rawcow.web.BrowserRig.live;
import static io.rawcow.web.BrowserRig.tabTo;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The page in a real browser, before the real service. */
class PageIT {
    private static BrowserRig browser;

    @TempDir
    static Path data;

    private static PageService service;

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        browser = BrowserRig.start();
        service = PageService.start(data);
    }

    @AfterAll
    static void stop() {
        browser.close();
        service.close();
    }

    @AfterEach
    void clear() throws IOException {
        try {
            browser.assertQuiet(service.origin());
        } finally {
            browser.forget();
            service.clear();
        }
    }

    private static Locator job(Page page) {
        return page.locator(".job");
    }

    private static Locator map(Page page) {
        return page.locator("canvas[role=img]");
    }

    /** What part of the image the block map says is in the raw file. */
    private static void mapShows(Page page, String percent) {
        assertThat(map(page))
                .hasAttribute("aria-label", Pattern.compile("^Block map: " + percent + " in the raw file"));
    }

    /** The colour of a cell's middle; cells are a few pixels wide, in rows from the left. */
    private static Object colourOfTheFirstCell(Page page) {
        return map(page).evaluate("canvas => [...canvas.getContext('2d').getImageData(3, 3, 1, 1).data].join()");
    }

    private static Object colourOfKind(Page page, String kind) {
        return page.locator(".map .swatch." + kind).evaluate("""
                swatch => getComputedStyle(swatch).color.match(/[0-9]+/g).slice(0, 3).join() + ',255'""");
    }

    private static void create(Page page, String name, String speed) {
        page.getByRole(AriaRole.LINK, new Page.GetByRoleOptions().setName("New image"))
                .click();
        field(page, "Name").fill(name);
        field(page, "Backing").fill("golden.img");
        field(page, "Start the stream that copies it up").check();
        field(page, "Speed limit").fill(speed);
        button(page, "Create").click();
    }

    @Test
    void imageIsCreatedStreamedSteeredAndDetachedByClicking() {
        Page page = browser.open(service.page());
        live(page);
        assertThat(page.locator("main")).containsText("There are no images yet");

        create(page, "web", "1");
        assertThat(page).hasTitle("web · rawcow");
        assertThat(page.locator(".uris code")).hasText(Pattern.compile("nbd://127\\.0\\.0\\.1:\\d+/web"));
        assertThat(job(page)).containsText("streaming");
        mapShows(page, "[1-9][0-9]?(\\.\\d)? %");
        assertThat(colourOfTheFirstCell(page)).isEqualTo(colourOfKind(page, "copied"));

        button(page, "Pause").click();
        assertThat(job(page)).containsText("paused");
        assertThat(service.get("/v1/jobs/web-stream")).contains("\"status\":\"paused\"");
        assertThat(button(page, "Pause")).isHidden();
        button(page, "Resume").click();
        assertThat(job(page)).containsText("streaming");

        field(page, "Speed limit").first().fill("64");
        button(page, "Set speed").click();
        assertThat(page.locator(".facts")).containsText("64 MiB/s");
        assertThat(service.get("/v1/jobs/web-stream")).contains("\"speed\":67108864");

        assertThat(page.locator(".head .badge")).hasText("standalone");
        assertThat(job(page)).containsText("finished");
        mapShows(page, "100 %");
        assertThat(page.locator(".log")).containsText("image is standalone");
        assertThat(data.resolve("web.raw-cow")).doesNotExist();
        assertThat(data.resolve("web.img")).hasSameBinaryContentAs(data.resolve("golden.img"));
    }

    @Test
    void jobWaitsForFinalizeAndCancelAsksFirst() {
        service.create("one");
        service.create("two");
        service.stream("two");
        Page page = browser.open(service.page("images/one"));

        field(page, "Detach from the backing as soon as all is copied").uncheck();
        button(page, "Start the stream").click();
        assertThat(job(page)).containsText("waits for finalize");
        button(page, "Finalize").click();
        assertThat(page.locator(".head .badge")).hasText("standalone");
        button(page, "Dismiss").click();
        assertThat(job(page)).containsText("There is nothing to copy");

        page.navigate(service.page("images/two"));
        button(page, "Cancel…").click();
        button(page, "Keep it as it is").click();
        assertThat(job(page)).containsText("streaming");
        button(page, "Cancel…").click();
        button(page, "Cancel the stream").click();
        assertThat(job(page)).containsText("cancelled");
        assertThat(button(page, "Start the stream")).isVisible();
    }

    @Test
    void refusalsAreShownInTheWordsOfTheService() throws IOException {
        Page page = browser.open(service.page("new"));
        live(page);

        field(page, "Name").fill("web");
        field(page, "Backing").fill("../secret.img");
        button(page, "Create").click();
        Locator problem = page.locator(".create .problem");
        assertThat(problem).containsText("Path outside the data roots");
        assertThat(problem).containsText("the path lies in no data root: path=../secret.img");
        assertThat(problem).containsText("use a path below a data root");
        assertThat(field(page, "Backing")).isFocused();
        assertThat(field(page, "Backing")).hasAttribute("aria-invalid", "true");
        assertThat(field(page, "Backing")).hasAccessibleDescription(Pattern.compile("the path lies in no data root"));

        field(page, "Backing").fill("golden.img");
        field(page, "Size").fill("ten");
        button(page, "Create").click();
        assertThat(problem).containsText("size is an integer");
        assertThat(field(page, "Size")).hasAttribute("aria-invalid", "true");
        assertThat(field(page, "Backing")).not().hasAttribute("aria-invalid", "true");

        Files.write(data.resolve("web.img"), new byte[] {1});
        field(page, "Size").fill("");
        button(page, "Create").click();
        assertThat(problem).containsText("it exists, and may be a finished disk");
        assertThat(service.get("/v1/images")).contains("\"items\":[]");
    }

    @Test
    void imageThatIsNotThereIsSaidToBeSo() {
        Page page = browser.open(service.page("images/nothing%20here"));

        assertThat(page.locator("main")).containsText("There is no image nothing here");
    }

    @Test
    void exportsAreCopiedAddedAndRemoved() {
        service.create("web");
        Page page = browser.open(service.page("images/web"));

        page.getByText("Add an export").click();
        field(page, "Name").fill("web-ro");
        field(page, "Read-only").check();
        button(page, "Export").click();
        Locator uri = page.locator(".uris code");
        assertThat(uri).hasText(Pattern.compile(".*/web-ro"));
        assertThat(page.locator(".export")).containsText("read-only");
        button(page, "Copy " + uri.textContent()).click();
        assertThat(page.locator(".uris button")).hasText("Copied");
        assertThat(page.evaluate("navigator.clipboard.readText()")).isEqualTo(uri.textContent());

        button(page, "Remove export web-ro").click();
        button(page, "Remove the export").click();
        assertThat(page.locator("#exports-title")).isFocused();
        assertThat(page.getByText("Nobody can connect: there is no export.")).isVisible();
        button(page, "Close image…").click();
        button(page, "Close the image").click();
        assertThat(page.locator("main")).containsText("There are no images yet");
        assertThat(data.resolve("web.img")).exists();
    }

    @Test
    void guestIsSeenInMapChartsAndExports() throws IOException, InterruptedException {
        service.create("web");
        service.export("web");
        Page page = browser.open(service.page("images/web"));
        live(page);
        service.qemuIo("web", "write -z 12M 12M");
        Process guest = service.guest("web", "--rate=1m,1m", "--size=256k");
        try {
            assertThat(page.locator(".export")).containsText("1 client of at most");
            assertThat(page.locator(".connected td").nth(1)).hasText(Pattern.compile("[1-9].* KiB"));
            assertThat(map(page))
                    .hasAttribute("aria-label", Pattern.compile(".*1\\.\\d % written by guests, 50.\\d % zeros"));
            assertThat(page.locator(".chart").first().locator("li").first())
                    .hasText(Pattern.compile("Guest reads .*[1-9].* [KM]iB/s"));
            assertThat(page.locator(".chart").last().locator("li").last())
                    .hasText(Pattern.compile("Writes, 99 % .*[1-9].* [µm]s"));
            assertThat(page.locator(".chart .small").first()).hasText("now");
            assertThat(page.locator(".charts > .small"))
                    .hasText(Pattern.compile("[1-9][0-9,]* reads and writes in the last minute, 0 with an error.*"));
            assertThat(colourOfTheFirstCell(page)).isEqualTo(colourOfKind(page, "guest"));
        } finally {
            guest.destroy();
            guest.waitFor();
        }
        assertThat(page.locator(".export")).containsText("0 clients of at most");
        map(page).focus();
        page.keyboard().press("End");
        assertThat(page.locator(".readout")).containsText("100 % zeros");
    }

    @Test
    void tenImagesAreAList() {
        service.createMany(1, 9);
        service.create("vm-0010");
        service.stream("vm-0010");
        Page page = browser.open(service.page());

        assertThat(page.locator("#summary")).hasText("10 images, 1 stream at work");
        assertThat(page.locator("tbody tr")).hasCount(10);
        assertThat(page.locator("tbody tr").last()).containsText(Pattern.compile("streaming.*KiB/s", Pattern.DOTALL));
        button(page, "In the raw file").click();
        assertThat(page.locator("tbody tr").first()).containsText("vm-0010");
        field(page, "State").selectOption("With a stream at work");
        assertThat(page.locator("tbody tr")).hasCount(1);
    }

    @Test
    void thousandImagesCostOnePageAndAFewRows() {
        service.createMany(1, 1000);
        Page page = browser.open(service.page());

        assertThat(page.locator("#summary")).hasText("1,000 images, 0 streams at work");
        assertThat(page.locator("table")).hasAttribute("aria-rowcount", "1001");
        assertThat(page.locator("tbody tr").count()).isBetween(20, 60);
        assertThat(browser.requests())
                .filteredOn(each -> each.contains("/v1/images"))
                .hasSize(1);

        page.getByRole(AriaRole.LINK, new Page.GetByRoleOptions().setName("vm-0001"))
                .focus();
        for (int row = 2; row <= 50; row++) {
            page.keyboard().press("Tab");
            assertThat(page.evaluate("document.activeElement.textContent")).isEqualTo("vm-%04d".formatted(row));
        }
        page.keyboard().press("End");
        assertThat(page.locator("tbody")).containsText("vm-1000");
        assertThat(page.locator("tbody tr").count()).isBetween(20, 60);
        assertThat(page.locator("tbody a").first()).hasText("vm-0050");
        assertThat(page.locator("tbody a").first()).isFocused();
        field(page, "Filter by name").fill("0777");
        assertThat(page.locator("tbody tr")).hasCount(1);
        assertThat(page.locator("#summary")).hasText("1 of 1,000 images, 0 streams at work");
        page.getByRole(AriaRole.LINK, new Page.GetByRoleOptions().setName("vm-0777"))
                .click();
        assertThat(page.locator("h1")).isFocused();
        mapShows(page, "100 %");
    }

    @ParameterizedTest
    @EnumSource(
            value = ColorScheme.class,
            names = {"LIGHT", "DARK"})
    void axeFindsNothing(ColorScheme scheme) {
        service.create("web");
        service.stream("web");
        service.export("web");
        Page page = browser.open(service.page(), scheme, 1280, 900);
        assertThat(page.locator("tbody")).containsText("streaming");
        browser.assertAccessible(page);

        page.navigate(service.page("images/web"));
        mapShows(page, ".*%");
        page.getByText("As a table").click();
        page.getByText("Add an export").click();
        browser.assertAccessible(page);
        button(page, "Cancel…").click();
        browser.assertAccessible(page);

        page.reload();
        page.navigate(service.page("new"));
        field(page, "Name").fill("a b");
        button(page, "Create").click();
        assertThat(page.locator(".create .problem")).isVisible();
        browser.assertAccessible(page);
        page.setViewportSize(390, 844);
        browser.assertAccessible(page);
    }

    @Test
    void nothingIsWiderThanTheWindow() {
        String name = "a-name-that-is-longer-than-others-are-but-may-well-be-one";
        service.create(name);
        service.stream(name);
        service.put("/v1/exports/web", "{\"image\": \"" + name + "\"}");
        Page page = browser.open(service.page());
        assertThat(page.locator("tbody")).containsText("streaming");
        assertFits(page);

        page.navigate(service.page("images/" + name));
        mapShows(page, ".*%");
        assertFits(page);
        page.navigate(service.page("new"));
        assertThat(button(page, "Create")).isVisible();
        assertFits(page);
    }

    private static void assertFits(Page page) {
        for (int width : new int[] {320, 390, 1024, 1280, 1600}) {
            page.setViewportSize(width, 900);
            assertThat(widthOf(page)).isLessThanOrEqualTo(width);
        }
    }

    private static int widthOf(Page page) {
        return (int) page.evaluate("document.documentElement.scrollWidth");
    }

    @Test
    void everythingIsReachedFromTheKeyboard() {
        Page page = browser.open(service.page());
        live(page);

        page.keyboard().press("Tab");
        assertThat(page.getByText("Skip to the content")).isFocused();
        tabTo(page, page.locator("nav").getByText("New image"));
        page.keyboard().press("Enter");
        assertThat(field(page, "Name")).isFocused();
        page.keyboard().type("web");
        tabTo(page, field(page, "Backing"));
        page.keyboard().type("golden.img");
        tabTo(page, field(page, "Start the stream that copies it up"));
        page.keyboard().press("Space");
        tabTo(page, field(page, "Speed limit"));
        page.keyboard().press("Control+A");
        page.keyboard().type("1");
        page.keyboard().press("Enter");

        assertThat(page.locator("h1")).isFocused();
        mapShows(page, "[1-9].*%");
        tabTo(page, map(page));
        page.keyboard().press("ArrowRight");
        assertThat(page.locator(".readout")).containsText("Cell 1, 0 B to ");
        page.keyboard().press("End");
        assertThat(page.locator(".readout")).containsText("to 24 MiB");
        tabTo(page, button(page, "Pause"));
        page.keyboard().press("Enter");
        assertThat(job(page)).containsText("paused");
        assertThat(page.locator("#announce")).containsText("web: paused");
        tabTo(page, button(page, "Resume"));
        page.keyboard().press("Enter");
        assertThat(job(page)).containsText("streaming");
    }
}
