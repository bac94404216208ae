package io.rawcow.cli;

import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import io.rawcow.image.ImageOpener;
import io.rawcow.image.LiveImage;
import io.rawcow.image.OpenOptions;
import io.rawcow.image.Shell;
import io.rawcow.posix.PosixException;
import io.rawcow.stream.BufferPool;
import io.rawcow.stream.ErrorPolicy;
import io.rawcow.stream.JobHistory;
import io.rawcow.stream.StreamContext;
import io.rawcow.stream.StreamJob;
import io.rawcow.stream.StreamOptions;
import io.rawcow.stream.StreamSettings;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "stream",
        description = {
            "Copy everything that is still in the backing into the raw file, then drop backing and sidecar.",
            "What remains is a plain raw file. It can be interrupted at any time and goes on where it was. The image "
                    + "must not be in use: one that is served is streamed by its service."
        },
        footer = {"  rawcow stream vm.raw-cow", "  rawcow stream -p --speed 50M --keep-sidecar vm.raw-cow"})
final class StreamCommand extends ImageCommand {
    private static final long BUFFER_BUDGET = 64L << 20;

    /** What an error does; spelled as on the command line. */
    private enum OnError {
        report(ErrorPolicy.REPORT),
        ignore(ErrorPolicy.IGNORE),
        stop(ErrorPolicy.STOP),
        enospc(ErrorPolicy.ENOSPC);

        private final ErrorPolicy policy;

        OnError(ErrorPolicy policy) {
            this.policy = policy;
        }
    }

    @Option(names = "-p", description = "Show progress even if standard output is no terminal: a line now and then.")
    private boolean progress;

    @Option(names = "-q", description = "Print errors only.")
    private boolean quiet;

    @Option(
            names = "--speed",
            paramLabel = "RATE",
            description = "Most bytes to copy in a second, as 50M. 0: no limit.")
    private @Nullable String speed;

    @Option(
            names = "--on-error",
            paramLabel = "POLICY",
            defaultValue = "report",
            description = {
                "report: end with the error (default).",
                "ignore: go on with the rest, and end with the error then.",
                "stop: wait, and try again every 5 seconds.",
                "enospc: as stop if there is no space left, else as report."
            })
    private OnError onError = OnError.report;

    @Option(names = "--keep-sidecar", description = "Leave the sidecar, which says standalone then.")
    private boolean keepSidecar;

    @Option(
            names = "--accept-backing-change",
            description = "Go on although backing or raw file were changed: their bytes are known to be right.")
    private boolean acceptBackingChange;

    @Option(
            names = "--accept-lost-writes",
            description = "Go on although answered writes are lost: what was not flushed may be old or new.")
    private boolean acceptLostWrites;

    @Mixin
    private LiveOption live = new LiveOption();

    @Parameters(paramLabel = "FILE", description = "The sidecar.")
    private String file = "";

    @Override
    int run() throws BlockException, PosixException, CommandFailure {
        String name = require(file);
        if (progress && quiet) {
            throw CommandFailure.usage("-p and -q exclude each other");
        }
        var options =
                new StreamOptions(speed == null ? 0 : ByteSize.parse("rate", speed), onError.policy, true, keepSidecar);
        boolean terminal = Terminal.isStandardOutput();
        ProgressLine line = !quiet && (progress || terminal) ? new ProgressLine(out(), terminal) : null;
        try (Workspace workspace = Workspace.open();
                LiveImage image = open(workspace, name)) {
            new OfflineStream(image, job(image, options), err(), line).run("rawcow stream " + Shell.quote(name));
        }
        return ExitCode.OK;
    }

    private LiveImage open(Workspace workspace, String name) throws BlockException {
        try {
            return ImageOpener.open(
                    workspace.roots(),
                    workspace.locate(name),
                    live.folder(),
                    new OpenOptions(acceptBackingChange, acceptLostWrites, false));
        } catch (BlockException e) {
            if (e.kind() == FaultKind.SIDECAR_INVALID && e.action() == null) {
                throw e.withAction(
                        "give the sidecar, not the raw file; what is wrong with one is told by: rawcow check "
                                + Shell.quote(name));
            }
            throw e;
        }
    }

    private static StreamJob job(LiveImage image, StreamOptions options) {
        StreamSettings settings = StreamSettings.DEFAULT;
        var context = new StreamContext(
                settings,
                new BufferPool(BUFFER_BUDGET, settings.windowBytes()),
                InstantSource.system(),
                System::nanoTime,
                () -> {},
                _ -> {});
        return new StreamJob(image, options, context, JobHistory.NONE);
    }
}
