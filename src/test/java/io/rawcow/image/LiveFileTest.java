package io.rawcow.image;

import static io.rawcow.image.LiveLab.ACCEPT_LOSS;
import static io.rawcow.image.LiveLab.SECTOR;
import static io.rawcow.image.LiveLab.SIZE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.rawcow.block.ByteRange;
import io.rawcow.block.FaultKind;
import io.rawcow.block.Zeroing;
import io.rawcow.format.Extension;
import io.rawcow.format.Sidecar;
import io.rawcow.posix.Errno;
import io.rawcow.posix.PosixException;
import io.rawcow.posix.PosixFolder;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What outlives a service that dies, and what is believed of it afterwards. */
class LiveFileTest {
    @TempDir
    Path temp;

    private LiveLab lab;

    @BeforeEach
    void create() throws Exception {
        lab = new LiveLab(temp.toRealPath());
    }

    private Extension extension() throws IOException {
        try (Sidecar sidecar = lab.files().sidecar("a.raw-cow")) {
            return sidecar.extension();
        }
    }

    // ---- what is there

    @ParameterizedTest
    @ValueSource(longs = {1 << 20, 8192, 0}) // memory for all; for a header; for nothing
    void whatWasAnsweredIsThereThoughItWasNotFlushed(long budget) throws Exception {
        LiveImage image = lab.open(budget);
        lab.write(image, 3);
        lab.write(image, 7 * SECTOR + 100, 2 * SECTOR, 9); // parts of sectors
        image.zero(new ByteRange(20 * SECTOR + 1, SECTOR), Zeroing.PUNCH);
        Arrays.fill(lab.expected(), 20 * SECTOR + 1, 21 * SECTOR + 1, (byte) 0);
        image.trim(new ByteRange(30 * SECTOR - 5, 2 * SECTOR));
        Arrays.fill(lab.expected(), 30 * SECTOR, 31 * SECTOR, (byte) 0);
        image.flush();
        lab.write(image, 63);
        lab.write(image, 3 * SECTOR + 5, 10, 77); // of a sector that was there
        image.abandon();

        lab.assertAllThere();
    }

    @Test
    void itIsThereAfterOneDeathUponAnother() throws Exception {
        for (int sector = 0; sector < 20; sector++) {
            LiveImage image = lab.open();
            assertThat(ImageFiles.read(image)).isEqualTo(lab.expected());
            lab.write(image, sector);
            image.abandon();
            assertThat(lab.liveFiles()).hasSize(1);
        }

        lab.assertAllThere();
    }

    @Test
    void anAdoptedImageOwesItsGuestWithoutAnotherMark() throws Exception {
        lab.die();
        String before = extension().dirty().nonce();

        LiveImage image = lab.open();

        String now = extension().dirty().nonce();
        assertThat(now).isNotEqualTo(before);
        assertThat(lab.liveFile().getFileName().toString()).startsWith(now + ".");
        image.close();
        assertThat(extension().dirty()).isNull();
        assertThat(extension().clean()).isNotNull();
    }

    @Test
    void whoMakesNoLiveFilesAdoptsThem() throws Exception {
        lab.die();

        try (LiveImage image = lab.open(0)) {
            assertThat(ImageFiles.read(image)).isEqualTo(lab.expected());
            assertThat(extension().dirty()).isNull();
            assertThat(lab.liveFiles()).isEmpty();
        }
    }

    @Test
    void aTrimmedRangeStaysSo() throws Exception {
        LiveImage image = lab.open();
        image.trim(new ByteRange(SECTOR / 2, 4 * SECTOR));
        Arrays.fill(lab.expected(), SECTOR, 4 * SECTOR, (byte) 0);
        assertThat(ImageFiles.read(image)).isEqualTo(lab.expected());
        image.flush();
        image.abandon();

        image = lab.open();
        assertThat(image.hydrate(new ByteRange(0, 8 * SECTOR), null)).isEqualTo(5 * SECTOR);
        Arrays.fill(lab.expected(), 0, 8 * SECTOR, (byte) 0);
        image.close();

        lab.assertAllThere();
    }

    // ---- when there is one

    @Test
    void theSidecarNamesItBeforeTheFirstChangeOfAGuest() throws Exception {
        LiveImage image = lab.open();
        assertThat(extension().clean()).isNotNull();
        image.hydrate(new ByteRange(0, SECTOR), null);
        Arrays.fill(lab.expected(), 0, SECTOR, (byte) 0);
        assertThat(extension().clean()).isNull();
        assertThat(extension().dirty()).isNull();

        lab.write(image, 1);

        assertThat(extension().dirty().bootId()).isEqualTo(BootId.current());
        assertThat(lab.liveFile().getFileName().toString())
                .startsWith(extension().dirty().nonce() + ".");
        image.abandon();
        lab.assertAllThere();
    }

