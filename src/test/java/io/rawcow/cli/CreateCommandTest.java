package io.rawcow.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.cli.Cli.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What create takes, makes, prints and refuses. */
class CreateCommandTest {
    @TempDir
    Path folder;

    @BeforeEach
    void makeABacking() throws IOException {
        Files.write(folder.resolve("base.img"), new byte[10_000]);
    }

    private String path(String name) {
        return folder.resolve(name).toString();
    }

    private List<String> names() throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private void assertFails(Result result, String... words) throws IOException {
        assertThat(result.code()).as(result.toString()).isEqualTo(1);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).startsWith("rawcow: ").contains(words).doesNotContain("\tat ", "Exception");
        assertThat(names()).containsExactly("base.img");
    }

    @Test
    void printsQemuImgsLineAndMakesTheFiles() throws Exception {
        Result result = Cli.run("create", "-f", "raw-cow", "-b", "base.img", "-F", "raw", path("vm.raw-cow"));

        assertThat(result)
                .isEqualTo(new Result(
                        0,
                        "Formatting '" + path("vm.raw-cow")
                                + "', fmt=raw-cow size=10000 backing_file=base.img backing_fmt=raw"
                                + " raw_file=vm.img sectorsize=4096\n",
                        ""));
        assertThat(names()).containsExactly("base.img", "vm.img", "vm.raw-cow");
    }

    @Test
    void optionsMayStandAnywhereAndBeSaidByKeys() throws Exception {
        Result result = Cli.run(
                "create",
                path("vm.raw-cow"),
                "-o",
                "raw_file=a,,b.img,sectorsize=512",
                "20k",
                "-o",
                "backing_file=base.img,preallocation=falloc");

        assertThat(result.out())
                .endsWith("fmt=raw-cow size=20480 backing_file=base.img backing_fmt=raw"
                        + " raw_file=a,,b.img sectorsize=512 preallocation=falloc\n");
        assertThat(folder.resolve("a,b.img")).hasSize(20_480);
    }

    @Test
    void quietSaysNothing() {
        assertThat(Cli.run("create", "-q", path("vm.raw-cow"), "1M")).isEqualTo(new Result(0, "", ""));
    }

    @Test
    void unsafeDoesNotLookAtTheBacking() throws Exception {
        Result without = Cli.run("create", "-b", "nowhere.img", path("vm.raw-cow"), "1M");
        assertFails(without, "cannot open backing: No such file or directory", "nowhere.img");

        Result result = Cli.run("create", "-u", "-b", "nowhere.img", path("vm.raw-cow"), "1M");
        assertThat(result.code()).as(result.err()).isZero();
    }

    @Test
    void unsafeNeedsASize() throws Exception {
        assertFails(Cli.run("create", "-u", "-b", "base.img", path("vm.raw-cow")), "no size was given");
    }

    @Test
    void helpOnOptionsNeedsNoFile() {
        Result result = Cli.run("create", "-o", "help");

        assertThat(result.code()).isZero();
        assertThat(result.out())
                .contains("backing_file", "backing_fmt", "raw_file", "sectorsize", "size", "preallocation");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "-o foo=1|Invalid parameter 'foo'",
                "-o size=1Q|Invalid image size specified",
                "-o sectorsize=1000|sectorsize must be a power of two",
                "-o preallocation=metadata|metadata",
                "-b base.img -o backing_file=other.img|-b and -o backing_file say different things",
                "-F raw -o backing_fmt=qcow2|-F and -o backing_fmt say different things",
                "-o size=1M 2M|SIZE and -o size say different things",
                "--bogus|unrecognized option '--bogus'",
                "1M 2M|unexpected argument '2M'",
                "-f qcow2 1M|Unknown file format 'qcow2'",
            })
    void wrongCallsAreExplained(String arguments, String words) throws Exception {
        String[] all = Stream.concat(Stream.of("create", path("vm.raw-cow")), Stream.of(arguments.split(" ")))
                .toArray(String[]::new);

        assertFails(Cli.run(all), words);
    }

    @Test
    void usageErrorsSayWhereTheHelpIs() throws Exception {
        assertFails(Cli.run("create"), "Expecting image file name", "Try 'rawcow create --help' for more information");
        assertFails(Cli.run("create", "--bogus"), "Try 'rawcow create --help' for more information");
    }

    @Test
    void theNameOfTheRawFileIsGuessedFromOneSuffixOnly() throws Exception {
        assertFails(Cli.run("create", path("vm.img"), "1M"), "its raw file needs a name too", "-o raw_file=NAME");
        assertFails(Cli.run("create", path(".raw-cow"), "1M"), "-o raw_file=NAME");
    }

    @Test
    void aRawFileThatExistsIsNeverTouched() throws Exception {
        Files.writeString(folder.resolve("vm.img"), "precious");

        Result result = Cli.run("create", path("vm.raw-cow"), "1M");

        assertThat(result.code()).isEqualTo(1);
        assertThat(result.err()).contains("it exists, and may be a finished disk", "To go on: ");
        assertThat(folder.resolve("vm.img")).hasContent("precious");
        assertThat(names()).containsExactly("base.img", "vm.img");
    }

    @Test
    void anEmptyRawFileIsTakenWhenAsked() throws Exception {
        Files.createFile(folder.resolve("vm.img"));

        Result result = Cli.run("create", "--reuse-raw-file", path("vm.raw-cow"), "1M");

        assertThat(result.code()).as(result.err()).isZero();
        assertThat(folder.resolve("vm.img")).hasSize(1 << 20);
    }

    @Test
    void aQcow2BackingIsAnsweredWithTheLineThatConvertsIt() throws Exception {
        Files.write(folder.resolve("base.img"), new byte[] {'Q', 'F', 'I', (byte) 0xfb, 0, 0, 0, 3});

        assertFails(
                Cli.run("create", "-b", "base.img", path("vm.raw-cow"), "1M"),
                "it begins like a qcow2 image and no format was given",
                "-F raw");
        assertFails(
                Cli.run("create", "-b", "base.img", "-F", "qcow2", path("vm.raw-cow"), "1M"),
                "qemu-img convert -f qcow2 -O raw base.img base.raw");
        assertThat(Cli.run("create", "-b", "base.img", "-F", "raw", path("vm.raw-cow"), "1M")
                        .code())
                .isZero();
    }

    @Test
    void aFolderThatIsNotThere() throws Exception {
        assertFails(Cli.run("create", path("no/vm.raw-cow"), "1M"), "No such file or directory");
    }
}
