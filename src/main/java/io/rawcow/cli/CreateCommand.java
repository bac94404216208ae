package io.rawcow.cli;

import io.rawcow.block.BlockException;
import io.rawcow.format.SidecarHeader;
import io.rawcow.format.StoredName;
import io.rawcow.image.ImageCreator;
import io.rawcow.image.ImageSpec;
import io.rawcow.image.Preallocation;
import io.rawcow.posix.PosixException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "create",
        description = {
            "Create a raw image over a backing: FILE, its sidecar, and the raw file where all data ends up.",
            "Takes milliseconds, whatever the size. Names of backing and raw file are relative to FILE's folder and "
                    + "stored as given. SIZE: bytes, or with k, M, G, T, P, E; by default the backing's."
        },
        footer = {
            "  rawcow create -b ubuntu.img -F raw vm.raw-cow",
            "  rawcow create -b ubuntu.img -o raw_file=/dev/vg/vm,size=20G --reuse-raw-file vm.raw-cow",
            "  rawcow create -o help"
        })
final class CreateCommand extends ImageCommand {
    private static final String FORMAT = "raw-cow";
    private static final String SUFFIX = ".raw-cow";

    @Option(names = "-f", paramLabel = "FMT", defaultValue = FORMAT, description = "Format to create: raw-cow.")
    private String format = FORMAT;

    @Option(names = "-b", paramLabel = "BACKING", description = "The image below, as -o backing_file.")
    private @Nullable String backing;

    @Option(names = "-F", paramLabel = "FMT", description = "The format of BACKING, as -o backing_fmt: raw.")
    private @Nullable String backingFormat;

    @Option(names = "-o", paramLabel = "KEY=VALUE,...", description = "Options of the format; -o help lists them.")
    private String @Nullable [] options;

    @Option(names = "-u", description = "Do not open BACKING: SIZE is needed then, and nothing is pinned.")
    private boolean unsafe;

    @Option(
            names = "--reuse-raw-file",
            description = "Take a raw file that exists: a block device, or a file without data.")
    private boolean reuseRawFile;

    @Option(names = "-q", description = "Print errors only.")
    private boolean quiet;

    @Parameters(index = "0", arity = "0..1", paramLabel = "FILE", description = "The sidecar to create.")
    private @Nullable String file;

    @Parameters(index = "1", arity = "0..1", paramLabel = "SIZE", description = "Virtual size of the disk.")
    private @Nullable String size;

    @Override
    int run() throws BlockException, PosixException, CommandFailure {
        if (!format.equals(FORMAT)) {
            throw new CommandFailure(
                    "Unknown file format '%s'".formatted(format), "this one creates raw-cow; use qemu-img for others");
        }
        CreateOptions given = CreateOptions.parse(options);
        if (given.wantsHelp()) {
            out().println(CreateOptions.HELP);
            return ExitCode.OK;
        }
        String name = require(file);
        Preallocation preallocation = given.preallocation();
        String backingName = given.merged("-b", backing, "backing_file");
        if (backingName != null && backingName.isEmpty()) {
            throw CommandFailure.usage("Expecting a name of the backing file");
        }
        try (Workspace workspace = Workspace.open()) {
            var spec = new ImageSpec(
                    workspace.locate(name),
                    backingName,
                    given.merged("-F", backingFormat, "backing_fmt"),
                    rawName(name, given),
                    size(given),
                    given.sectorSize(),
                    preallocation,
                    reuseRawFile,
                    !unsafe);
            SidecarHeader header = ImageCreator.create(workspace.roots(), spec);
            if (!quiet) {
                out().println(summary(name, header, preallocation));
            }
        }
        return ExitCode.OK;
    }

    private @Nullable Long size(CreateOptions given) throws CommandFailure {
        String text = given.get("size");
        Long own = size == null ? null : (Long) ByteSize.parse("image size", size);
        Long other = text == null ? null : (Long) ByteSize.parse("image size", text);
        if (own != null && other != null && !own.equals(other)) {
            throw CommandFailure.usage("SIZE and -o size say different things: '%s' and '%s'".formatted(size, text));
        }
        return own != null ? own : other;
    }

    private static String rawName(String file, CreateOptions given) throws CommandFailure {
        String name = given.get("raw_file");
        if (name != null) {
            return name;
        }
        String last = file.substring(file.lastIndexOf('/') + 1);
        if (last.endsWith(SUFFIX) && last.length() > SUFFIX.length()) {
            return last.substring(0, last.length() - SUFFIX.length()) + ".img";
        }
        throw new CommandFailure(
                "'%s' is the sidecar; its raw file needs a name too".formatted(file),
                "say -o raw_file=NAME, or name the sidecar NAME.raw-cow for a raw file NAME.img");
    }

    /** The line that qemu-img prints. */
    private static String summary(String name, SidecarHeader header, Preallocation preallocation) {
        var line = new StringBuilder("Formatting '%s', fmt=%s size=%d".formatted(name, FORMAT, header.size()));
        if (!header.backingFile().isEmpty()) {
            StoredName stored = StoredName.parse(header.backingFile());
            line.append(" backing_file=%s backing_fmt=%s".formatted(escaped(stored.name()), stored.format()));
        }
        line.append(" raw_file=%s sectorsize=%d".formatted(escaped(header.rawFile()), header.sectorSize()));
        if (preallocation != Preallocation.OFF) {
            line.append(" preallocation=").append(preallocation.name().toLowerCase(Locale.ROOT));
        }
        return line.toString();
    }

    private static String escaped(String value) {
        return value.replace(",", ",,");
    }
}
