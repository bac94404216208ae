package io.rawcow.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.Selector;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LockTest {
    @TempDir
    Path temp;

    private PosixFolder folder;
    private OpenFile file;
    private OpenFile other;

    @BeforeEach
    void open() throws Exception {
        folder = PosixFolder.open(temp.toString());
        file = folder.create("disk.raw", 0600);
        other = folder.open("disk.raw", Access.READ_WRITE);
    }

    @AfterEach
    void close() {
        other.close();
        file.close();
        folder.close();
    }

    @Test
    void exclusiveLockKeepsEveryOtherOut() throws Exception {
        assertThat(file.tryLock(LockMode.EXCLUSIVE, 100, 1)).isTrue();

        assertThat(other.tryLock(LockMode.EXCLUSIVE, 100, 1)).isFalse();
        assertThat(other.tryLock(LockMode.SHARED, 100, 1)).isFalse();
        assertThat(other.wouldConflict(LockMode.SHARED, 100, 1)).isTrue();
        assertThat(other.tryLock(LockMode.EXCLUSIVE, 101, 1)).isTrue();
    }

    @Test
    void sharedLocksKeepOnlyExclusiveOnesOut() throws Exception {
        assertThat(file.tryLock(LockMode.SHARED, 100, 1)).isTrue();
        assertThat(other.tryLock(LockMode.SHARED, 100, 1)).isTrue();

        assertThat(other.wouldConflict(LockMode.SHARED, 100, 1)).isFalse();
        assertThat(other.wouldConflict(LockMode.EXCLUSIVE, 100, 1)).isTrue();
        assertThat(other.tryLock(LockMode.EXCLUSIVE, 100, 1)).isFalse();
    }

    @Test
    void ownLocksDoNotConflict() throws Exception {
        assertThat(file.tryLock(LockMode.SHARED, 100, 4)).isTrue();

        assertThat(file.wouldConflict(LockMode.EXCLUSIVE, 100, 4)).isFalse();
        assertThat(file.tryLock(LockMode.EXCLUSIVE, 101, 1)).isTrue();
    }

    @Test
    void unlockGivesBackTheseBytesOnly() throws Exception {
        file.tryLock(LockMode.EXCLUSIVE, 100, 4);

        file.unlock(101, 1);

        assertThat(other.wouldConflict(LockMode.SHARED, 100, 1)).isTrue();
        assertThat(other.wouldConflict(LockMode.SHARED, 101, 1)).isFalse();
        assertThat(other.wouldConflict(LockMode.SHARED, 102, 2)).isTrue();
    }

    @Test
    void lengthZeroReachesToTheEndWhereverThatIs() throws Exception {
        file.tryLock(LockMode.EXCLUSIVE, 10, 0);

        assertThat(other.wouldConflict(LockMode.SHARED, 9, 1)).isFalse();
        assertThat(other.wouldConflict(LockMode.SHARED, 1L << 50, 1)).isTrue();
    }

    @Test
    void closingOneDescriptionKeepsTheLocksOfAnother() throws Exception {
        file.tryLock(LockMode.EXCLUSIVE, 100, 1);

        folder.open("disk.raw", Access.READ_WRITE).close();

        assertThat(other.wouldConflict(LockMode.SHARED, 100, 1)).isTrue();
    }

    @Test
    void closeReleasesAll() throws Exception {
        file.tryLock(LockMode.EXCLUSIVE, 100, 1);
        file.tryLock(LockMode.SHARED, 203, 1);

        file.close();

        assertThat(other.tryLock(LockMode.EXCLUSIVE, 0, 0)).isTrue();
    }

    @Test
    void exclusiveLockNeedsAFileOpenForWriting() throws Exception {
        try (OpenFile readOnly = folder.open("disk.raw", Access.READ)) {
            assertThat(readOnly.tryLock(LockMode.SHARED, 100, 1)).isTrue();
            assertThatExceptionOfType(PosixException.class)
                    .isThrownBy(() -> readOnly.tryLock(LockMode.EXCLUSIVE, 101, 1))
                    .satisfies(refused -> assertThat(refused.errno()).isEqualTo(Errno.EBADF));
        }
    }

    @Test
    void locksOfTheJavaLibraryConflictByteForByte() throws Exception {
        try (var channel = FileChannel.open(temp.resolve("disk.raw"), StandardOpenOption.WRITE);
                var _ = channel.lock(100, 2, false)) {
            assertThat(file.tryLock(LockMode.SHARED, 101, 1)).isFalse();
            assertThat(file.wouldConflict(LockMode.SHARED, 100, 1)).isTrue();
            assertThat(file.tryLock(LockMode.EXCLUSIVE, 102, 1)).isTrue();
            assertThat(file.tryLock(LockMode.EXCLUSIVE, 99, 1)).isTrue();
        }
    }

    @Test
    void holderInAnotherProcessIsNamedAndItsDeathReleases() throws Exception {
        Process holder = ChildJvm.of(Holder.class, temp.toString()).start();
        try (var lines = holder.inputReader()) {
            assertThat(lines.readLine()).isEqualTo("locked");

            assertThat(file.tryLock(LockMode.SHARED, 100, 1)).isFalse();
            assertThat(LockHolders.describe(file.status().identity())).isEqualTo("pid %d (java)", holder.pid());
        } finally {
            holder.destroyForcibly().waitFor();
        }
        assertThat(file.tryLock(LockMode.EXCLUSIVE, 100, 1)).isTrue();
    }

    /** Locks a byte of disk.raw and waits to be killed. */
    static final class Holder {
        private Holder() {}

        public static void main(String[] arguments) throws IOException {
            try (PosixFolder folder = PosixFolder.open(arguments[0]);
                    OpenFile file = folder.open("disk.raw", Access.READ_WRITE)) {
                file.tryLock(LockMode.EXCLUSIVE, 100, 1);
                System.out.println("locked");
                System.in.read();
            }
        }
    }

    @Test
    void holderInThisProcessIsNamed() throws Exception {
        file.tryLock(LockMode.EXCLUSIVE, 100, 1);

        String named = LockHolders.describe(other.status().identity());

        assertThat(named)
                .isEqualTo("this process (pid %d)", ProcessHandle.current().pid());
    }

    @Test
    void descriptorsOfNoFileAreNotInTheWay() throws Exception {
        try (Selector selector = Selector.open()) { // an epoll and an eventfd: inodes without a type
            assertThat(selector.isOpen()).isTrue();

            assertThat(LockHolders.describe(file.status().identity())).isEqualTo("another process");
        }
    }

    @Test
    void nobodyIsNamedWithoutReason() throws Exception {
        assertThat(LockHolders.describe(file.status().identity())).isEqualTo("another process");
    }
}
