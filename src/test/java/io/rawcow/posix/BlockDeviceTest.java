package io.rawcow.posix;

import static io.rawcow.posix.PosixFolderTest.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.RandomAccessFile;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A loop device; skipped where there are none to be had. */
class BlockDeviceTest {
    private static final long MIB = 1L << 20;

    @TempDir
    Path temp;

    private String device = "";
    private PosixFolder devices;

    @BeforeEach
    void attach() throws Exception {
        devices = PosixFolder.open("/dev");
        try (var disk = new RandomAccessFile(temp.resolve("disk").toFile(), "rw")) {
            disk.setLength(8 * MIB);
        }
        device = ChildJvm.run("losetup", "--find", "--show", temp + "/disk");
        assumeTrue(device.startsWith("/dev/loop"), "no loop device");
    }

    @AfterEach
    void detach() throws Exception {
        devices.close();
        if (device.startsWith("/dev/loop")) {
            ChildJvm.run("losetup", "--detach", device);
        }
    }

    private String name() {
        return device.substring("/dev/".length());
    }

    @Test
    void statusTellsTheCapacity() throws Exception {
        try (OpenFile disk = devices.open(name(), Access.READ)) {
            FileStatus status = disk.status();

            assertThat(status.isDevice()).isTrue();
            assertThat(status.size()).isEqualTo(8 * MIB);
            assertThat(status.allocatedBytes()).isZero();
            assertThat(status.identity().device()).isZero();
            assertThat(devices.status(name())).contains(status);
        }
    }

    @Test
    void anotherNodeIsTheSameDisk() throws Exception {
        String minor = device.replaceAll("\\D", "");
        assumeTrue(!ChildJvm.run("mknod", temp + "/node", "b", "7", minor).isEmpty(), "no device nodes here");
        try (PosixFolder folder = PosixFolder.open(temp.toString());
                OpenFile disk = devices.open(name(), Access.READ)) {
            FileStatus node = folder.status("node").orElseThrow();

            assertThat(node.identity()).isEqualTo(disk.status().identity());
        }
    }

    @Test
    void bytesGoInAndOutAndEndAtTheCapacity() throws Exception {
        try (OpenFile disk = devices.open(name(), Access.READ_WRITE)) {
            disk.write(8 * MIB - 5, Bytes.of("hello"));
            disk.dataSync();

            assertThat(Bytes.text(disk, 8 * MIB - 5, 100)).isEqualTo("hello");
            assertRefused(Errno.ENOSPC, () -> disk.write(8 * MIB - 2, Bytes.of("hello")));
            assertRefused(Errno.EINVAL, () -> disk.nextData(0));
        }
    }

    @Test
    void zeroedAndPunchedBytesAreZero() throws Exception {
        try (OpenFile disk = devices.open(name(), Access.READ_WRITE)) {
            disk.write(0, Bytes.filled((int) MIB, 'x'));
            try {
                disk.punchHole(0, MIB / 2);
            } catch (PosixException refused) {
                assumeTrue(refused.errno() != Errno.EOPNOTSUPP, "this device cannot punch");
                throw refused;
            }
            disk.zeroRange(MIB / 2, MIB / 2);

            assertThat(Bytes.read(disk, 0, (int) MIB)).containsOnly(0);
        }
    }

    @Test
    void aWriterClaimsTheDevice() throws Exception {
        try (OpenFile writer = devices.open(name(), Access.READ_WRITE)) {
            assertRefused(Errno.EBUSY, () -> devices.open(name(), Access.READ_WRITE));
            devices.open(name(), Access.READ).close();
            String named = LockHolders.describe(writer.status().identity());
            assertThat(named)
                    .contains("this process (pid %d)"
                            .formatted(ProcessHandle.current().pid()));
        }
        devices.open(name(), Access.READ_WRITE).close();
    }

    @Test
    void locksOfDescriptionsWorkOnDevices() throws Exception {
        try (OpenFile first = devices.open(name(), Access.READ_WRITE);
                OpenFile second = devices.open(name(), Access.READ)) {
            assertThat(first.tryLock(LockMode.EXCLUSIVE, 100, 1)).isTrue();
            assertThat(second.tryLock(LockMode.SHARED, 100, 1)).isFalse();
        }
    }
}
