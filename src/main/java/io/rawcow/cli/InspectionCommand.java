package io.rawcow.cli;

import io.rawcow.block.BlockException;
import io.rawcow.image.ImageInspector;
import io.rawcow.image.LiveFolder;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What the commands have that only look. */
abstract class InspectionCommand extends ImageCommand {
    @Option(names = "--output", paramLabel = "FORMAT", defaultValue = "human", description = "human or json.")
    private OutputFormat output = OutputFormat.human;

    @Option(
            names = "-f",
            paramLabel = "FMT",
            description = "Format of FILE: raw-cow or raw. Default: raw-cow if it begins like a sidecar, else raw.")
    private @Nullable String format;

    @Option(
            names = {"-U", "--force-share"},
            description = "Accepted for qemu-img's sake: no lock is taken anyway.")
    final void forceShare(boolean ignored) {}

    @Mixin
    private LiveOption live = new LiveOption();

    final LiveFolder live() throws BlockException {
        return live.folder();
    }

    final boolean wantsJson() {
        return output == OutputFormat.json;
    }

    final ImageInspector.@Nullable Format format() throws CommandFailure {
        if (format == null) {
            return null;
        }
        for (var known : ImageInspector.Format.values()) {
            if (known.word().equals(format)) {
                return known;
            }
        }
        throw CommandFailure.usage("Unknown image format '%s'".formatted(format));
    }
}
