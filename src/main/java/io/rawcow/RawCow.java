package io.rawcow;

import io.rawcow.cli.RawCowCommand;

/** Entry point of the command line and of the service. */
public final class RawCow {
    private RawCow() {}

    /** Runs a command and ends the process with its exit code. */
    public static void main(String[] arguments) {
        System.exit(RawCowCommand.build(new ServeCommand(), new DemoCommand()).execute(arguments));
    }
}
