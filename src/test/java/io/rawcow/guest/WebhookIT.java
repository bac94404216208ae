package io.rawcow.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.rawcow.guest.WebhookReceiver.Mood;
import io.rawcow.guest.WebhookReceiver.Received;
import io.rawcow.testing.LiveService;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The real service, killed with SIGKILL and started again, and two receivers: one that answers with errors, hangs, is
 * not there at all, and recovers; and one that hangs for so long that its queue overflows.
 */
class WebhookIT {
    private static final int IMAGES = 6;
    private static final int EXPORTS = 1;
    /** The least that is taken. */
    private static final int QUEUE = 2 * (IMAGES + EXPORTS);

    private static final List<String> LIMITS =
            List.of("-Drawcow.limits.images=" + IMAGES, "-Drawcow.limits.exports=" + EXPORTS);

    @TempDir
    Path data;

    private LiveService service;

    private List<String> webhook(String name, WebhookReceiver receiver, int queue) throws Exception {
        Path secret = Files.writeString(data.resolve(name + ".secret"), receiver.secret() + "\n");
        String property = "-Drawcow.webhooks." + name + ".";
        return List.of(
                property + "url=" + receiver.url(),
                property + "secret-file=" + secret,
                property + "queue=" + queue,
                property + "timeout=500ms");
    }

    private static void soon(BooleanSupplier condition) {
        await().atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(10))
                .until(condition::getAsBoolean);
    }

    private static void awaitOneMoreAttempt(WebhookReceiver receiver) {
        int before = receiver.all().size();
        soon(() -> receiver.all().size() > before);
    }

    private static void awaitAccepted(WebhookReceiver receiver, String what) {
        soon(() -> receiver.accepted().stream().anyMatch(each -> each.what().equals(what)));
    }

    private void create(String image) throws Exception {
        service.create(image, 4096, 0);
    }

    /** No orderly end, and no moment for anything: the request before was answered just now. */
    private void killAndStart() throws Exception {
        service.kill();
        service.startAgain();
    }

    @Test
    void everyEventArrivesInOrderAndOneReceiverKeepsNoOtherWaiting() throws Exception {
        Files.write(data.resolve("golden.img"), new byte[1 << 16]);
        try (var moody = new WebhookReceiver(Mood.ERROR);
                var hanging = new WebhookReceiver(Mood.HANG)) {
            var flags = new ArrayList<>(webhook("moody", moody, 1000));
            flags.addAll(webhook("hanging", hanging, QUEUE));
            flags.addAll(LIMITS);
            try (var started = LiveService.start(data, "127.0.0.1:0", flags)) {
                service = started;
                throughAllMoods(moody);
                assertAllIsThere(moody);
                assertThat(hanging.all())
                        .isNotEmpty()
                        .extracting(Received::what)
                        .containsOnly("image.created one");

                hanging.mood(Mood.WELL);
                killAndStart();
                create("last");
                awaitAccepted(moody, "image.created last");
                awaitAccepted(hanging, "image.created last");
                assertAllIsThere(moody);
                assertOldestWereLost(hanging, moody.accepted().size());

                hanging.mood(Mood.HANG);
                create("unheard");
                awaitOneMoreAttempt(hanging);
            }
            assertThat(Files.readString(data.resolve("service.log")))
                    .contains("webhook not delivered")
                    .doesNotContain("geheim", moody.secret(), hanging.secret());
        }
    }

    /** As many images and exports as may be, and a receiver that has missed the making of all of them. */
    @Test
    void whatAStartTellsPushesOutNothingThatWasNotDelivered() throws Exception {
        Files.write(data.resolve("golden.img"), new byte[1 << 16]);
        List<String> what = new ArrayList<>();
        try (var hanging = new WebhookReceiver(Mood.HANG)) {
            var flags = new ArrayList<>(webhook("hanging", hanging, QUEUE));
            flags.addAll(LIMITS);
            try (var started = LiveService.start(data, "127.0.0.1:0", flags)) {
                service = started;
                for (int i = 0; i < IMAGES; i++) {
                    create("vm" + i);
                    what.add("image.created vm" + i);
                }
                service.export("vm0");
                what.add("export.created vm0");
                killAndStart();
                hanging.mood(Mood.WELL);
                awaitAccepted(hanging, "export.restored vm0");
                for (int i = 0; i < IMAGES; i++) {
                    what.add("image.opened vm" + i);
                }
                what.add("export.restored vm0");
                assertThat(hanging.accepted()).extracting(Received::what).containsExactlyInAnyOrderElementsOf(what);
            }
        }
    }

    private void throughAllMoods(WebhookReceiver moody) throws Exception {
        create("one");
        create("two");
        awaitOneMoreAttempt(moody);
        awaitOneMoreAttempt(moody);
        moody.mood(Mood.HANG);
        create("three");
        awaitOneMoreAttempt(moody);
        killAndStart();
        awaitOneMoreAttempt(moody);
        service.expect(204, "DELETE", "/v1/images/two", "");
        moody.goAway();
        create("four");
        service.export("four");
        killAndStart();
        create("five");
        moody.mood(Mood.WELL);
        moody.comeBack();
        awaitAccepted(moody, "image.created five");
    }

    /** In order, without a gap, from the first one on; what was sent again is the same. */
    private static void assertAllIsThere(WebhookReceiver receiver) {
        assertThat(receiver.all()).allMatch(Received::genuine);
        List<Received> events = receiver.accepted();
        assertThat(events)
                .extracting(Received::sequence)
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(1, events.size()).boxed().toList());
        assertThat(events)
                .extracting(Received::what)
                .containsSubsequence(
                        "image.created one",
                        "image.created two",
                        "image.created three",
                        "image.opened one",
                        "image.deleted two",
                        "image.created four",
                        "export.created four",
                        "image.opened one",
                        "export.restored four",
                        "image.created five");
        for (Received again : receiver.all()) {
            assertThat(events)
                    .filteredOn(each -> each.id().equals(again.id()))
                    .extracting(Received::event)
                    .containsOnly(again.event());
        }
        Received first = events.getFirst();
        assertThat(first.event().get("specversion").asString()).isEqualTo("1.0");
        assertThat(first.event().get("source").asString()).startsWith("urn:rawcow:");
        assertThat(first.event().get("datacontenttype").asString()).isEqualTo("application/json");
        assertThat(first.event().at("/data/image/state").asString()).isEqualTo("cow");
        assertThat(first.event().at("/data/id").asString()).isEqualTo(first.id());
        assertThat(events)
                .extracting(each -> each.event().get("source").asString())
                .containsOnly(first.event().get("source").asString());
    }

    /** The one that was being sent, one notice that counts right, and the newest without a gap. */
    private static void assertOldestWereLost(WebhookReceiver receiver, long events) {
        assertThat(receiver.all()).allMatch(Received::genuine);
        List<Received> accepted = receiver.accepted();
        assertThat(accepted)
                .extracting(Received::what)
                .startsWith("image.created one", "events.lost ")
                .endsWith("image.created last")
                .hasSizeGreaterThan(QUEUE)
                .containsOnlyOnce("events.lost ");
        Received notice = accepted.get(1);
        assertThat(notice.event().at("/data/count").asLong())
                .isEqualTo(notice.sequence() - 1)
                .isEqualTo(events - (accepted.size() - 1));
        assertThat(accepted)
                .extracting(Received::sequence)
                .containsExactlyElementsOf(
                        LongStream.concat(LongStream.of(1), LongStream.rangeClosed(notice.sequence(), events))
                                .boxed()
                                .toList());
    }
}
