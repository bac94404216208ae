package io.rawcow.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The root of the command line. */
@Command(
        name = "rawcow",
        description = "Live block streaming for raw disk images.",
        synopsisHeading = "Usage: ",
        commandListHeading = "%nCommands:%n",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  rawcow create -b ubuntu.img -F raw vm.raw-cow   vm.img over ubuntu.img",
            "  rawcow info vm.raw-cow                          what it is made of",
            "  rawcow stream vm.raw-cow                        make vm.img whole",
            "  rawcow watch                                    what a running service is doing",
            "",
            "'rawcow COMMAND --help' tells more of each."
        },
        versionProvider = RawCowCommand.Version.class,
        subcommands = {
            CreateCommand.class,
            InfoCommand.class,
            MapCommand.class,
            MeasureCommand.class,
            CheckCommand.class,
            StreamCommand.class,
            RebaseCommand.class,
            JobsCommand.class,
            WatchCommand.class,
            CompletionCommand.class
        })
public final class RawCowCommand implements Runnable {

    /** The version in the jar's manifest. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = RawCowCommand.class.getPackage().getImplementationVersion();
            return new String[] {"rawcow " + (version == null ? "(unpackaged)" : version)};
        }
    }

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help and exit.")
    void help(boolean asked) {}

    @Option(
            names = {"-V", "--version"},
            versionHelp = true,
            description = "Show the version and exit.")
    void version(boolean asked) {}

    /**
     * The whole command line; {@code execute} answers the exit code.
     *
     * @param more commands of the caller, annotated with their names
     */
    public static CommandLine build(Object... more) {
        var line = new CommandLine(new RawCowCommand());
        for (Object command : more) {
            line.addSubcommand(command);
        }
        line.addSubcommand(new CommandLine.HelpCommand());
        return line.setExpandAtFiles(false)
                .setOut(utf8(FileDescriptor.out))
                .setErr(utf8(FileDescriptor.err))
                .setParameterExceptionHandler(Reports::wrongCall)
                .setExecutionExceptionHandler(Reports::failed)
                .setExecutionStrategy(RawCowCommand::execute);
    }

    /** Whatever the locale: JSON is UTF-8, and so are the names of files. */
    private static PrintWriter utf8(FileDescriptor descriptor) {
        return new PrintWriter(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
    }

    private static int execute(CommandLine.ParseResult parsed) {
        int code = new CommandLine.RunLast().execute(parsed);
        PrintWriter out = parsed.commandSpec().commandLine().getOut();
        // A caller that gets half an answer must not take it for the whole one.
        return out.checkError() && code == ExitCode.OK ? ExitCode.FAILED : code;
    }

    /** Called without a command. */
    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Not enough arguments");
    }
}
