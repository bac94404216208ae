package io.rawcow.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.rawcow.posix.User;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A file system that is mounted again may have been changed in between, by somebody who left every device and inode
 * number as it was. Skipped where nothing can be mounted.
 */
class RemountTest {
    @TempDir
    Path temp;

    private Path mountPoint;

    private void mount() throws Exception {
        Tool.run(temp, "mount", "-o", "loop", "disk", mountPoint.toString()).succeeded();
    }

    private void unmount() throws Exception {
        Tool.run(temp, "umount", mountPoint.toString()).succeeded();
    }

    @AfterEach
    void cleanUp() throws Exception {
        if (mountPoint != null) {
            var _ = Tool.run(temp, "umount", "--lazy", mountPoint.toString());
        }
    }

    @ParameterizedTest
    @CsvSource({"mkfs.ext4 -q, 64", "mkfs.xfs -q, 320", "mkfs.btrfs -q, 256"})
    void whatWasMountedAgainIsNotBelieved(String makeFileSystem, long mebibytes) throws Exception {
        assumeTrue(User.effectiveId() == 0, "only root can mount");
        try (var disk = new RandomAccessFile(temp.resolve("disk").toFile(), "rw")) {
            disk.setLength(mebibytes << 20);
        }
        Tool.run(temp, "sh", "-c", "PATH=$PATH:/usr/sbin:/sbin " + makeFileSystem + " disk")
                .succeeded();
        mountPoint = Files.createDirectory(temp.resolve("mnt"));
        mount();
        var lab = new LiveLab(mountPoint.toRealPath());
        lab.die();
        lab.assertAllThere();
        lab.die();
        Object inode = Files.getAttribute(lab.path("a.img"), "unix:ino");
        lab.close();
        unmount();

        mount();

        assertThat(Files.getAttribute(lab.path("a.img"), "unix:ino")).isEqualTo(inode);
        var again = lab.reopened();
        again.assertLost("its live file belongs to other files: expected sidecar ");
        again.close();
        unmount();
    }
}
