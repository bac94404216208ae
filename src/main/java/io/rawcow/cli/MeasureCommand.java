package io.rawcow.cli;

import io.rawcow.block.BlockException;
import io.rawcow.format.Geometry;
import io.rawcow.format.SidecarHeader;
import io.rawcow.image.ImageInspector;
import io.rawcow.posix.PosixException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "measure",
        description = {
            "Show the space that an image of a size will need: its raw file and, until it is detached, its sidecar.",
            "Once detached it is a raw file alone: -O raw."
        },
        footer = {
            "  rawcow measure --size 1T",
            "  rawcow measure --size 1T -o sectorsize=64k",
            "  rawcow measure base.img"
        })
final class MeasureCommand extends InspectionCommand {
    @Option(names = "--size", paramLabel = "N", description = "Size of the image, instead of FILE.")
    private @Nullable String size;

    @Option(names = "-O", paramLabel = "FMT", defaultValue = "raw-cow", description = "raw-cow (default) or raw.")
    private String outputFormat = "raw-cow";

    @Option(names = "-o", paramLabel = "sectorsize=N", description = "Bytes that a bit stands for. Default: 4096.")
    private String @Nullable [] options;

    @Parameters(paramLabel = "FILE", arity = "0..1", description = "A backing or image whose size is meant.")
    private @Nullable String file;

    @Override
    int run() throws BlockException, PosixException, CommandFailure {
        boolean sidecar = withSidecar();
        int sectorSize = sectorSize();
        long bytes = imageBytes();
        if (bytes < 1 || bytes > SidecarHeader.MAX_SIZE) {
            throw new CommandFailure(
                    "Invalid image size specified. Must be between 1 and %d: %d"
                            .formatted(SidecarHeader.MAX_SIZE, bytes),
                    null);
        }
        long sidecarBytes = sidecar ? new Geometry(bytes, sectorSize).fileBytes() : 0;
        print(bytes, sidecarBytes);
        return ExitCode.OK;
    }

    private boolean withSidecar() throws CommandFailure {
        return switch (outputFormat) {
            case "raw-cow" -> true;
            case "raw" -> false;
            default -> throw CommandFailure.usage("Unknown file format '%s'".formatted(outputFormat));
        };
    }

    private int sectorSize() throws CommandFailure {
        CreateOptions given = CreateOptions.parse(options);
        given.refuseAllBut("sectorsize");
        return given.sectorSize();
    }

    private long imageBytes() throws BlockException, PosixException, CommandFailure {
        if ((size == null) == (file == null)) {
            throw CommandFailure.usage(
                    size == null
                            ? "Either --size N or one filename must be specified."
                            : "--size N cannot be used together with a filename.");
        }
        if (size != null) {
            return ByteSize.parse("image size", size);
        }
        try (Workspace workspace = Workspace.open();
                var image = ImageInspector.open(workspace.roots(), workspace.locate(require(file)), live(), format())) {
            return image.sizeBytes();
        }
    }

    private void print(long rawBytes, long sidecarBytes) {
        long all = rawBytes + sidecarBytes;
        if (wantsJson()) {
            Map<String, Object> sizes = new LinkedHashMap<>();
            sizes.put("required", all);
            sizes.put("fully-allocated", all);
            sizes.put("raw-file", rawBytes);
            sizes.put("sidecar", sidecarBytes);
            out().println(Json.write(sizes));
        } else {
            out().println("required size: " + all);
            out().println("fully allocated size: " + all);
            if (sidecarBytes > 0) {
                out().println("of which raw file: " + rawBytes);
                out().println("of which sidecar: " + sidecarBytes);
            }
        }
    }
}
