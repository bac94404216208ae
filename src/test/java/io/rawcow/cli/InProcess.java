package io.rawcow.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.cli.Cli.Result;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** A command that runs in this process while the test goes on. */
final class InProcess {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final CompletableFuture<Integer> code = new CompletableFuture<>();

    private InProcess() {}

    static InProcess start(String... arguments) {
        var started = new InProcess();
        Thread.ofPlatform()
                .daemon()
                .start(() -> started.code.complete(RawCowCommand.build()
                        .setOut(new PrintWriter(started.out, true))
                        .setErr(new PrintWriter(started.err, true))
                        .execute(arguments)));
        return started;
    }

    /** Waits until it has written this. */
    InProcess awaitOut(String text) {
        return awaitText(out, text);
    }

    InProcess awaitErr(String text) {
        return awaitText(err, text);
    }

    private InProcess awaitText(StringWriter where, String text) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(10))
                .untilAsserted(() -> assertThat(where.toString()).contains(text));
        return this;
    }

    Result end() throws Exception {
        int ended = code.get(30, TimeUnit.SECONDS);
        return new Result(ended, out.toString(), err.toString());
    }
}
