package io.rawcow.web;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * A real Chromium, and what its pages have asked for and complained of. Waits as a person does: until something shows.
 */
final class BrowserRig implements AutoCloseable {
    private static final double PATIENCE_MILLIS = 30_000;
    /** Chromium's own note on an answer of 400 and more; that the page deals with it is what tests look at. */
    private static final String REFUSED = "Failed to load resource";

    private static final String RUN_AXE = """
            ;axe.run(document).then(result => result.violations.map(each =>
                each.impact + ' ' + each.id + ' at ' + each.nodes.map(node => node.target.join(' ')).join(', ')))""";

    private final Playwright playwright;
    private final Browser browser;
    private final String axe;
    private Seen seen = new Seen();

    /** What the pages of one test did. A page that is closed may still have something to tell: not of the next test. */
    private static final class Seen {
        private final List<String> complaints = new ArrayList<>();
        private final TreeSet<String> origins = new TreeSet<>();
        private final List<String> requests = new ArrayList<>();
    }

    private BrowserRig(Playwright playwright, Browser browser, String axe) {
        this.playwright = playwright;
        this.browser = browser;
        this.axe = axe;
    }

    static BrowserRig start() throws IOException, InterruptedException {
        Process script = new ProcessBuilder("scripts/browser.sh")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        List<String> said = new String(script.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .toList();
        assertThat(script.waitFor()).as("scripts/browser.sh, which says why").isZero();
        System.setProperty("playwright.cli.dir", said.get(0));
        Playwright playwright = Playwright.create(new Playwright.CreateOptions()
                .setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1", "PLAYWRIGHT_NODEJS_PATH", said.get(3))));
        PlaywrightAssertions.setDefaultAssertionTimeout(PATIENCE_MILLIS);
        Browser browser = playwright
                .chromium()
                .launch(new BrowserType.LaunchOptions()
                        .setExecutablePath(Path.of(said.get(2)))
                        .setArgs(List.of(
                                "--no-sandbox",
                                "--disable-gpu",
                                "--disable-quic",
                                "--no-first-run",
                                "--disable-background-networking",
                                "--disable-component-update",
                                "--disable-sync")));
        return new BrowserRig(playwright, browser, Files.readString(Path.of(said.get(1), "axe.min.js")));
    }

    /** A page in a profile of its own. */
    Page open(String address, ColorScheme scheme, int width, int height) {
        BrowserContext context = browser.newContext(new Browser.NewContextOptions()
                .setColorScheme(scheme)
                .setViewportSize(width, height)
                .setPermissions(List.of("clipboard-read", "clipboard-write")));
        Seen now = seen;
        context.onRequest(request -> {
            now.requests.add(request.method() + " " + request.url());
            now.origins.add(request.url().replaceAll("^(\\w+://[^/]*).*", "$1"));
        });
        Page page = context.newPage();
        page.setDefaultTimeout(PATIENCE_MILLIS);
        page.onPageError(now.complaints::add);
        page.onConsoleMessage(message -> {
            boolean bad = message.type().equals("error") || message.type().equals("warning");
            if (bad && !message.text().startsWith(REFUSED)) {
                now.complaints.add(message.text());
            }
        });
        page.navigate(address);
        return page;
    }

    Page open(String address) {
        return open(address, ColorScheme.LIGHT, 1280, 900);
    }

    /** Whatever was asked for since the rig was made, as {@code METHOD URL}. */
    List<String> requests() {
        return seen.requests;
    }

    /** What pages complained of. */
    List<String> complaints() {
        return seen.complaints;
    }

    /** Nothing broke the policy or threw, and nobody but the service was asked for anything. */
    void assertQuiet(String origin) {
        assertThat(seen.complaints).isEmpty();
        assertThat(seen.origins).isSubsetOf(origin);
    }

    void forget() {
        seen = new Seen();
        browser.contexts().forEach(BrowserContext::close);
    }

    /** No rule of axe-core is broken, the minor ones neither. */
    void assertAccessible(Page page) {
        Object found = page.evaluate(axe + RUN_AXE);
        assertThat((List<?>) found).as("%s", page.url()).isEmpty();
    }

    static Locator button(Page page, String name) {
        return page.getByRole(
                AriaRole.BUTTON, new Page.GetByRoleOptions().setName(name).setExact(true));
    }

    static Locator field(Page page, String label) {
        return page.getByLabel(label, new Page.GetByLabelOptions().setExact(true));
    }

    static void live(Page page) {
        assertThat(page.locator("#link .words")).hasText("Live");
    }

    /** Presses Tab until a control has the focus. */
    static void tabTo(Page page, Locator control) {
        for (int presses = 0; presses < 60; presses++) {
            if (control.count() == 1 && (boolean) control.evaluate("each => each === document.activeElement")) {
                return;
            }
            page.keyboard().press("Tab");
        }
        throw new AssertionError("Tab does not lead to " + control);
    }

    @Override
    public void close() {
        browser.close();
        playwright.close();
    }
}
