package io.rawcow.cli;

import io.rawcow.cli.remote.ServiceException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What is shown of an image that is watched, safe to print. What is not known is a dash.
 *
 * @param status of its job
 * @param detail what is wrong, or is waited for; empty if nothing is
 */
record WatchRow(
        String name,
        String state,
        @Nullable Double progress,
        String bytes,
        String rate,
        String eta,
        String status,
        String detail) {

    static WatchRow of(WatchedImage watched) throws ServiceException {
        RemoteImage image = watched.shownImage();
        RemoteJob job = watched.shownJob();
        RemoteJob running = job != null && job.isRunning() ? job : null;
        return new WatchRow(
                Printable.of(image.name()),
                Printable.of(image.state()),
                image.progress(),
                Progress.bytes(image.bytesAllocated(), image.size()),
                running == null ? "-" : Progress.rate(running.rate()),
                running == null || running.etaSeconds() == null ? "-" : ProgressLine.words(running.etaSeconds()),
                job == null ? "-" : Printable.of(job.status()),
                Printable.of(detail(image, job)));
    }

    private static String detail(RemoteImage image, @Nullable RemoteJob job) {
        if (job != null && job.error() != null) {
            return job.error();
        }
        if (job != null && job.detail() != null) {
            return job.detail();
        }
        return image.error() == null ? "" : image.error();
    }

    String percent() {
        return Progress.percent(progress);
    }

    /** All of it, in the order of the view, for a line that is searched rather than looked at. */
    String line() {
        return Stream.of(name, state, percent(), bytes, rate, eta, status, detail)
                .filter(cell -> !cell.isEmpty())
                .collect(Collectors.joining("  "));
    }
}
