package io.rawcow.cli;

import static io.rawcow.cli.FakeService.image;
import static io.rawcow.cli.FakeService.job;
import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.cli.Cli.Result;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** When the watch of one image ends, what it does not fall for before, and what it asks meanwhile. */
@Timeout(60)
class WatchEndTest {
    private static final String FAILED =
            image("failed", 0.25).replace("\"error\": null", "\"error\": {\"detail\": \"cannot sync raw file\"}");

    private static InProcess watch(FakeService service) {
        return InProcess.start("watch", "vm", "--interval=0.1", "--server", service.url());
    }

    @Test
    void anImageThatFailsEndsItThoughItsJobIsPaused() throws Exception {
        try (var service = FakeService.start().with(image("cow", 0.25), job("job", "paused", ""))) {
            InProcess watch = watch(service);
            watch.awaitOut("paused");
            service.changed("image", "vm", FAILED);

            Result result = watch.end();
            assertThat(result.code()).isEqualTo(1);
            assertThat(result.err()).isEqualTo("""
                    rawcow: cannot sync raw file: image=vm
                    To go on: once that is mended, close the image and open it again
                    """);
        }
    }

    @Test
    void aJobOfAnEarlierImageOfThatNameDoesNotCount() throws Exception {
        String failed = job("old", "concluded", "")
                .replace("\"error\": null", "\"error\": {\"code\": \"io_error\", \"detail\": \"broken\"}");
        String later = image("cow", 0.25).replace("2019-12-31", "2020-01-02");
        try (var service = FakeService.start().with(later, failed)) {
            InProcess watch = watch(service);
            watch.awaitErr("rawcow: no job streams the image: waiting for one: image=vm\n");
            service.changed("image", "vm", later.replace("cow", "standalone"));

            Result result = watch.end();
            assertThat(result.code()).isZero();
            assertThat(result.lines())
                    .containsExactly(
                            "vm  cow  25.00%  1 B of 4 B  -  -  -",
                            result.lines().getLast());
            assertThat(result.lines().getLast()).startsWith("vm  standalone").doesNotContain("concluded");
        }
    }

    @Test
    void aDeleteThatIsOlderThanTheListIsOfAnEarlierImage() throws Exception {
        try (var service = FakeService.start().with(image("cow", 0.25), job("job", "running", ""))) {
            service.changed("image", "vm", "null");
            service.changed("image", "vm", image("cow", 0));
            InProcess watch = InProcess.start("watch", "vm", "--interval=1000", "--server", service.url());
            watch.awaitOut("vm  cow  0.00%");
            service.changed("job", "job", job("job", "concluded", ""));
            service.changed("image", "vm", image("standalone", 1));

            Result result = watch.end();
            assertThat(result.code()).as(result.err()).isZero();
            assertThat(result.out()).doesNotContain("deleted");
        }
    }

    @Test
    void onlyTheJobThatIsShownIsAskedForAndOnlyWhileItIsAtWork() throws Exception {
        String running = job("job", "running", "");
        try (var service = FakeService.start().with(image("cow", 0.25), running, job("other", "concluded", ""))) {
            service.with("/v1/jobs/job", 200, running.replace("1048576", "2097152"));
            InProcess watch = watch(service);
            watch.awaitOut("2 MiB/s");
            service.changed("job", "job", job("job", "concluded", ""));
            watch.awaitOut("concluded");
            int asked = service.requests().size();
            service.with("/v1/images/vm", 200, image("cow", 0.5));
            watch.awaitOut("50.00%");
            service.with("/v1/images/vm", 200, image("cow", 0.75));
            watch.awaitOut("75.00%");

            assertThat(service.requests()).containsOnlyOnce("/v1/jobs?limit=1000");
            assertThat(service.requests().subList(asked, service.requests().size()))
                    .containsOnly("/v1/images/vm");
            service.changed("image", "vm", image("standalone", 1));
            assertThat(watch.end().code()).isZero();
        }
    }
}
