package io.rawcow.cli;

import io.rawcow.block.BlockException;
import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** How commands tell that they failed: a line that says what and why, one that says what to do, never a stack trace. */
final class Reports {
    private Reports() {}

    /** A command could not be made out. */
    static int wrongCall(ParameterException failure, String[] arguments) {
        CommandLine command = failure.getCommandLine();
        say(command.getErr(), words(failure), null);
        sayHowToCall(command);
        return ExitCode.FAILED;
    }

    private static String words(ParameterException failure) {
        if (failure instanceof UnmatchedArgumentException unmatched
                && !unmatched.getUnmatched().isEmpty()) {
            String first = unmatched.getUnmatched().getFirst();
            if (unmatched.isUnknownOption()) {
                return "unrecognized option '%s'".formatted(first);
            }
            boolean isRoot = unmatched.getCommandLine().getParent() == null;
            return isRoot ? "Command not found: " + first : "unexpected argument '%s'".formatted(first);
        }
        if (failure instanceof MissingParameterException missing
                && missing.getMissing().stream().anyMatch(ArgSpec::isPositional)) {
            return "Expecting image file name";
        }
        return String.valueOf(failure.getMessage());
    }

    private static void sayHowToCall(CommandLine command) {
        command.getErr()
                .println("Try '%s --help' for more information"
                        .formatted(command.getCommandSpec().qualifiedName()));
        command.getErr().flush();
    }

    /** A command failed. */
    static int failed(Exception failure, CommandLine command, CommandLine.ParseResult parsed) {
        PrintWriter err = command.getErr();
        command.getOut().flush();
        switch (failure) {
            case BlockException fault -> say(err, message(fault), fault.action());
            case CommandFailure own -> {
                say(err, message(own), own.action());
                if (own.isUsage()) {
                    sayHowToCall(command);
                }
            }
            case java.io.IOException world -> say(err, message(world), null);
            default ->
                say(
                        err,
                        "internal error: " + failure,
                        "please report this with what was called; nothing that was saved is lost");
        }
        return ExitCode.FAILED;
    }

    private static String message(Exception failure) {
        return String.valueOf(failure.getMessage());
    }

    private static void say(PrintWriter err, String message, @Nullable String action) {
        err.println("rawcow: " + message);
        if (action != null) {
            err.println("To go on: " + action);
        }
        err.flush();
    }
}
