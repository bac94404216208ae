package io.rawcow.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.cli.Cli.Result;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A rebase that is killed at a system call leaves the old image or the new one, and can be repeated. */
class RebaseKillIT {
    @TempDir
    Path folder;

    @BeforeEach
    void createAnImageAndMoveItsBacking() throws Exception {
        Files.write(folder.resolve("base.img"), new byte[100_000]);
        Cli.run("create", "-q", "-b", "base.img", path("vm.raw-cow"));
        Files.createDirectory(folder.resolve("store"));
        Files.move(folder.resolve("base.img"), folder.resolve("store/moved.img"));
    }

    private String path(String name) {
        return folder.resolve(name).toString();
    }

    private Result rebase(String... tracer) throws Exception {
        List<String> command = new ArrayList<>(List.of(tracer));
        command.addAll(Cli.command("rebase", "-u", "-b", "store/moved.img", "-F", "raw", "vm.raw-cow"));
        return Cli.end(Cli.start(folder, command));
    }

    private String backing() {
        return Cli.run("info", path("vm.raw-cow")).lines().stream()
                .filter(line -> line.startsWith("backing file: "))
                .findFirst()
                .orElseThrow();
    }

    @ParameterizedTest
    @CsvSource({
        "ftruncate, 1, old",
        "pwrite64, 1, old",
        "pwrite64, 2, old",
        "fdatasync, 2, old",
        "fchmod, 1, old",
        "fsync, 1, old",
        "/renameat2?$, 1, old",
        "fsync, 2, new"
    })
    void killed(String call, int when, String left) throws Exception {
        List<String> tracer = new ArrayList<>(List.of("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + call));
        if (!call.startsWith("/rename")) { // whose names are relative to a folder: no path is seen
            for (String path : List.of(path(".vm.raw-cow.rebasing"), folder.toString(), path("vm.img"))) {
                tracer.addAll(List.of("-P", path));
            }
        }
        tracer.addAll(List.of("-e", "inject=%s:signal=KILL:when=%d".formatted(call, when)));

        Result killed = rebase(tracer.toArray(new String[0]));

        assertThat(killed.code()).as(killed.toString()).isNotZero();
        assertThat(backing()).contains(left.equals("old") ? "backing file: base.img" : "backing file: store/moved.img");
        assertThat(rebase().code()).isZero();
        assertThat(Cli.run("check", path("vm.raw-cow")).lines().getFirst()).startsWith("No errors");
        assertThat(folder.resolve(".vm.raw-cow.rebasing")).doesNotExist();
    }

    @Test
    void refusedByTheDiskItLeavesTheOldImage() throws Exception {
        byte[] before = Files.readAllBytes(folder.resolve("vm.raw-cow"));

        Result refused = rebase(
                "strace",
                "-f",
                "-qq",
                "-o",
                "/dev/null",
                "-e",
                "trace=pwrite64",
                "-P",
                path(".vm.raw-cow.rebasing"),
                "-e",
                "inject=pwrite64:error=ENOSPC:when=2");

        assertThat(refused.code()).isEqualTo(1);
        assertThat(refused.err()).contains("No space left on device");
        assertThat(folder.resolve("vm.raw-cow")).hasBinaryContent(before);
        assertThat(folder.resolve(".vm.raw-cow.rebasing")).doesNotExist();
    }
}
