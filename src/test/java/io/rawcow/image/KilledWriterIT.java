package io.rawcow.image;

import static io.rawcow.image.LiveLab.SECTOR;
import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.testing.TestMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A process that serves an image is killed amid writes, again and again: every write that it answered is there. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class KilledWriterIT {
    /** Small, so that writes fall on each other; one step of the bitmap. */
    private static final int SIZE = 240 * SECTOR;

    @TempDir
    Path temp;

    @ParameterizedTest
    @CsvSource({"1048576, 8", "0, 3"})
    void everyAnsweredWriteIsThere(long budget, int deaths) throws Exception {
        long seed = System.nanoTime();
        System.out.println("KilledWriterIT budget=%d seed=%d".formatted(budget, seed));
        var random = new SplittableRandom(seed);
        Path live = Files.createTempDirectory(TestMemory.path(), "killed").resolve("live");
        var files = new ImageFiles(temp);
        byte[] expected = files.createOver(SIZE);
        for (int death = 0; death < deaths; death++) {
            kill(live, budget, random.nextLong(), 50 + random.nextInt(300), expected);
            try (LiveImage image =
                    files.open("a.raw-cow", LiveFolder.at(live.toString(), budget), OpenOptions.STRICT)) {
                expected = requireAnswered(ImageFiles.read(image), expected);
                if (random.nextBoolean()) {
                    image.flush();
                    image.abandon();
                }
            }
        }
        assertThat(Files.exists(live) && live.toFile().list().length > 1).isFalse();
    }

    /** Lets it write for so many answers, kills it, and notes what it has answered. */
    private void kill(Path live, long budget, long seed, int answers, byte[] expected) throws IOException {
        try (var writer = WriterProcess.start(temp.toRealPath(), live, budget, WriterProcess.GUESTS, seed)) {
            assertThat(writer.awaitOutput("\n")).isEqualTo("open\n");
            for (int i = 0; i < answers; i++) {
                note(writer.awaitOutput("\n"), expected);
            }
            writer.kill();
            // What it said and was not read yet: it was answered all the same.
            writer.rest().lines().forEach(line -> note(line, expected));
        }
    }

    private static void note(String line, byte[] expected) {
        assertThat(line).doesNotContain("failed");
        String[] words = line.strip().split(" ", -1);
        int from = Integer.parseInt(words[0]) * SECTOR + (words[1].equals("1") ? SECTOR / 2 : 0);
        int length = words[1].equals("2") ? SECTOR : SECTOR / 2;
        Arrays.fill(expected, from, from + length, Byte.parseByte(words[2]));
    }

    /** A guest has one write under way at most: that one, of half a sector or all of it, may be there or not. */
    private static byte[] requireAnswered(byte[] found, byte[] expected) {
        var unanswered = new HashMap<Integer, Integer>();
        for (int from = 0; from < found.length; from += SECTOR / 2) {
            int end = from + SECTOR / 2;
            if (!Arrays.equals(found, from, end, expected, from, end)) {
                int sector = from / SECTOR;
                Integer other = unanswered.putIfAbsent(sector % WriterProcess.GUESTS, sector);
                assertThat(other)
                        .as("a guest's sectors that are not as answered")
                        .isIn(null, sector);
                assertThat(Arrays.copyOfRange(found, from, end)).containsOnly(found[from]);
            }
        }
        return found.clone();
    }

    @Test
    void aProcessThatIsKilledWhileItOpensLeavesAllAsItWas() throws Exception {
        Path live = Files.createTempDirectory(TestMemory.path(), "killed").resolve("live");
        var files = new ImageFiles(temp);
        byte[] expected = files.createOver(SIZE);
        kill(live, 1 << 20, 7, 100, expected);
        var random = new SplittableRandom(3);
        for (int i = 0; i < 8; i++) {
            try (var writer = WriterProcess.start(temp.toRealPath(), live, 1 << 20, 0, i)) {
                Thread.sleep(random.nextInt(600)); // somewhere around the open
                writer.kill();
            }
        }
        try (LiveImage image = files.open("a.raw-cow", LiveFolder.at(live.toString(), 0), OpenOptions.STRICT)) {
            var _ = requireAnswered(ImageFiles.read(image), expected);
        }
    }
}
