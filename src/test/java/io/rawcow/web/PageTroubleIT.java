package io.rawcow.web;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static io.rawcow.web.BrowserRig.button;
import static io.rawcow.web.BrowserRig.field;
import static io.rawcow.web.BrowserRig.live;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.APIResponse;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.AriaRole;
import io.rawcow.security.TestTokens;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page when something is wrong, or comes late. */
class PageTroubleIT {
    private static BrowserRig browser;
    private static PageService service;

    @TempDir
    static Path data;

    @TempDir
    Path folder;

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
            assertThat(browser.complaints()).isEmpty();
        } finally {
            browser.forget();
            service.clear();
        }
    }

    private static Route.FulfillOptions refusal(int status, String title, String detail) {
        return new Route.FulfillOptions()
                .setStatus(status)
                .setContentType("application/problem+json")
                .setBody("{\"status\": %d, \"code\": \"x\", \"title\": \"%s\", \"detail\": \"%s\"}"
                        .formatted(status, title, detail));
    }

    private static Locator notices(Page page) {
        return page.locator("#notices");
    }

    @Test
    void pageSaysThatItLostTheServiceAndComesBackByItself() {
        service.create("web");
        Page page = browser.open(service.page());
        live(page);
        assertThat(page.locator("tbody")).containsText("web");

        String origin = service.origin();
        service.stop();
        assertThat(page.locator("#link .words"))
                .hasText(Pattern.compile("Connection lost at [0-9:]{8}, reconnecting…"));
        service.startAgain(origin);
        live(page);
        service.create("later");
        assertThat(page.locator("tbody")).containsText("later");
        assertThat(page.locator("tbody")).containsText("web");
    }

    @Test
    void whatCouldNotBeListedIsListedLater() {
        service.create("web");
        AtomicInteger refused = new AtomicInteger();
        Page page = browser.open("about:blank");
        page.route("**/v1/images?*", route -> {
            if (refused.incrementAndGet() < 3) {
                route.fulfill(refusal(503, "Out of descriptors", "no file can be opened"));
            } else {
                route.resume();
            }
        });
        page.navigate(service.page());

        assertThat(page.locator("main .problem")).containsText("no file can be opened");
        assertThat(page.locator("tbody")).containsText("web");
        assertThat(page.locator("main .problem")).isHidden();
    }

    @Test
    void serviceThatWillNotTellWhatChangesIsListedAllTheSame() {
        service.create("web");
        Page page = browser.open("about:blank");
        page.route("**/v1/events", route -> route.fulfill(refusal(503, "Busy", "too many follow the events")));
        page.navigate(service.page());

        assertThat(page.locator("tbody")).containsText("web");
        assertThat(page.locator("#link")).containsText("Not live, reconnecting…");
        assertThat(notices(page)).containsText("too many follow the events");
        browser.assertAccessible(page);
        page.unroute("**/v1/events");
        live(page);
        assertThat(notices(page)).not().containsText("too many follow the events");
    }

    @Test
    void clientsThatLeaveWhileNobodyLooksAreNotShownAsConnected() throws IOException, InterruptedException {
        service.create("web");
        service.export("web");
        Page page = browser.open(service.page());
        live(page);
        Process guest = service.guest("web", "--rate=64k,64k", "--size=256k");
        service.create("x"); // an event with a number: the page goes on from there
        Locator clients = page.locator("tbody td.clients").first();
        assertThat(clients).hasText("1");
        assertThat(page.locator("tbody tr")).hasCount(2);

        Page other = browser.open(service.page());
        assertThat(other.locator("tbody td.clients").first()).hasText("1");
        hide(page, true);
        guest.destroy();
        guest.waitFor();
        assertThat(other.locator("tbody td.clients").first()).hasText("0");
        assertThat(clients).hasText("1");
        hide(page, false);
        assertThat(clients).hasText("0");
    }

    /** What a browser does with a tab behind another one. */
    private static void hide(Page page, boolean hidden) {
        page.evaluate("""
                hidden => {
                    Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});
                    document.dispatchEvent(new Event('visibilitychange'));
                }""", hidden);
    }

    @Test
    void questionThatHangsIsGivenUpAndNumbersSayHowOldTheyAre() {
        service.create("web");
        Page page = browser.open(service.page("images/web"));
        Locator stale = page.locator(".stale");
        assertThat(page.locator(".charts > .small")).containsText("No guest has read or written");

        page.route(Pattern.compile(".*/v1/images/web(/counters)?"), route -> {}); // which never answers
        assertThat(stale)
                .hasText(Pattern.compile("The numbers of this image are from [0-9:]{8}: The service does not answer"));
        assertThat(page.locator(".chart .small").first()).hasText(Pattern.compile("at [0-9:]{8}"));
        assertThat(page.locator(".charts > .small")).containsText("There is nothing new: The service does not answer");
        page.unrouteAll();
        assertThat(stale).isEmpty();
        assertThat(page.locator(".chart .small").first()).hasText("now");
    }

    @Test
    void sameRefusalIsSaidOnce() {
        service.create("web");
        Page page = browser.open("about:blank");
        page.route("**/blockmap?*", route -> route.fulfill(refusal(500, "No map", "the bitmap cannot be read")));
        page.navigate(service.page("images/web"));

        Locator words = page.locator(".map .problem strong");
        assertThat(words).hasText("No map");
        words.evaluate("each => { window.first = each; }");
        for (int polls = 0; polls < 2; polls++) {
            page.waitForResponse("**/blockmap?*", () -> {});
        }
        assertThat(page.evaluate("window.first.isConnected")).isEqualTo(true);
    }

    @Test
    void imageThatWentWhileItWasAskedForStaysAway() {
        service.create("web");
        Page page = browser.open(service.page("images/web"));
        live(page);
        AtomicReference<Route> held = new AtomicReference<>();
        AtomicReference<APIResponse> answer = new AtomicReference<>();
        page.route("**/v1/images/web", route -> {
            if (held.compareAndSet(null, route)) {
                answer.set(route.fetch());
            } else {
                route.resume();
            }
        });
        page.waitForCondition(() -> answer.get() != null);

        assertThat(service.send("DELETE", "/v1/images/web", "").statusCode()).isEqualTo(204);
        assertThat(page.locator("main")).containsText("There is no image web");
        page.evaluate("""
                () => new MutationObserver(() => {
                    window.ghost ||= document.querySelector('.image')?.hidden === false;
                }).observe(document.querySelector('main'), {attributes: true, subtree: true})""");
        page.waitForResponse(
                        "**/v1/images/web",
                        () -> held.get().fulfill(new Route.FulfillOptions().setResponse(answer.get())))
                .finished();
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))");
        assertThat(page.evaluate("window.ghost")).isNotEqualTo(true);
        page.getByText("All images").click();
        assertThat(page.locator("main")).containsText("There are no images yet");
    }

    @Test
    void endOfWhatWasLeftIsANote() {
        Page page = browser.open(service.page("new"));
        live(page);
        AtomicReference<Route> held = new AtomicReference<>();
        page.route("**/v1/images/*", held::set);

        leaveWhileItIsCreated(page, "web");
        page.waitForCondition(() -> held.get() != null);
        held.get().resume();
        assertThat(notices(page)).containsText("Create web: done");
        browser.assertAccessible(page);
        assertThat(page).hasTitle("Images · rawcow");
        button(page, "Close this note").click();
        assertThat(notices(page)).not().containsText("Create web");

        held.set(null);
        page.navigate(service.page("new"));
        leaveWhileItIsCreated(page, "w e b");
        page.waitForCondition(() -> held.get() != null);
        held.get().resume();
        assertThat(notices(page)).containsText("Create w e b: refused");
        assertThat(notices(page).locator(".late strong")).not().isEmpty();
        assertThat(page).hasTitle("Images · rawcow");
    }

    private static void leaveWhileItIsCreated(Page page, String name) {
        field(page, "Name").fill(name);
        field(page, "Backing").fill("golden.img");
        field(page, "Export it under its name, so that clients can connect").uncheck();
        button(page, "Create").click();
        page.getByRole(
                        AriaRole.LINK,
                        new Page.GetByRoleOptions().setName("Images").setExact(true))
                .click();
    }

    @Test
    void openDialogGoesWithItsView() {
        service.create("web");
        Page page = browser.open(service.page());
        page.getByText("web", new Page.GetByTextOptions().setExact(true)).click();
        button(page, "Close image…").click();
        assertThat(page.getByRole(AriaRole.DIALOG)).hasCount(1);
        page.goBack();

        assertThat(page).hasTitle("Images · rawcow");
        assertThat(page.getByRole(AriaRole.DIALOG)).hasCount(0);
        assertThat(service.get("/v1/images")).contains("\"web\"");
    }

    @Test
    void tokenIsAskedForAndSentAndWhatViewersMayNotIsHidden() throws IOException {
        String[] callers = Stream.concat(
                        Stream.of(TestTokens.caller(folder, "reader", "viewer")),
                        Stream.of(TestTokens.caller(folder, "admin", "operator")))
                .toArray(String[]::new);
        try (PageService guarded = PageService.start(Files.createDirectory(folder.resolve("data")), callers)
                .as(TestTokens.token("admin"))) {
            guarded.create("web");
            guarded.stream("web");
            Page page = browser.open(guarded.page("images/web"));
            assertThat(page.locator(".token")).containsText("This service asks for a token");
            assertThat(page.locator(".token .problem")).isVisible();
            assertThat(page.locator("#link")).containsText("Token needed");
            browser.assertAccessible(page);

            enter(page, "nobody");
            assertThat(page.locator(".token .problem")).isVisible();
            assertThat(field(page, "Token")).isFocused();
            enter(page, "reader");
            live(page);
            assertThat(page.locator(".token")).isHidden();
            button(page, "Pause").click();
            assertThat(notices(page)).containsText("what may not be done is hidden");
            assertThat(button(page, "Pause")).isHidden();
            assertThat(guarded.get("/v1/jobs/web-stream")).contains("\"status\":\"running\"");

            button(page, "Use another token").click();
            enter(page, "admin");
            live(page);
            button(page, "Pause").click();
            assertThat(page.locator(".job")).containsText("paused");
            page.reload();
            live(page);
            assertThat(page.locator(".job")).containsText("paused");
        }
    }

    @Test
    void nothingIsAskedUntilThereIsATokenThatIsGood() throws IOException {
        String[] caller = TestTokens.caller(folder, "admin", "operator");
        try (PageService guarded = PageService.start(Files.createDirectory(folder.resolve("data")), caller)
                .as(TestTokens.token("admin"))) {
            guarded.create("web");
            Page page = browser.open("about:blank");
            page.clock().install();
            page.navigate(guarded.page("images/web"));
            enter(page, "admin");
            assertThat(page.locator(".head .badge")).hasText("cow");
            live(page);

            TestTokens.write(folder.resolve("admin.tokens"), TestTokens.token("later"));
            assertThat(page.locator(".token .problem")).isVisible();
            long asked = questions();
            page.clock().runFor(60_000);
            assertThat(questions()).isEqualTo(asked);

            enter(page, "later");
            live(page);
            assertThat(page.locator(".token")).isHidden();
            page.waitForResponse("**/counters", () -> {});
        }
    }

    private static long questions() {
        return browser.requests().stream()
                .filter(each -> each.contains("/v1/images"))
                .count();
    }

    private static void enter(Page page, String caller) {
        field(page, "Token").fill(TestTokens.token(caller));
        button(page, "Use it").click();
    }

    /** Runs the page's own module in the browser. */
    private static Object counters(Page page, String expression) {
        return page.evaluate("""
                async () => {
                    const module = document.scripts[0].src.replace('app.js', 'counters.js');
                    const {between, percentile, History} = await import(module);
                    const at = (second, guest, errors = 0) => {
                        const counts = {requests: guest, bytes: guest * 4096, errors, latency: [guest, 0]};
                        return {
                            time: new Date(1e12 + second * 1000).toISOString(), since: 'then', latencyBounds: [0.001],
                            guest: {read: counts, write: counts}, copied: {stream: second * 1000},
                        };
                    };
                    return %s;
                }""".formatted(expression));
    }

    @Test
    void countsThatFallOrAreFarApartAreAGapAndNoNumbers() {
        Page page = browser.open(service.page("new"));

        assertThat(counters(page, "between(at(1, 10), at(3, 30)).read")).isEqualTo(40960);
        assertThat(counters(page, "between(at(1, 10), at(3, 30)).copied")).isEqualTo(1000);
        assertThat(counters(page, "between(at(1, 10), at(3, 30)).readMedian")).isEqualTo(0.0005);
        assertThat(counters(page, "between(at(1, 10), at(2, 9))")).isNull();
        assertThat(counters(page, "between(at(1, 10, 5), at(2, 11, 4))")).isNull();
        assertThat(counters(page, "between(at(1, 10), at(7, 30))")).isNull();
        assertThat(counters(page, "between({...at(1, 10), since: 'once'}, at(2, 30))"))
                .isNull();
        assertThat(counters(page, "percentile([0, 0], [0.001], 0.5)")).isNull();
        assertThat(counters(page, "percentile([0, 3], [0.001], 0.5)")).isEqualTo(0.001);
    }

    @Test
    void historyIsOfMinutesNotOfAnswers() {
        Page page = browser.open(service.page("new"));
        String history = """
                ((...answers) => {
                    const history = new History();
                    answers.forEach((each) => history.add(each));
                    return history;
                })""";

        String minutes = history + "(at(0, 0), at(1, 5), at(2, 9), at(3, 2), at(100, 5), at(101, 6))";
        assertThat(counters(page, minutes + ".column('read').map((each) => each?.toFixed()).join()"))
                .isEqualTo("20480,16384,,,4096");
        assertThat(counters(page, minutes + ".recent(60).reduce((sum, each) => sum + each.requests, 0)"))
                .isEqualTo(2);
        assertThat(counters(page, history + "(at(0, 0), at(1, 1), at(500, 1)).samples.length"))
                .isEqualTo(1);
        assertThat(counters(page, history + "(at(8, 0), at(9, 1), at(5, 2), at(6, 3)).column('time').length"))
                .isEqualTo(2);
    }
}
