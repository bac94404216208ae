package io.rawcow.cli;

import io.rawcow.block.BlockException;
import io.rawcow.posix.PosixException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What every command has. */
@Command(
        synopsisHeading = "Usage: ",
        optionListHeading = "%nOptions:%n",
        parameterListHeading = "%nArguments:%n",
        footerHeading = "%nExamples:%n",
        sortOptions = false)
abstract class ImageCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            order = 100,
            description = "Show this help and exit.")
    final void help(boolean asked) {}

    @Override
    public final Integer call() throws BlockException, PosixException, CommandFailure {
        return run();
    }

    /** @return what to exit with */
    abstract int run() throws BlockException, PosixException, CommandFailure;

    final PrintWriter out() {
        return spec.commandLine().getOut();
    }

    final PrintWriter err() {
        return spec.commandLine().getErr();
    }

    final CommandSpec spec() {
        return spec;
    }

    /** What was asked for, which qemu-img does not default either. */
    static String require(@org.jspecify.annotations.Nullable String file) throws CommandFailure {
        if (file == null || file.isEmpty()) {
            throw CommandFailure.usage("Expecting image file name");
        }
        return file;
    }
}
