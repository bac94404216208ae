package io.rawcow.cli;

import io.rawcow.block.BlockException;
import io.rawcow.format.Extension;
import io.rawcow.format.SidecarHeader;
import io.rawcow.image.ImageInspector;
import io.rawcow.image.NamedFile;
import io.rawcow.image.OwedWrites;
import io.rawcow.posix.FileStatus;
import io.rawcow.posix.PosixException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
        name = "info",
        description = "Show what an image is made of.",
        footer = {"  rawcow info vm.raw-cow", "  rawcow info --output=json vm.raw-cow | jq '.\"format-specific\".data'"
        })
final class InfoCommand extends InspectionCommand {
    @Parameters(paramLabel = "FILE", description = "The sidecar, or a raw file without one.")
    private String file = "";

    @Override
    int run() throws BlockException, PosixException, CommandFailure {
        String name = require(file);
        try (Workspace workspace = Workspace.open();
                var image = ImageInspector.open(workspace.roots(), workspace.locate(name), live(), format())) {
            if (wantsJson()) {
                out().println(Json.write(json(name, image)));
            } else {
                human(name, image);
            }
        }
        return ExitCode.OK;
    }

    private static long actualSize(ImageInspector image) {
        return image.status().allocatedBytes()
                + image.raw()
                        .map(NamedFile::status)
                        .map(FileStatus::allocatedBytes)
                        .orElse(0L);
    }

    // ---- for programs

    private static Map<String, Object> json(String name, ImageInspector image) {
        var info = new LinkedHashMap<String, Object>();
        info.put("virtual-size", image.sizeBytes());
        info.put("filename", name);
        image.header().ifPresent(header -> info.put("cluster-size", header.sectorSize()));
        info.put("format", image.format().word());
        info.put("actual-size", actualSize(image));
        image.header()
                .ifPresent(header ->
                        info.put("format-specific", Map.of("type", "raw-cow", "data", specific(header, image))));
        image.backing().ifPresent(backing -> {
            info.put("full-backing-filename", backing.path());
            info.put("backing-filename", backing.name());
            info.put("backing-filename-format", formatOf(image));
        });
        info.put("dirty-flag", image.isDirty());
        return info;
    }

    private static String formatOf(ImageInspector image) {
        return image.extension().map(Extension::backingFormat).orElse("raw");
    }

    private static Map<String, Object> specific(SidecarHeader header, ImageInspector image) {
        var data = new LinkedHashMap<String, Object>();
        data.put("version", SidecarHeader.VERSION);
        image.extension().ifPresent(extension -> data.put("uuid", extension.uuid()));
        data.put("state", image.state().word());
        data.put("in-use", image.isInUse());
        data.put("unsaved-writes", image.owedWrites().state().word());
        data.put("raw-file", header.rawFile());
        image.raw().ifPresent(raw -> putRaw(data, raw));
        data.put("sidecar-actual-size", image.status().allocatedBytes());
        data.put("sector-size", header.sectorSize());
        data.put("bitmap-offset", SidecarHeader.BYTES);
        data.put("total-sectors", header.geometry().sectorCount());
        data.put("allocated-sectors", image.sectorsAllocated());
        data.put("all-allocated", image.sectorsAllocated() == header.geometry().sectorCount());
        data.put("percent", percent(header, image));
        pinnedTime(header, image).ifPresent(time -> data.put("backing-mtime", time));
        image.isBackingAsPinned().ifPresent(same -> data.put("backing-as-pinned", same));
        image.backing().map(NamedFile::fault).ifPresent(fault -> data.put("backing-error", fault.getMessage()));
        return data;
    }

    private static void putRaw(Map<String, Object> data, NamedFile raw) {
        data.put("full-raw-filename", raw.path());
        FileStatus status = raw.status();
        if (status != null) {
            data.put("raw-file-size", status.size());
            data.put("raw-file-actual-size", status.allocatedBytes());
        } else if (raw.fault() != null) {
            data.put("raw-file-error", raw.fault().getMessage());
        }
    }

    /** Rounded down, so that 100 means all. */
    private static double percent(SidecarHeader header, ImageInspector image) {
        return Math.floor(
                        10_000.0 * image.sectorsAllocated() / header.geometry().sectorCount())
                / 100;
    }

    private static Optional<String> pinnedTime(SidecarHeader header, ImageInspector image) {
        Long nanos = image.extension().map(Extension::backingMtimeNanos).orElse(null);
        if (nanos != null) {
            return Optional.of(
                    Instant.ofEpochSecond(Math.floorDiv(nanos, 1_000_000_000L), Math.floorMod(nanos, 1_000_000_000L))
                            .toString());
        }
        return header.mtime() == 0
                ? Optional.empty()
                : Optional.of(Instant.ofEpochSecond(Integer.toUnsignedLong(header.mtime()))
                        .toString());
    }

    // ---- for people

    private void human(String name, ImageInspector image) {
        line("", "image", name);
        line("", "file format", image.format().word());
        line("", "virtual size", sizes(image.sizeBytes()));
        line("", "disk size", ByteSize.words(actualSize(image)));
        image.header().ifPresent(header -> line("", "cluster_size", header.sectorSize()));
        image.backing().ifPresent(backing -> {
            line("", "backing file", named(backing));
            line("", "backing file format", formatOf(image));
        });
        image.header().ifPresent(header -> specificLines(header, image));
    }

    private void specificLines(SidecarHeader header, ImageInspector image) {
        out().println("Format specific information:");
        line("    ", "version", SidecarHeader.VERSION);
        image.extension().ifPresent(extension -> line("    ", "uuid", extension.uuid()));
        line("    ", "state", image.state().word());
        line("    ", "in-use", image.isInUse() ? "true (saved bits are shown)" : "false");
        image.raw().ifPresent(raw -> {
            line("    ", "raw file", named(raw));
            FileStatus status = raw.status();
            if (status != null) {
                line("    ", "raw file size", sizes(status.size()));
                line("    ", "raw file disk size", ByteSize.words(status.allocatedBytes()));
            }
        });
        line(
                "    ",
                "allocated sectors",
                String.format(
                        Locale.ROOT,
                        "%d of %d (%.2f%%)",
                        image.sectorsAllocated(),
                        header.geometry().sectorCount(),
                        percent(header, image)));
        pinnedTime(header, image).ifPresent(time -> line("    ", "backing mtime", time));
        image.isBackingAsPinned()
                .filter(same -> !same)
                .ifPresent(_ -> line("    ", "backing changed", "true (size or time differ from what was pinned)"));
        if (image.isDirty() && !image.isInUse()) {
            line("    ", "dirty", "true (" + dirty(image.owedWrites()) + ")");
        }
    }

    private static String dirty(OwedWrites owed) {
        return switch (owed.state()) {
            case NONE -> "it was not closed cleanly";
            case KEPT -> "its service has died; opening it finds all that was answered";
            case LOST -> "its service has died, and answered writes are lost: " + owed.why();
            case POWER_LOST -> "its machine was restarted; the saved bits count";
        };
    }

    private static String named(NamedFile named) {
        String path = named.name().equals(named.path()) ? "" : " (actual path: " + named.path() + ")";
        return named.name() + path + (named.fault() == null ? "" : " (cannot be opened)");
    }

    private static String sizes(long bytes) {
        return "%s (%d bytes)".formatted(ByteSize.words(bytes), bytes);
    }

    private void line(String indent, String name, Object value) {
        out().println(indent + name + ": " + value);
    }
}
