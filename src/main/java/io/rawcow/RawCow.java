package io.rawcow;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Entry point of the command line and of the service. */
public final class RawCow {
    private RawCow() {}

    @Command(
            name = "rawcow",
            description = "Live block streaming for raw disk images.",
            subcommands = {ServeCommand.class, DemoCommand.class})
    private static final class Root {}

    /** Runs a command and ends the process with its exit code. */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Root()).execute(arguments));
    }
}
