package io.rawcow.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DescriptorTest {
    @TempDir
    Path temp;

    private PosixFolder folder;
    private String path;
    private Descriptor descriptor;

    @BeforeEach
    void open() throws Exception {
        folder = PosixFolder.open(temp.toString());
        try (OpenFile file = folder.create("disk.raw", 0600)) {
            path = file.path();
        }
        descriptor = new Descriptor(LibC.openat(Flags.AT_FDCWD, path, Flags.O_RDWR | Flags.O_CLOEXEC, 0), path);
    }

    @AfterEach
    void close() {
        descriptor.close(_ -> {});
        folder.close();
    }

    @Test
    void closeWaitsForTheUseUnderWay() throws Exception {
        int number = descriptor.enter("test");
        descriptor.close(_ -> {});
        descriptor.close(_ -> {});

        assertThat(ProcPaths.pathOf(number)).isEqualTo(path);

        descriptor.leave();
        assertThat(openDescriptorsOf(path)).isZero();
    }

    @Test
    void nothingBeginsAfterClose() throws Exception {
        descriptor.enter("test");
        descriptor.close(_ -> {});

        assertThat(descriptor.isClosed()).isTrue();
        assertThatExceptionOfType(PosixException.class)
                .isThrownBy(() -> descriptor.enter("read"))
                .withMessage("cannot read: Bad file descriptor: path=" + path);
        descriptor.leave();
    }

    @Test
    void locksAreReleasedWhileAUseIsUnderWay() throws Exception {
        OpenFile file = new PosixFile(descriptor);
        file.tryLock(LockMode.EXCLUSIVE, 100, 1);
        descriptor.enter("test");

        file.close();

        try (OpenFile other = folder.open("disk.raw", Access.READ_WRITE)) {
            assertThat(other.tryLock(LockMode.EXCLUSIVE, 100, 1)).isTrue();
        }
        descriptor.leave();
    }

    @Test
    void aLockThatMeetsACloseIsNotKept() throws Exception {
        AtomicInteger turn = new AtomicInteger();
        AtomicReference<OpenFile> current = new AtomicReference<>();
        Thread closer = Thread.ofPlatform().daemon().start(() -> closeEachTurn(turn, current));
        try (OpenFile other = folder.open("disk.raw", Access.READ_WRITE)) {
            for (int round = 1; round <= 5000; round++) {
                var raced = new Descriptor(LibC.openat(Flags.AT_FDCWD, path, Flags.O_RDWR | Flags.O_CLOEXEC, 0), path);
                OpenFile file = new PosixFile(raced);
                current.set(file);
                raced.enter("another use, which keeps the description open");

                turn.set(round);
                Thread.onSpinWait();
                try {
                    file.tryLock(LockMode.EXCLUSIVE, 100, 1);
                } catch (PosixException refused) {
                    assertThat(refused.errno()).isEqualTo(Errno.EBADF);
                }

                while (turn.get() != -round) {
                    Thread.onSpinWait();
                }
                assertThat(other.wouldConflict(LockMode.EXCLUSIVE, 100, 1)).isFalse();
                raced.leave();
            }
        } finally {
            turn.set(Integer.MAX_VALUE);
            closer.join();
        }
    }

    private static void closeEachTurn(AtomicInteger turn, AtomicReference<OpenFile> current) {
        int now = turn.get();
        while (now != Integer.MAX_VALUE) {
            if (now > 0) {
                current.get().close();
                turn.set(-now);
            }
            Thread.onSpinWait();
            now = turn.get();
        }
    }

    @Test
    void readsThatMeetACloseNeverSeeAnotherFile() throws Exception {
        try (OpenFile mine = folder.open("disk.raw", Access.READ_WRITE);
                OpenFile other = folder.create("other.raw", 0600)) {
            mine.write(0, Bytes.filled(4096, 'm'));
            other.write(0, Bytes.filled(4096, 'o'));
        }
        AtomicReference<OpenFile> current = new AtomicReference<>(folder.open("disk.raw", Access.READ));
        AtomicBoolean done = new AtomicBoolean();

        try (var readers = Executors.newFixedThreadPool(3)) {
            List<Future<?>> results = new ArrayList<>();
            for (int reader = 0; reader < 3; reader++) {
                results.add(readers.submit(() -> readUntil(done, current)));
            }
            for (int round = 0; round < 2000; round++) {
                current.getAndSet(folder.open("disk.raw", Access.READ)).close();
                // Takes the number that has just become free, if it has.
                try (OpenFile first = folder.open("other.raw", Access.READ);
                        OpenFile second = folder.open("other.raw", Access.READ)) {
                    assertThat(Bytes.text(first, 0, 1) + Bytes.text(second, 0, 1))
                            .isEqualTo("oo");
                }
            }
            done.set(true);
            for (Future<?> result : results) {
                result.get();
            }
        }
        current.get().close();
        descriptor.close(_ -> {});
        assertThat(openDescriptorsOf(path)).isZero();
    }

    private static long readUntil(AtomicBoolean done, AtomicReference<OpenFile> current) throws PosixException {
        long reads = 0;
        while (!done.get()) {
            try {
                assertThat(Bytes.read(current.get(), 0, 4096)).hasSize(4096).containsOnly('m');
                reads++;
            } catch (PosixException refused) {
                assertThat(refused.errno()).isEqualTo(Errno.EBADF);
            }
        }
        return reads;
    }

    private static long openDescriptorsOf(String path) throws PosixException {
        long count = 0;
        try (PosixFolder own = PosixFolder.open("/proc/self/fd")) {
            for (String number : own.list()) {
                try {
                    count += ProcPaths.pathOf(Integer.parseInt(number)).equals(path) ? 1 : 0;
                } catch (PosixException _) {
                    // The listing's own, which is closed by now.
                }
            }
        }
        return count;
    }
}
