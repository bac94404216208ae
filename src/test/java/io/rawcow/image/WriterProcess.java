package io.rawcow.image;

import java.io.IOException;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.SplittableRandom;

/**
 * A process of its own in which a few guests write an image until it is killed. Each owns sectors of its own and writes
 * a number into them, one higher each time; it says a line about a write when that was answered, never before.
 */
final class WriterProcess {
    static final int GUESTS = 3;

    private WriterProcess() {}

    /** @param guests none to open the image alone */
    static Tool.Running start(Path folder, Path live, long budget, int guests, long seed) throws IOException {
        return new Tool.Running(
                folder,
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                WriterProcess.class.getName(),
                folder.toString(),
                live.toString(),
                Long.toString(budget),
                Integer.toString(guests),
                Long.toString(seed));
    }

    /** One line, whole or not at all: a pipe takes up to 4096 bytes at once. */
    private static void say(String line) {
        PrintStream out = System.out;
        out.write((line + "\n").getBytes(java.nio.charset.StandardCharsets.US_ASCII), 0, line.length() + 1);
        out.flush();
    }

    public static void main(String[] arguments) throws Exception {
        LiveFolder live = LiveFolder.at(arguments[1], Long.parseLong(arguments[2]));
        LiveImage image = new ImageFiles(Path.of(arguments[0])).open("a.raw-cow", live, OpenOptions.STRICT);
        long seed = Long.parseLong(arguments[4]);
        say("open");
        int guests = Integer.parseInt(arguments[3]);
        for (int guest = 0; guest < guests; guest++) {
            int number = guest;
            Thread.ofPlatform().start(() -> write(image, number, new SplittableRandom(seed + number)));
        }
        Thread.sleep(Long.MAX_VALUE);
    }

    private static void write(LiveImage image, int guest, SplittableRandom random) {
        int sectors = (int) image.geometry().sectorCount();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(ImageFiles.SECTOR);
            while (true) {
                int sector = random.nextInt(sectors / GUESTS) * GUESTS + guest;
                byte value = (byte) random.nextInt(1, 127);
                int half = random.nextInt(3); // the first, the second, or both
                long offset = (long) sector * ImageFiles.SECTOR + (half == 1 ? ImageFiles.SECTOR / 2 : 0);
                image.write(
                        offset,
                        bytes.asSlice(0, half == 2 ? ImageFiles.SECTOR : ImageFiles.SECTOR / 2)
                                .fill(value));
                if (random.nextInt(50) == 0) {
                    image.flush();
                }
                say("%d %d %d".formatted(sector, half, value));
            }
        } catch (IOException e) {
            say("failed " + e.getMessage());
        }
    }
}
