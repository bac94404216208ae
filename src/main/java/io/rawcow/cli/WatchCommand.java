package io.rawcow.cli;

import io.rawcow.cli.remote.ServiceClient;
import java.time.Duration;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "watch",
        description = {
            "Follow the images of a running service: on a terminal in lines that are drawn over, else in a line for "
                    + "every change.",
            "With IMAGE it ends when that one is standalone (0), when its job failed or was cancelled, when it cannot "
                    + "be used, whatever its job does, or is gone (1). Jobs that ended before the image was there do "
                    + "not count. Without IMAGE, it ends with Ctrl-C. With --output=json, each line is an object with "
                    + "the image and its job as the service's REST interface has them."
        },
        footer = {
            "  rawcow watch",
            "  rawcow watch my_vm && echo 'my_vm is a plain raw file'",
            "  rawcow watch --output=json my_vm | jq --unbuffered .image.progress"
        })
final class WatchCommand extends ImageCommand {
    /** What the service calls a name; anything else would lead to another path than an image's. */
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9]([A-Za-z0-9._-]{0,126}[A-Za-z0-9])?");

    private static final double MOST_SECONDS = 1_000_000_000;

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Option(names = "--output", paramLabel = "FORMAT", defaultValue = "human", description = "human or json.")
    private OutputFormat output = OutputFormat.human;

    @Option(
            names = "--interval",
            paramLabel = "SECONDS",
            defaultValue = "1",
            description = "Between two looks at the numbers (default 1, at least 0.1). States are told as they change.")
    private double interval;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "60",
            description = "How long to wait for a service that has gone away to come back (default 60); 0: not at all.")
    private double timeout;

    @Parameters(arity = "0..1", paramLabel = "IMAGE", description = "The image, by its name in the service.")
    private @Nullable String image;

    @Override
    int run() throws CommandFailure {
        if (image != null && !NAME.matcher(image).matches()) {
            throw CommandFailure.usage("Invalid name of an image: '%s'".formatted(Printable.of(image)));
        }
        Duration between = seconds("--interval", interval, 0.1);
        Duration patience = seconds("--timeout", timeout, 0);
        try (ServiceClient service = server.connect();
                WatchView view = view()) {
            // Ctrl-C ends the process with 130 by itself.
            Thread onSignal = new Thread(view::close, "interrupted");
            Runtime.getRuntime().addShutdownHook(onSignal);
            try {
                new Watcher(service, view, image, between, patience).run();
            } finally {
                removeHook(onSignal);
            }
            return ExitCode.OK;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandFailure("interrupted", null);
        }
    }

    private WatchView view() {
        return output == OutputFormat.human && Terminal.isStandardOutput()
                ? new ScreenView(out(), err(), () -> Terminal.window(System.getenv()))
                : new ChangeView(out(), err(), output == OutputFormat.json);
    }

    private static Duration seconds(String option, double number, double least) throws CommandFailure {
        if (!(number >= least && number <= MOST_SECONDS)) {
            throw CommandFailure.usage(
                    "Invalid value for %s: it is a number of seconds, at least %s".formatted(option, least));
        }
        return Duration.ofMillis(Math.round(number * 1000));
    }

    private static void removeHook(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The process is ending: the hook has its work to do.
        }
    }
}
