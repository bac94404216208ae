package io.rawcow.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rawcow.posix.Access;
import io.rawcow.posix.Errno;
import io.rawcow.posix.FileType;
import io.rawcow.posix.Folder;
import io.rawcow.posix.LockMode;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.PosixException;
import io.rawcow.testing.Operation.Kind;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The disk that the crash tests believe in. */
class SimulatedDiskTest {
    private static final int NOTHING = 0;
    private static final int EVERYTHING = 1;
    private static final int EVERYTHING_BUT_TIMES = 2;

    private final SimulatedDisk disk = new SimulatedDisk();
    private final Folder root = disk.root();

    private SimulatedDisk cut(int choice) {
        return disk.cut(Survival.of(choice, 7));
    }

    private static MemorySegment filled(int length, int value) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return Arena.ofAuto().allocate(length).copyFrom(MemorySegment.ofArray(bytes));
    }

    private OpenFile synced(String name, int length, int value) throws PosixException {
        OpenFile file = root.create(name, 0600);
        file.write(0, filled(length, value));
        file.sync();
        root.sync();
        return file;
    }

    @Test
    void aSyncedFileMayLoseItsNameUntilItsFolderIsSynced() throws PosixException {
        OpenFile file = root.create("a", 0600);
        file.write(0, filled(10, 1));
        file.sync();
        assertThat(cut(NOTHING).exists("a")).isFalse();
        assertThat(cut(EVERYTHING).exists("a")).isTrue();
        root.sync();
        assertThat(cut(NOTHING).bytes("a")).hasSize(10).containsOnly(1);
    }

    @Test
    void aNameWithoutASyncOfItsFileLeadsToAnEmptyOne() throws PosixException {
        OpenFile file = root.create("a", 0600);
        file.write(0, filled(10, 1));
        root.sync();
        assertThat(cut(NOTHING).bytes("a")).isEmpty();
        file.dataSync();
        assertThat(cut(NOTHING).bytes("a")).hasSize(10);
    }

    @Test
    void eachSectorComesBackAsItOnceWasAndAsNothingElse() throws PosixException {
        OpenFile file = synced("a", 1024, 1);
        file.write(0, filled(1024, 2));
        file.write(100, filled(600, 3));
        Set<String> found = new HashSet<>();
        for (int choice = 0; choice < 200; choice++) {
            byte[] bytes = cut(choice).bytes("a");
            // The first sector was 1…1, 2…2, 2…3…3; the second 1…1, 2…2, 3…2.
            found.add("%d%d %d%d".formatted(bytes[0], bytes[511], bytes[512], bytes[1023]));
            assertThat(bytes).hasSize(1024);
        }
        assertThat(found)
                .containsExactlyInAnyOrder(
                        "11 11", "11 22", "11 32", "22 11", "22 22", "22 32", "23 11", "23 22", "23 32");
    }

    @Test
    void onlyAFullSyncCoversTheTime() throws PosixException {
        OpenFile file = synced("a", 10, 1);
        long before = file.status().mtimeNanos();
        file.write(0, filled(10, 2));
        file.dataSync();
        assertThat(cut(EVERYTHING_BUT_TIMES).mtime("a")).isEqualTo(before);
        assertThat(cut(EVERYTHING).mtime("a")).isGreaterThan(before);
        file.sync();
        assertThat(cut(NOTHING).mtime("a")).isGreaterThan(before);
    }

    @Test
    void aRenameIsThereOrNotAndNeverHalf() throws PosixException {
        synced("a", 10, 1);
        synced("b", 20, 2);
        root.rename("a", "b");
        boolean renamed = false;
        boolean not = false;
        for (int choice = 0; choice < 40; choice++) {
            SimulatedDisk left = cut(choice);
            if (left.exists("a")) {
                not = true;
                assertThat(left.bytes("b")).hasSize(20);
            } else {
                renamed = true;
                assertThat(left.bytes("b")).hasSize(10);
            }
        }
        assertThat(renamed && not).isTrue();
    }

    @Test
    void aKillKeepsThePageCacheAndDropsLocksAndHandles() throws PosixException {
        OpenFile file = synced("a", 10, 1);
        assertThat(file.tryLock(LockMode.EXCLUSIVE, 0, 0)).isTrue();
        file.write(0, filled(10, 2));
        SimulatedDisk next = disk.kill();
        assertThat(next.bytes("a")).containsOnly(2);
        assertThat(next.cut(Survival.of(NOTHING, 1)).bytes("a")).containsOnly(1);
        OpenFile again = next.root().open("a", Access.READ_WRITE);
        assertThat(again.tryLock(LockMode.EXCLUSIVE, 0, 0)).isTrue();
        assertThatThrownBy(() -> file.write(0, filled(1, 3)))
                .isInstanceOfSatisfying(
                        PosixException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EBADF));
    }

    @Test
    void locksBelongToHandles() throws PosixException {
        OpenFile one = synced("a", 10, 1);
        OpenFile other = root.open("a", Access.READ_WRITE);
        assertThat(one.tryLock(LockMode.SHARED, 100, 1)).isTrue();
        assertThat(one.wouldConflict(LockMode.EXCLUSIVE, 100, 1)).isFalse();
        assertThat(other.tryLock(LockMode.SHARED, 100, 1)).isTrue();
        assertThat(one.wouldConflict(LockMode.EXCLUSIVE, 100, 1)).isTrue();
        assertThat(one.tryLock(LockMode.EXCLUSIVE, 0, 0)).isFalse();
        other.close();
        assertThat(one.tryLock(LockMode.EXCLUSIVE, 0, 0)).isTrue();
    }

    @Test
    void whatAFailedSyncLostIsNotWrittenByALaterOne() throws PosixException {
        OpenFile file = synced("a", 1024, 1);
        disk.setFaults(Faults.failing(Kind.DATA_SYNC, "a", 1, 1, Errno.EIO));
        file.write(0, filled(1024, 2));
        assertThatThrownBy(file::dataSync).isInstanceOf(PosixException.class);
        file.write(512, filled(512, 3));
        file.dataSync();
        assertThat(disk.bytes("a")).startsWith(2).endsWith(3);
        assertThat(cut(EVERYTHING).bytes("a")).startsWith(1).endsWith(3);
    }

    @Test
    void aFailedWriteLeavesHalfOfItsSectors() throws PosixException {
        OpenFile file = synced("a", 2048, 1);
        disk.setFaults(Faults.failing(Kind.WRITE, "a", 1, 1, Errno.ENOSPC));
        assertThatThrownBy(() -> file.write(0, filled(2048, 2))).isInstanceOf(PosixException.class);
        assertThat(Arrays.copyOf(disk.bytes("a"), 1024)).containsOnly(2);
        assertThat(Arrays.copyOfRange(disk.bytes("a"), 1024, 2048)).containsOnly(1);
    }

    @Test
    void holesReservedSpaceAndDataAreTold() throws PosixException {
        OpenFile file = synced("a", 4 * 4096, 1);
        file.punchHole(4096, 4096);
        file.zeroRange(8192, 100);
        assertThat(file.nextHole(0)).isEqualTo(4096);
        assertThat(file.nextData(4096)).isEqualTo(8192);
        assertThat(file.status().allocatedBytes()).isEqualTo(3 * 4096);
        file.zeroRange(8192, 4096);
        assertThat(file.nextData(4096)).isEqualTo(3 * 4096);
        assertThat(file.status().allocatedBytes()).isEqualTo(3 * 4096);
        assertThat(Arrays.copyOfRange(disk.bytes("a"), 4096, 3 * 4096)).containsOnly(0);
        assertThat(cut(NOTHING).bytes("a")).containsOnly(1);
    }

    @Test
    void aDeviceKeepsItsSizeAndKnowsNoHoles() throws PosixException {
        disk.place("disk0", FileType.BLOCK_DEVICE, new byte[1000]);
        OpenFile file = root.open("disk0", Access.READ_WRITE);
        assertThat(file.status().isDevice()).isTrue();
        assertThatThrownBy(() -> file.nextData(0)).isInstanceOf(PosixException.class);
        assertThatThrownBy(() -> file.write(990, filled(20, 1))).isInstanceOf(PosixException.class);
    }
}
