package io.rawcow.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.cli.Cli.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RebaseCommandTest {
    @TempDir
    Path folder;

    @BeforeEach
    void createAnImageAndMoveItsBacking() throws IOException {
        Files.write(folder.resolve("base.img"), new byte[10_000]);
        Cli.run("create", "-b", "base.img", path("vm.raw-cow"));
        Files.createDirectory(folder.resolve("store"));
        Files.move(folder.resolve("base.img"), folder.resolve("store/moved.img"));
    }

    private String path(String name) {
        return folder.resolve(name).toString();
    }

    @Test
    void theMovedBackingIsFoundAgain() {
        assertThat(Cli.run("check", path("vm.raw-cow")).code()).isEqualTo(2);

        Result result = Cli.run("rebase", "-u", "-b", "store/moved.img", "-F", "raw", path("vm.raw-cow"));

        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.out()).isEqualTo("Image rebased: '" + path("vm.raw-cow") + "' is over 'store/moved.img'\n");
        assertThat(Cli.run("check", path("vm.raw-cow")).code()).isZero();
        assertThat(Cli.run("info", path("vm.raw-cow")).out()).contains("backing file: store/moved.img");
        assertThat(Cli.run("stream", path("vm.raw-cow")).code()).isZero();
        assertThat(folder.resolve("vm.img")).hasBinaryContent(new byte[10_000]);
    }

    @Test
    void onlyTheUnsafeKindThereIs() {
        assertThat(Cli.run("rebase", "-b", "store/moved.img", path("vm.raw-cow"))
                        .err())
                .contains("Only -u is supported", "Try 'rawcow rebase --help'");
        assertThat(Cli.run("rebase", "-u", path("vm.raw-cow")).err()).contains("-b BACKING");
        assertThat(Cli.run("rebase", "-u", "-b", "", path("vm.raw-cow")).err())
                .contains("To go on: ", "rawcow stream " + path("vm.raw-cow"));
    }

    @Test
    void anotherFileIsRefused() throws Exception {
        Files.write(folder.resolve("other.img"), new byte[10_001]);

        Result result = Cli.run("rebase", "-u", "-b", "other.img", path("vm.raw-cow"));

        assertThat(result.code()).isEqualTo(1);
        assertThat(result.err()).contains("it was changed since the image was made", "--accept-backing-change");
    }
}
