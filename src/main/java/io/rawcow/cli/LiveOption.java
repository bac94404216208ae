package io.rawcow.cli;

import io.rawcow.block.BlockException;
import io.rawcow.image.LiveFolder;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where a service that has died may have left writes of a guest. No command here has guests of its own. */
final class LiveOption {
    @Option(
            names = "--live",
            paramLabel = "DIR",
            description = "The service's folder for live files (default /dev/shm/rawcow-UID).")
    private @Nullable String live;

    LiveFolder folder() throws BlockException {
        return LiveFolder.at(live == null ? LiveFolder.usualPath() : Workspace.absolute(live), 0);
    }
}
