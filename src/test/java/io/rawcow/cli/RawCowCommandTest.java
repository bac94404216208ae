package io.rawcow.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.cli.Cli.Result;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The frame around the commands. */
class RawCowCommandTest {

    @Command(name = "extra")
    private static final class Broken implements Runnable {
        @Override
        public void run() {
            throw new IllegalStateException("a bug");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"create", "info", "map", "measure", "check", "stream", "rebase", "jobs", "watch", "completion"})
    void everyCommandHasHelpWithExamples(String command) {
        Result result = Cli.run(command, "--help");

        assertThat(result.code()).isZero();
        assertThat(result.err()).isEmpty();
        assertThat(result.out()).startsWith("Usage: rawcow " + command).contains("Examples:", "  rawcow " + command);
        assertThat(Cli.run("help", command).out()).isEqualTo(result.out());
        assertThat(Cli.run("--help").out()).contains("  " + command + " ");
    }

    @Test
    void versionAndHelpSucceed() {
        assertThat(Cli.run("--version").out()).startsWith("rawcow ");
        assertThat(Cli.run("-h").code()).isZero();
    }

    @Test
    void aWrongCallFailsOnStandardError() {
        assertThat(Cli.run().err())
                .isEqualTo("rawcow: Not enough arguments\nTry 'rawcow --help' for more information\n");
        assertThat(Cli.run("frob").err())
                .isEqualTo("rawcow: Command not found: frob\nTry 'rawcow --help' for more information\n");
        assertThat(Cli.run("info").err())
                .isEqualTo("rawcow: Expecting image file name\nTry 'rawcow info --help' for more information\n");
        assertThat(Cli.run("map", "--output=xml", "/x").code()).isEqualTo(1);
        assertThat(Cli.run("map", "-o").code()).isEqualTo(1);
        assertThat(Cli.run("map", "-f", "qcow2", "/x").err()).contains("Unknown image format 'qcow2'");
    }

    @Test
    void aBugOfOursIsNoStackTrace() {
        var err = new StringWriter();

        int code = RawCowCommand.build(new Broken())
                .setErr(new PrintWriter(err, true))
                .execute("extra");

        assertThat(code).isEqualTo(1);
        assertThat(err.toString())
                .startsWith("rawcow: internal error: ")
                .contains("a bug")
                .doesNotContain("\tat ");
    }

    @Test
    void commandsOfTheCallerReportAsOursDo() {
        var err = new StringWriter();

        RawCowCommand.build(new Broken()).setErr(new PrintWriter(err, true)).execute("extra", "--bogus");

        assertThat(err.toString()).startsWith("rawcow: unrecognized option '--bogus'\nTry 'rawcow extra --help'");
    }

    @Test
    void anAnswerThatCannotBeWrittenIsAFailure() {
        CommandLine line = RawCowCommand.build().setOut(new PrintWriter(new Writer() {
            @Override
            public void write(char[] letters, int offset, int length) throws java.io.IOException {
                throw new java.io.IOException("No space left on device");
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        }));

        assertThat(line.execute("measure", "--size", "1M")).isEqualTo(1);
    }

    @Test
    void namesWithAnAtSignAreNames() {
        assertThat(Cli.run("info", "/@nothing").err()).contains("/@nothing");
    }

    @Test
    void completionIsAScriptForBash() {
        assertThat(Cli.run("completion").out()).contains("complete -F _complete_rawcow", "stream");
    }
}
