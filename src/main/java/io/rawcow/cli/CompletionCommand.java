package io.rawcow.cli;

import picocli.AutoComplete;
import picocli.CommandLine.Command;

@Command(
        name = "completion",
        description = "Print a completion script for bash and zsh.",
        footer = {"  source <(rawcow completion)", "  rawcow completion > /etc/bash_completion.d/rawcow"})
final class CompletionCommand extends ImageCommand {
    @Override
    int run() {
        var root = spec().root();
        out().print(AutoComplete.bash(root.name(), root.commandLine()));
        return ExitCode.OK;
    }
}
