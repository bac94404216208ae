package io.rawcow.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PosixFileTest {
    private static final long MIB = 1L << 20;
    private static final long GIB = 1L << 30;

    @TempDir
    Path temp;

    private PosixFolder folder;
    private OpenFile file;

    @BeforeEach
    void create() throws Exception {
        folder = PosixFolder.open(temp.toString());
        file = folder.create("disk.raw", 0600);
    }

    @AfterEach
    void close() {
        file.close();
        folder.close();
    }

    @Test
    void whatIsMappedIsTheFile() throws Exception {
        file.allocate(0, 8192);
        try (Arena arena = Arena.ofShared()) {
            MemorySegment mapped = file.map(8192, arena);
            mapped.set(java.lang.foreign.ValueLayout.JAVA_BYTE, 5000, (byte) 7);

            assertThat(Files.readAllBytes(temp.resolve("disk.raw"))[5000]).isEqualTo((byte) 7);
            file.write(1, arena.allocate(1).fill((byte) 9));
            assertThat(mapped.get(java.lang.foreign.ValueLayout.JAVA_BYTE, 1)).isEqualTo((byte) 9);
        }
        assertThat(Files.readString(Path.of("/proc/self/maps"))).doesNotContain(file.path());
    }

    @Test
    void statusTellsOwnerPermissionsAndBirth() throws Exception {
        FileStatus status = file.status();

        assertThat(status.owner()).isEqualTo(User.effectiveId());
        assertThat(status.permissions()).isEqualTo(0600);
        assertThat(status.links()).isOne();
        // Where the file system tells it at all.
        assertThat(status.birthNanos()).isIn(0L, status.mtimeNanos());
    }

    @Test
    void filesOfOneFileSystemAreOfOneRunOfIt() throws Exception {
        try (OpenFile other = folder.create("other", 0600);
                PosixFolder memory = PosixFolder.open("/dev/shm")) {
            assertThat(file.fileSystem()).isNotEmpty().isEqualTo(other.fileSystem());
            assertThat(memory.isInMemory()).isTrue();
            assertThat(folder.isInMemory()).isFalse();
        }
    }

    @Test
    void takesTheOwnerAndThePermissionsOfAnother() throws Exception {
        Path pattern = Files.createFile(temp.resolve("pattern"));
        Files.setPosixFilePermissions(pattern, PosixFilePermissions.fromString("rw-rw----"));
        boolean root = "root".equals(System.getProperty("user.name"));
        if (root) {
            Files.setAttribute(pattern, "unix:uid", 1234);
            Files.setAttribute(pattern, "unix:gid", 2345);
        }

        try (PosixFolder folder = PosixFolder.open(temp.toString());
                OpenFile like = folder.open("pattern", Access.READ);
                OpenFile made = folder.create("made", 0600)) {
            made.takeOwnershipOf(like);
        }

        assertThat(Files.readAttributes(temp.resolve("made"), "unix:uid,gid,permissions"))
                .isEqualTo(Files.readAttributes(pattern, "unix:uid,gid,permissions"));
    }

    @Test
    void readReturnsWhatWasWritten() throws Exception {
        file.write(5, Bytes.of("hello"));

        assertThat(Bytes.text(file, 5, 5)).isEqualTo("hello");
        assertThat(Bytes.text(file, 0, 7)).isEqualTo("\0\0\0\0\0he");
    }

    @Test
    void readEndsWhereTheFileEnds() throws Exception {
        file.write(0, Bytes.of("hello"));

        assertThat(Bytes.text(file, 3, 100)).isEqualTo("lo");
        assertThat(Bytes.text(file, 5, 100)).isEmpty();
        assertThat(Bytes.text(file, 4096, 100)).isEmpty();
    }

    @Test
    void bytesBehindFourGibibytesAreReached() throws Exception {
        file.write(5 * GIB + 3, Bytes.of("far"));

        assertThat(Bytes.text(file, 5 * GIB + 3, 3)).isEqualTo("far");
        assertThat(file.status().size()).isEqualTo(5 * GIB + 6);
    }

    @Test
    void nothingToMoveMovesNothing() throws Exception {
        file.write(100, Bytes.of(""));

        assertThat(file.read(100, Bytes.of(""))).isZero();
        assertThat(file.status().size()).isZero();
    }

    @Test
    void onlyNativeSegmentsAreTaken() {
        MemorySegment heap = MemorySegment.ofArray(new byte[16]);

        assertThatIllegalArgumentException().isThrownBy(() -> file.write(0, heap));
        assertThatIllegalArgumentException().isThrownBy(() -> file.read(0, heap));
    }

    @Test
    void nothingIsReadIntoReadOnlySegments() {
        MemorySegment readOnly = Bytes.of("constant").asReadOnly();

        assertThatIllegalArgumentException().isThrownBy(() -> file.read(0, readOnly));
    }

    @Test
    void refusedCallsSayWhatWasRefusedAndWhy() throws Exception {
        try (OpenFile readOnly = folder.open("disk.raw", Access.READ)) {
            assertThatExceptionOfType(PosixException.class)
                    .isThrownBy(() -> readOnly.write(0, Bytes.of("x")))
                    .withMessage("cannot write: Bad file descriptor: path=" + temp.toRealPath() + "/disk.raw")
                    .satisfies(refused -> assertThat(refused.errno()).isEqualTo(Errno.EBADF));
        }
        assertThatExceptionOfType(PosixException.class)
                .isThrownBy(() -> file.read(-1, Bytes.of("x")))
                .satisfies(refused -> assertThat(refused.errno()).isEqualTo(Errno.EINVAL));
    }

    @Test
    void truncateCutsAndExtends() throws Exception {
        file.write(0, Bytes.of("hello"));

        file.truncate(2);
        file.truncate(4);

        assertThat(Bytes.text(file, 0, 100)).isEqualTo("he\0\0");
    }

    @Test
    void dataAndHolesAreFound() throws Exception {
        file.truncate(4 * MIB);
        file.write(MIB, Bytes.filled((int) MIB, 'x'));

        assertThat(file.nextData(0)).isEqualTo(MIB);
        assertThat(file.nextData(MIB + 5)).isEqualTo(MIB + 5);
        assertThat(file.nextHole(0)).isZero();
        assertThat(file.nextHole(MIB)).isEqualTo(2 * MIB);
        assertThat(file.nextData(2 * MIB)).isEqualTo(-1);
        assertThat(file.nextData(4 * MIB)).isEqualTo(-1);
        assertThat(file.nextHole(4 * MIB)).isEqualTo(4 * MIB);
    }

    @Test
    void theEndOfTheFileCountsAsAHole() throws Exception {
        file.write(0, Bytes.filled((int) MIB, 'x'));

        assertThat(file.nextHole(0)).isEqualTo(MIB);
    }

    @Test
    void punchedBytesAreZeroAndTakeNoSpace() throws Exception {
        file.write(0, Bytes.filled((int) MIB, 'x'));
        file.sync();
        long before = file.status().allocatedBytes();

        file.punchHole(0, MIB - 1);

        assertThat(Bytes.read(file, 0, (int) MIB - 1)).containsOnly(0);
        assertThat(Bytes.text(file, MIB - 1, 10)).isEqualTo("x");
        assertThat(file.status().allocatedBytes()).isLessThan(before);
    }

    @Test
    void punchingReachesBehindOneGibibyteAndKeepsTheSize() throws Exception {
        file.truncate(3 * GIB);
        file.write(2 * GIB + MIB, Bytes.of("far"));

        file.punchHole(1, 4 * GIB);

        assertThat(file.nextData(0)).isEqualTo(-1);
        assertThat(file.status().size()).isEqualTo(3 * GIB);
    }

    @Test
    void zeroedBytesAreZeroAndKeepTheirSpaceAndTheSize() throws Exception {
        file.write(0, Bytes.filled((int) MIB, 'x'));
        file.sync();
        long before = file.status().allocatedBytes();

        try {
            file.zeroRange(1, 2 * MIB);
        } catch (PosixException refused) {
            assumeTrue(refused.errno() != Errno.EOPNOTSUPP, "this file system cannot zero ranges");
            throw refused;
        }

        assertThat(Bytes.text(file, 0, 1)).isEqualTo("x");
        assertThat(Bytes.read(file, 1, (int) MIB)).hasSize((int) MIB - 1).containsOnly(0);
        assertThat(file.status().allocatedBytes()).isGreaterThanOrEqualTo(before);
    }

    @Test
    void allocatedBytesAreReservedAndKeepWhatWasThere() throws Exception {
        file.write(0, Bytes.of("kept"));

        file.allocate(0, MIB);

        assertThat(file.status().size()).isEqualTo(MIB);
        assertThat(file.status().allocatedBytes()).isGreaterThanOrEqualTo(MIB);
        assertThat(Bytes.text(file, 0, 5)).isEqualTo("kept\0");
    }

    @Test
    void emptyRangesChangeNothing() throws Exception {
        file.write(0, Bytes.of("kept"));

        file.punchHole(0, 0);
        file.zeroRange(0, 0);
        file.allocate(0, 0);

        assertThat(Bytes.text(file, 0, 10)).isEqualTo("kept");
        assertThatIllegalArgumentException().isThrownBy(() -> file.punchHole(0, -1));
        assertThatIllegalArgumentException().isThrownBy(() -> file.allocate(-1, 1));
    }

    @Test
    void syncsAndHintsGoThrough() throws Exception {
        file.write(0, Bytes.filled((int) MIB, 'x'));

        file.startWriteback(0, MIB);
        file.startWriteback(0, 0);
        file.startWriteback(-1, 1);
        file.dataSync();
        file.sync();

        file.close();
        file.startWriteback(0, MIB);
    }

    @Test
    void statusTellsTypeTimeAndIdentity() throws Exception {
        long beforeNanos = TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis() - 5000);
        try (OpenFile other = folder.create("other.raw", 0600);
                OpenFile again = folder.open("disk.raw", Access.READ)) {
            FileStatus status = file.status();

            assertThat(status.type()).isEqualTo(FileType.REGULAR);
            assertThat(status.isDevice()).isFalse();
            assertThat(status.links()).isOne();
            assertThat(status.mtimeNanos()).isBetween(beforeNanos, beforeNanos + TimeUnit.SECONDS.toNanos(60));
            assertThat(again.status()).isEqualTo(status);
            assertThat(other.status().identity()).isNotEqualTo(status.identity());
        }
    }

    @Test
    void anonymousMemoryIsZeroAndPageAlignedAndCanBeWritten() throws Exception {
        file.write(0, Bytes.of("hello"));
        try (Arena arena = Arena.ofShared()) {
            MemorySegment memory = Memory.anonymous(64 * GIB / 1024 + 1, arena);

            assertThat(memory.byteSize()).isEqualTo(64 * MIB + 1);
            assertThat(memory.address() % Memory.pageSize()).isZero();
            assertThat(memory.get(java.lang.foreign.ValueLayout.JAVA_BYTE, 64 * MIB))
                    .isZero();
            assertThat(file.read(0, memory.asSlice(MIB))).isEqualTo(5);
            assertThat(memory.getString(MIB)).isEqualTo("hello");
        }
    }

    @Test
    void anonymousMemoryGoesWithItsArena() throws Exception {
        long address;
        try (Arena arena = Arena.ofConfined()) {
            address = Memory.anonymous(16 * MIB, arena).address();
        }

        String range = Long.toHexString(address) + "-" + Long.toHexString(address + 16 * MIB);
        assertThat(Path.of("/proc/self/maps")).content().doesNotContain(range);
        assertThatIllegalArgumentException().isThrownBy(() -> Memory.anonymous(0, Arena.global()));
        assertThatExceptionOfType(OutOfMemoryError.class)
                .isThrownBy(() -> Memory.anonymous(Long.MAX_VALUE, Arena.global()))
                .withMessageStartingWith("cannot map memory: Cannot allocate memory");
    }
}
