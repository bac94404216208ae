package io.rawcow.cli;

import io.rawcow.cli.remote.Item;
import io.rawcow.cli.remote.ServiceClient;
import io.rawcow.cli.remote.ServiceException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "jobs",
        description = {
            "List the jobs of a running service: those that are not at their end, and those that failed.",
            "With --output=json, the jobs as the service's REST interface has them, in one array."
        },
        footer = {
            "  rawcow jobs",
            "  rawcow jobs --all --image my_vm",
            "  rawcow jobs --output=json --server https://host:8443 --token-file token | jq '.[].id'"
        })
final class JobsCommand extends ImageCommand {
    private static final List<String> HEADER =
            List.of("ID", "IMAGE", "STATUS", "PROGRESS", "RATE", "ETA", "AGE", "ERROR");

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Option(names = "--output", paramLabel = "FORMAT", defaultValue = "human", description = "human or json.")
    private OutputFormat output = OutputFormat.human;

    @Option(names = "--image", paramLabel = "IMAGE", description = "Only those of this image.")
    private @Nullable String image;

    @Option(names = "--all", description = "Those that ended well or were cancelled, too.")
    private boolean all;

    @Override
    int run() throws CommandFailure {
        try (ServiceClient service = server.connect()) {
            List<Item> jobs = new ArrayList<>();
            for (Item job : service.list("/v1/jobs")) {
                if (isWanted(job)) {
                    jobs.add(job);
                }
            }
            if (output == OutputFormat.json) {
                out().println(Json.writeForeign(jobs.stream().map(Item::json).toList()));
            } else {
                print(jobs);
            }
            return ExitCode.OK;
        } catch (ServiceException e) {
            throw ServerOptions.failure(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandFailure("interrupted", null);
        }
    }

    private boolean isWanted(Item item) throws ServiceException {
        RemoteJob job = RemoteJob.of(item);
        return (image == null || image.equals(job.image())) && (all || job.isActive() || job.failed());
    }

    private void print(List<Item> jobs) throws ServiceException {
        if (jobs.isEmpty()) {
            err().println("rawcow: no jobs found" + (all ? "" : "; --all shows those that ended well, too"));
            return;
        }
        List<List<String>> table = new ArrayList<>(List.of(HEADER));
        Instant now = Instant.now();
        for (Item item : jobs) {
            table.add(cells(RemoteJob.of(item), now));
        }
        int[] widths = widths(table);
        for (List<String> row : table) {
            var line = new StringBuilder();
            for (int column = 0; column < widths.length; column++) {
                line.append(Printable.left(row.get(column), widths[column] + 3));
            }
            out().println(line.toString().stripTrailing());
        }
    }

    private static int[] widths(List<List<String>> table) {
        int[] widths = new int[HEADER.size()];
        for (List<String> row : table) {
            for (int column = 0; column < widths.length; column++) {
                widths[column] = Math.max(widths[column], Printable.width(row.get(column)));
            }
        }
        return widths;
    }

    private static List<String> cells(RemoteJob job, Instant now) {
        return List.of(
                Printable.of(job.id()),
                Printable.of(job.image()),
                Printable.of(job.status()),
                Progress.percent(job.progress()),
                job.isRunning() ? Progress.rate(job.rate()) : "-",
                job.isRunning() && job.etaSeconds() != null ? ProgressLine.words(job.etaSeconds()) : "-",
                age(Duration.between(job.createdAt(), now)),
                job.error() == null ? "-" : Printable.of(job.error()));
    }

    /** In the largest unit of which there are two, as others do; clocks may differ, so at least nothing. */
    private static String age(Duration age) {
        long seconds = Math.max(0, age.toSeconds());
        if (seconds < 120) {
            return seconds + "s";
        }
        if (seconds < 2 * 3600) {
            return seconds / 60 + "m";
        }
        return seconds < 2 * 86_400 ? seconds / 3600 + "h" : seconds / 86_400 + "d";
    }
}
