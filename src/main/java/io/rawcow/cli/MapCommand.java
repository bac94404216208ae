package io.rawcow.cli;

import io.rawcow.block.BlockException;
import io.rawcow.block.ByteRange;
import io.rawcow.image.ImageInspector;
import io.rawcow.image.MappedExtent;
import io.rawcow.image.NamedFile;
import io.rawcow.posix.PosixException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "map",
        description = {
            "Show which file answers for which range of the disk.",
            "Depth 0 is the raw file, 1 the backing. For people only ranges that hold data are listed."
        },
        footer = {"  rawcow map vm.raw-cow", "  rawcow map --output=json --start-offset=1G --max-length=64M vm.raw-cow"
        })
final class MapCommand extends InspectionCommand {
    @Option(names = "--start-offset", paramLabel = "OFFSET", description = "Where to begin. Default: 0.")
    private @Nullable String startOffset;

    @Option(names = "--max-length", paramLabel = "LENGTH", description = "How much to look at. Default: all.")
    private @Nullable String maxLength;

    @Parameters(paramLabel = "FILE", description = "The sidecar, or a raw file without one.")
    private String file = "";

    private boolean first = true;

    @Override
    int run() throws BlockException, PosixException, CommandFailure {
        String name = require(file);
        long start = startOffset == null ? 0 : ByteSize.parse("start offset", startOffset);
        long length = maxLength == null ? Long.MAX_VALUE : ByteSize.parse("max length", maxLength);
        try (Workspace workspace = Workspace.open();
                var image = ImageInspector.open(workspace.roots(), workspace.locate(name), live(), format())) {
            if (image.isInUse()) {
                err().println("rawcow: the image is in-use: saved bits are shown");
            }
            print(name, image, start, length > image.sizeBytes() - start ? image.sizeBytes() : start + length);
        }
        return ExitCode.OK;
    }

    private void print(String name, ImageInspector image, long start, long end) throws BlockException {
        if (wantsJson()) {
            out().print("[");
        } else {
            out().printf("%-16s%-16s%-16s%s%n", "Offset", "Length", "Mapped to", "File");
        }
        MappedExtent run = null;
        for (long at = start; at < end; ) {
            MappedExtent next = image.mapAt(at, end);
            at = next.range().end();
            if (run != null && !run.continuesAs(next)) {
                print(name, image, run);
                run = null;
            }
            run = run == null ? next : run.over(ByteRange.between(run.range().offset(), at));
        }
        if (run != null) {
            print(name, image, run);
        }
        if (wantsJson()) {
            out().println("]");
        }
    }

    private void print(String name, ImageInspector image, MappedExtent extent) {
        ByteRange range = extent.range();
        if (wantsJson()) {
            out().print(first ? "" : ",\n");
            first = false;
            out().print(json(extent));
        } else if (extent.data()) {
            String offset = hex(range.offset());
            out().printf("%-16s%-16s%-16s%s%n", offset, hex(range.length()), offset, holder(name, image, extent));
        }
    }

    private static String json(MappedExtent extent) {
        ByteRange range = extent.range();
        return "{ \"start\": %d, \"length\": %d, \"depth\": %d, \"present\": %b, \"zero\": %b, \"data\": %b%s}"
                .formatted(
                        range.offset(),
                        range.length(),
                        extent.depth(),
                        extent.present(),
                        extent.zero(),
                        extent.data(),
                        extent.present() ? ", \"offset\": " + range.offset() : "");
    }

    private static String hex(long number) {
        return number == 0 ? "0" : "0x" + Long.toHexString(number);
    }

    private static String holder(String name, ImageInspector image, MappedExtent extent) {
        return (extent.depth() == 1 ? image.backing() : image.raw())
                .map(NamedFile::path)
                .orElse(name);
    }
}
