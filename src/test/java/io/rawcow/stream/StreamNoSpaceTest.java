package io.rawcow.stream;

import static io.rawcow.stream.StreamLab.BASE;
import static io.rawcow.stream.StreamLab.MIB;
import static io.rawcow.stream.StreamLab.SECTOR;
import static io.rawcow.stream.StreamLab.SOON;
import static io.rawcow.stream.StreamLab.readAll;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.rawcow.image.ImageCreator;
import io.rawcow.image.ImageSpec;
import io.rawcow.image.LiveImage;
import io.rawcow.image.Preallocation;
import io.rawcow.testing.QuickTempDir;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A raw file on a file system that is too small for it; skipped where nothing can be mounted. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StreamNoSpaceTest {
    @TempDir(factory = QuickTempDir.class)
    Path temp;

    private StreamLab lab;
    private boolean mounted;

    @BeforeEach
    void mount() throws Exception {
        lab = new StreamLab(temp);
        Files.createDirectory(temp.resolve("small"));
        mounted = run("mount", "-t", "tmpfs", "-o", "size=2m", "none", temp + "/small");
        assumeTrue(mounted, "no mounts here");
    }

    @AfterEach
    void unmount() throws Exception {
        lab.close();
        if (mounted) {
            assertThat(run("umount", temp + "/small")).isTrue();
        }
    }

    private static boolean run(String... command) throws InterruptedException {
        try {
            return new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException _) {
            return false;
        }
    }

    @Test
    void aFullFileSystemPausesTheJobUntilThereIsSpace() throws Exception {
        byte[] expected = lab.backing(6 * MIB);
        ImageCreator.create(
                lab.roots(),
                new ImageSpec(
                        lab.roots().locate("a.raw-cow"),
                        BASE,
                        "raw",
                        "small/a.img",
                        null,
                        SECTOR,
                        Preallocation.OFF,
                        false,
                        true));
        LiveImage image = lab.reopen("a");
        StreamJob job = lab.job(image, StreamOptions.DEFAULT);
        StreamRunner runner = lab.started(job);
        job.awaitRest(SOON);

        assertThat(job.status()).isEqualTo(JobStatus.PAUSED);
        assertThat(job.snapshot().ioStatus()).isEqualTo(IoStatus.NOSPACE);
        assertThat(job.snapshot().error().errno()).isEqualTo("ENOSPC");
        assertThat(job.snapshot().error().operation()).isEqualTo("write");
        assertThat(job.snapshot().currentProgress()).isBetween(MIB + 0L, 2L * MIB);
        assertThat(readAll(image)).isEqualTo(expected);

        assertThat(run("mount", "-o", "remount,size=16m", temp + "/small")).isTrue();
        job.resume();
        runner.start();
        job.awaitRest(SOON);
        assertThat(job.snapshot().error()).isNull();
        assertThat(lab.bytes("small/a.img")).isEqualTo(expected);
        image.close();
    }
}