    @Test
    void nobodyElseCanReachIt() throws Exception {
        try (LiveImage image = lab.open()) {
            lab.write(image, 1);

            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(lab.livePath())))
                    .isEqualTo("rwx------");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(lab.liveFile())))
                    .isEqualTo("rw-------");
            try (var file = FileChannel.open(lab.liveFile(), StandardOpenOption.WRITE)) {
                assertThat(file.size()).isGreaterThan(8192);
            }
            var open = PosixFolder.open(lab.livePath().toString());
            try (open;
                    var file = open.open(lab.liveFile().getFileName().toString(), io.rawcow.posix.Access.READ_WRITE)) {
                assertThat(file.tryLock(io.rawcow.posix.LockMode.SHARED, 0, 0)).isFalse();
            }
        }
    }

    @Test
    void twoImagesHaveTwo() throws Exception {
        lab.files().create(lab.files().spec("b.raw-cow", "base.img", "b.img"));
        LiveImage one = lab.open();
        LiveImage other = lab.files().open("b.raw-cow", lab.live(), OpenOptions.STRICT);
        lab.write(one, 1);
        ImageFiles.write(other, 2 * SECTOR, new byte[SECTOR]);
        assertThat(lab.liveFiles()).hasSize(2);
        one.abandon();
        other.abandon();

        try (LiveImage again = lab.open()) {
            assertThat(ImageFiles.read(again)).isEqualTo(lab.expected());
            assertThat(lab.liveFiles()).hasSize(2);
        }
        try (LiveImage again = lab.files().open("b.raw-cow", lab.live(), OpenOptions.STRICT)) {
            assertThat(again.sectorsAllocated()).isOne();
        }
        assertThat(lab.liveFiles()).isEmpty();
    }

    @Test
    void itsMemoryIsTakenFromTheBudgetAndGivenBackAtTheDetach() throws Exception {
        LiveFolder live = lab.live();
        LiveImage image = lab.files().open("a.raw-cow", live, OpenOptions.STRICT);
        long header = live.takenBytes();
        lab.write(image, 1);
        assertThat(live.takenBytes()).isEqualTo(header + SIZE / SECTOR / 8);
        assertThat(mapped()).contains(lab.liveFile().toString());

        ImageFiles.hydrate(image);
        image.detach(false, () -> {});

        assertThat(live.takenBytes()).isZero();
        assertThat(lab.liveFiles()).isEmpty();
        assertThat(mapped()).doesNotContain(lab.livePath().toString());
        assertThat(ImageFiles.read(image)).isEqualTo(lab.expected());
        image.close();
    }

    private static String mapped() throws IOException {
        return Files.readString(Path.of("/proc/self/maps"));
    }

    @Test
    void whatAnEarlierOpenHasLeftIsRemoved() throws Exception {
        LiveImage image = lab.open();
        image.hydrate(new ByteRange(0, SECTOR), null); // nothing is owed: the sidecar does not name it
        Arrays.fill(lab.expected(), 0, SECTOR, (byte) 0);
        image.abandon();
        Path left = lab.liveFile();

        lab.open().close();

        assertThat(left).doesNotExist();
        assertThat(lab.liveFiles()).isEmpty();
    }

    // ---- what is not believed

    @Test
    void aLiveFileThatIsGone() throws Exception {
        lab.die();
        Files.delete(lab.liveFile());

        lab.assertLost("there is no live file: folder=" + lab.livePath());

        try (LiveImage image = lab.open(ACCEPT_LOSS)) {
            assertThat(image.sectorsAllocated()).isOne();
        }
        lab.open().close();
    }

    /** Its bits are lost with it, and the sector is the backing's again: what the guest may find after a loss. */
    @Test
    void anotherRunOfTheMachine() throws Exception {
        lab.die();
        LiveFolder other = LiveFolder.in(
                () -> PosixFolder.open(lab.livePath().getParent().toString()), "live", "another boot", 1 << 20);

        try (LiveImage image = lab.files().open("a.raw-cow", other, OpenOptions.STRICT)) {
            assertThat(image.sectorsAllocated()).isOne();
        }
    }

    @Test
    void aCopyOfTheFiles() throws Exception {
        lab.die();
        for (String name : new String[] {"a.raw-cow", "a.img", "base.img"}) {
            Files.createDirectories(lab.path("copy"));
            Files.copy(lab.path(name), lab.path("copy/" + name), StandardCopyOption.COPY_ATTRIBUTES);
        }

        lab.assertLost("copy/a.raw-cow", "there is no live file");
        lab.files().open("copy/a.raw-cow", lab.live(), ACCEPT_LOSS).close();

        lab.assertAllThere();
    }

    @Test
    void aCopyWhileTheOriginalIsOpen() throws Exception {
        LiveImage image = lab.open();
        lab.write(image, 1);
        Files.copy(lab.path("a.raw-cow"), lab.path("b.raw-cow"));
        Files.copy(lab.path("a.img"), lab.path("b.img"));
        Path there = lab.liveFile();
        // As a copied folder would be, in place of the original's name for its raw file.
        try (var sidecar = new RandomAccessFile(lab.path("b.raw-cow").toFile(), "rw")) {
            sidecar.seek(1032);
            sidecar.write("b.img\0".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        }

        lab.assertLost("b.raw-cow", "there is no live file");

        assertThat(there).exists();
        image.abandon();
        lab.assertAllThere();
    }

    @Test
    void anOlderSidecarOfThisOpenInItsPlace() throws Exception {
        LiveImage image = lab.open();
        lab.write(image, 1);
        image.flush();
        byte[] backup = Files.readAllBytes(lab.path("a.raw-cow"));
        lab.write(image, 5);
        image.flush();
        image.abandon();
        Files.write(lab.path("a.raw-cow"), backup);

        lab.assertLost("the sidecar is an older one");
    }

    @Test
    void anOlderSidecarOfAnEarlierOpenInItsPlace() throws Exception {
        lab.die();
        byte[] backup = Files.readAllBytes(lab.path("a.raw-cow"));
        LiveImage image = lab.open();
        lab.write(image, 9);
        image.abandon();
        byte[] now = Files.readAllBytes(lab.path("a.raw-cow"));
        Files.write(lab.path("a.raw-cow"), backup);

        lab.assertLost("there is no live file");

        // A refused open has spoilt nothing.
        Files.write(lab.path("a.raw-cow"), now);
        lab.assertAllThere();
    }

    @Test
    void aSidecarWithBitsThatWereNeverSet() throws Exception {
        lab.die();
        try (var sidecar = new RandomAccessFile(lab.path("a.raw-cow").toFile(), "rw")) {
            sidecar.seek(2080 + 4);
            sidecar.write(0xFF);
        }

        lab.assertLost("the sidecar has bits that its live file has not");
    }

    @Test
    void anotherRawFileOfThatName() throws Exception {
        lab.die();
        Files.copy(lab.path("a.img"), lab.path("old.img"));
        Files.move(lab.path("old.img"), lab.path("a.img"), StandardCopyOption.REPLACE_EXISTING);

        lab.assertLost("its live file belongs to other files: expected raw ");
    }

    /** Where inode numbers are used again at once, its birth tells. */
    @Test
    void anotherRawFileOfThatNameAndInode() throws Exception {
        lab.die();
        byte[] backup = Files.readAllBytes(lab.path("a.img"));
        Object inode = Files.getAttribute(lab.path("a.img"), "unix:ino");
        Files.delete(lab.path("a.img"));
        Files.write(lab.path("a.img"), backup);
        assumeTrue(inode.equals(Files.getAttribute(lab.path("a.img"), "unix:ino")), "another inode number");

        lab.assertLost("its live file belongs to other files: expected raw ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"nonce=", "boot=", "sidecar ", "raw ", "size=", "sectorsize=", "RCOWLIVE"})
    void aHeaderThatDiffersInAnything(String field) throws Exception {
        lab.die();
        Path live = lab.liveFile();
        byte[] bytes = Files.readAllBytes(live);
        int at = new String(bytes, 0, 4096, java.nio.charset.StandardCharsets.ISO_8859_1).indexOf(field);
        assertThat(at).isNotNegative();
        bytes[at + field.length() - (field.startsWith("RCOW") ? 1 : 0)] ^= 1;
        Files.write(live, bytes);

        lab.assertLost("its live file");
    }

    @Test
    void bitsPastTheLastSector() throws Exception {
        var small = new LiveLab(Files.createDirectory(temp.resolve("small")));
        small.files().create(small.files().spec("c.raw-cow", "c.img", 10 * SECTOR));
        LiveImage image = small.files().open("c.raw-cow", small.live(), OpenOptions.STRICT);
        ImageFiles.write(image, 0, new byte[SECTOR]);
        image.abandon();
        try (var live = new RandomAccessFile(small.liveFile().toFile(), "rw")) {
            live.seek(live.length() - 7);
            live.write(0xFF);
        }

        small.assertLost("c.raw-cow", "bits past the last sector");
    }

    @Test
    void oneThatIsCutOff() throws Exception {
        lab.die();
        try (var live = new RandomAccessFile(lab.liveFile().toFile(), "rw")) {
            live.setLength(live.length() - 8);
        }

        lab.assertLost("its live file is not whole");
    }

    @Test
    void oneThatAFailedSyncHasPoisoned() throws Exception {
        lab.die();
        try (var live = FileChannel.open(lab.liveFile(), StandardOpenOption.WRITE)) {
            live.write(ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt(0, 1), 12);
        }

        lab.assertLost("a sync failed");
        lab.open(ACCEPT_LOSS).close();
        assertThat(lab.liveFiles()).isEmpty();
    }

    @Test
    void oneThatSomebodyElseHolds() throws Exception {
        lab.die();
        try (var folder = PosixFolder.open(lab.livePath().toString());
                var held = folder.open(lab.liveFile().getFileName().toString(), io.rawcow.posix.Access.READ_WRITE)) {
            assertThat(held.tryLock(io.rawcow.posix.LockMode.EXCLUSIVE, 0, 0)).isTrue();

            lab.assertKept(FaultKind.IMAGE_LOCKED, lab.live());
        }
        lab.assertAllThere();
    }

    /** It gives up the sidecar before its memory. */
    @Test
    void aProcessThatIsDyingIsWaitedFor() throws Exception {
        lab.die();
        try (var pool = Executors.newSingleThreadExecutor()) {
            Future<LiveImage> opening;
            try (var folder = PosixFolder.open(lab.livePath().toString());
                    var held =
                            folder.open(lab.liveFile().getFileName().toString(), io.rawcow.posix.Access.READ_WRITE)) {
                assertThat(held.tryLock(io.rawcow.posix.LockMode.EXCLUSIVE, 0, 0))
                        .isTrue();
                opening = pool.submit(() -> lab.open());
                Thread.sleep(100); // for what follows: wrong code would have failed by now
                assertThat(opening.isDone()).isFalse();
            }
            opening.get().close();
        }
        lab.assertAllThere();
    }

    /** A process that has too many files open says nothing about the bits. */
    @ParameterizedTest
    @ValueSource(ints = {Errno.EMFILE, Errno.ENFILE, Errno.ENOMEM})
    void whereItCannotBeOpenedNowNothingIsLost(int errno) throws Exception {
        lab.die();
        LiveFolder busy = LiveFolder.in(
                () -> {
                    throw new PosixException("open", lab.livePath().toString(), errno);
                },
                "live",
                BootId.current(),
                1 << 20);

        lab.assertKept(FaultKind.IO_ERROR, busy);

        lab.assertAllThere();
    }

    @Test
    void whatWasLostIsRemovedToo() throws Exception {
        lab.die();
        Path live = lab.liveFile();
        byte[] bytes = Files.readAllBytes(live);
        bytes[28] ^= 1; // whose it is
        Files.write(live, bytes);
        String owner = live.getFileName().toString().replaceFirst("^[^.]*", "");
        Path link = Files.createSymbolicLink(lab.livePath().resolve("0" + owner), temp.resolve("elsewhere"));

        lab.open(ACCEPT_LOSS).close();

        assertThat(lab.liveFiles()).containsExactly(link);
    }

    /** No writer of ours leaves such a sidecar; but who reads one must not forget what it owes. */
    @Test
    void whatIsOwedIsSavedThoughTheSidecarCallsItselfClean() throws Exception {
        lab.die();
        try (Sidecar sidecar = lab.files().sidecar("a.raw-cow")) {
            Extension owing = extension();
            sidecar.update(new Extension(
                    owing.uuid(),
                    owing.state(),
                    owing.backingFormat(),
                    owing.backingSize(),
                    owing.backingMtimeNanos(),
                    owing.backingEtag(),
                    owing.closedCleanly(clean()).clean(),
                    owing.dirty(),
                    owing.requires()));
        }

        lab.open().abandon();

        lab.assertAllThere();
    }

    private Extension.Clean clean() throws IOException {
        try (var raw = lab.files().place("a.img").open(io.rawcow.posix.Access.READ)) {
            return new Extension.Clean(raw.status().size(), raw.status().mtimeNanos());
        }
    }

    @Test
    void aLinkInItsPlace() throws Exception {
        lab.die();
        Path live = lab.liveFile();
        Path elsewhere = Files.move(live, temp.resolve("elsewhere"));
        Files.createSymbolicLink(live, elsewhere);

        lab.assertLost("its live file cannot be used");
    }

    @Test
    void oneWithASecondName() throws Exception {
        lab.die();
        Files.createLink(lab.livePath().resolve("second"), lab.liveFile());

        lab.assertLost("not one that this user alone could have made");
    }

    @Test
    void oneThatOthersMayWrite() throws Exception {
        lab.die();
        Files.setPosixFilePermissions(lab.liveFile(), PosixFilePermissions.fromString("rw-rw----"));

        lab.assertLost("not one that this user alone could have made");
        assertThat(Files.exists(lab.liveFile(), LinkOption.NOFOLLOW_LINKS)).isTrue();
    }
}
