package io.rawcow.cli;

import io.rawcow.block.BlockException;
import io.rawcow.image.ImageRebase;
import io.rawcow.image.ImageRebase.NewBacking;
import io.rawcow.posix.PosixException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "rebase",
        description = {
            "Tell a closed image where its backing has moved.",
            "The bytes must be the same ones: size and modification time are compared with what was pinned, so move "
                    + "with mv or cp -p. The image is as it was if anything goes wrong."
        },
        footer = {"  mv ubuntu.img /store/", "  rawcow rebase -u -b /store/ubuntu.img -F raw vm.raw-cow"})
final class RebaseCommand extends ImageCommand {
    @Option(names = "-u", description = "Needed: the name changes, no data is copied.")
    private boolean unsafe;

    @Option(names = "-b", paramLabel = "BACKING", description = "Where it is now, relative to FILE's folder.")
    private @Nullable String backing;

    @Option(names = "-F", paramLabel = "FMT", description = "Its format: raw.")
    private @Nullable String backingFormat;

    @Option(
            names = "--accept-backing-change",
            description = "Take it although its size or time differ: its bytes are known to be the same.")
    private boolean acceptBackingChange;

    @Option(names = "-q", description = "Print errors only.")
    private boolean quiet;

    @Parameters(paramLabel = "FILE", description = "The sidecar.")
    private String file = "";

    @Override
    int run() throws BlockException, PosixException, CommandFailure {
        String name = require(file);
        if (backing == null) {
            throw CommandFailure.usage("Expecting the new backing: -b BACKING");
        }
        if (backing.isEmpty()) {
            throw new CommandFailure(
                    "cannot drop the backing by renaming: its data is not in the raw file yet",
                    "copy it up, which drops the backing at the end: rawcow stream " + name);
        }
        if (!unsafe) {
            throw CommandFailure.usage("Only -u is supported: it repoints the image and copies no data");
        }
        try (Workspace workspace = Workspace.open()) {
            ImageRebase.rebase(
                    workspace.roots(),
                    workspace.locate(name),
                    new NewBacking(backing, backingFormat, acceptBackingChange));
        }
        if (!quiet) {
            out().println("Image rebased: '%s' is over '%s'".formatted(name, backing));
        }
        return ExitCode.OK;
    }
}
