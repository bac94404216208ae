package io.rawcow.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.testing.LiveService;
import io.rawcow.testing.Tool;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * qemu-io over NBD with every sector size, while a stream goes on and after its detach: what is written, zeroed and
 * trimmed is there, and nothing beside it has changed.
 */
@Timeout(300)
class QemuIoIT {
    private static final int OPERATIONS = Boolean.getBoolean("rawcow.soak") ? 3000 : 60;
    /** No multiple of any sector but the smallest. */
    private static final int SIZE = (6 << 20) + 3 * 512;

    private static final int BACKING_SIZE = SIZE - 700_000;

    @TempDir
    static Path folder;

    private static LiveService service;
    private static byte[] content;

    private SplittableRandom random;
    private Model model;
    private int sector;
    private StringBuilder script;

    @BeforeAll
    static void start() throws Exception {
        content = new byte[SIZE];
        new SplittableRandom(1).nextBytes(content);
        Arrays.fill(content, 1_000_000, 3_000_000, (byte) 0);
        Arrays.fill(content, BACKING_SIZE, SIZE, (byte) 0);
        Files.write(folder.resolve("golden.img"), Arrays.copyOf(content, BACKING_SIZE));
        service = LiveService.start(folder);
    }

    @AfterAll
    static void stop() {
        service.close();
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 1 << 17, 1 << 18, 1 << 19, 1 << 20, 1 << 21,
            })
    void everythingWrittenIsThereAndNothingElseChanged(int sectorSize) throws Exception {
        long seed = Long.getLong("rawcow.seed", System.nanoTime());
        System.out.printf("sectorsize=%d seed=%d (repeat with -Drawcow.seed=%d)%n", sectorSize, seed, seed);
        random = new SplittableRandom(seed);
        model = new Model(content);
        sector = sectorSize;
        String image = "s" + sectorSize;
        service.create(image, sectorSize, SIZE);
        String uri = service.export(image).get(random.nextInt(2));
        service.stream(image, 128 << 10);

        operate(uri);
        requireEqual(uri, "before detach");
        service.detach(image);
        operate(uri);
        requireEqual(uri, "after detach");
        service.close(image);

        model.requireEqual(folder.resolve(image + ".img"), "raw file");
    }

    private void requireEqual(String uri, String when) throws Exception {
        Path copy = folder.resolve("copy");
        Tool.run(folder, "nbdcopy", uri, copy.toString());
        model.requireEqual(copy, "copy " + when);
    }

    private void operate(String uri) throws Exception {
        script = new StringBuilder();
        for (int i = 0; i < OPERATIONS; i++) {
            switch (random.nextInt(7)) {
                case 0 -> fill("write -P %1$d %2$d %3$d", 1 + random.nextInt(255));
                case 1 -> fill("write -f -P %1$d %2$d %3$d", 1 + random.nextInt(255));
                case 2 -> fill("write -z %2$d %3$d", 0);
                case 3 -> fill("write -z -u %2$d %3$d", 0);
                case 4 -> discard();
                case 5 -> neighbours();
                default -> race();
            }
        }
        script.append("flush\nquit\n");
        String said = Tool.run(folder, script.toString(), List.of("qemu-io", "-f", "raw", "-d", "unmap", uri));
        assertThat(said).doesNotContain("failed", "error", "Error", "invalid", "timed out");
    }

    /** Half of them begin at a sector, and half of all end at one. */
    private int offset() {
        int any = random.nextInt(SIZE);
        return random.nextBoolean() ? any : any / sector * sector;
    }

    private int length(int offset) {
        int any = 1 + random.nextInt(Math.min(3 * sector, 1 << 20));
        int whole = Math.ceilDiv(any, sector) * sector;
        return Math.min(random.nextBoolean() ? any : whole, SIZE - offset);
    }

    private void fill(String command, int value) {
        int offset = offset();
        int length = length(offset);
        script.append(command.formatted(value, offset, length)).append('\n');
        model.fill(offset, length, value);
    }

    /** Whole sectors become zeros; of the others nothing changes. */
    private void discard() {
        int offset = offset();
        int length = length(offset);
        script.append("discard %d %d%n".formatted(offset, length));
        int first = Math.ceilDiv(offset, sector) * sector;
        int end = offset + length == SIZE ? SIZE : (offset + length) / sector * sector;
        if (first < end) {
            model.fill(first, end - first, 0);
        }
    }

    /** Writes side by side, in flight together, that share sectors and no byte. */
    private void neighbours() {
        int offset = offset();
        for (int i = 0; i < 8 && offset < SIZE; i++) {
            int length = Math.min(1 + random.nextInt(Math.min(sector, 1 << 16)), SIZE - offset);
            int value = 1 + random.nextInt(255);
            boolean zero = random.nextInt(4) == 0;
            script.append(
                    zero
                            ? "aio_write -z %d %d%n".formatted(offset, length)
                            : "aio_write -P %d %d %d%n".formatted(value, offset, length));
            model.fill(offset, length, zero ? 0 : value);
            offset += length;
        }
        script.append("aio_flush\n");
    }

    private void race() {
        int offset = offset();
        int end = offset + length(offset);
        int second = offset + random.nextInt(end - offset);
        int secondLength = length(second);
        int value = 1 + random.nextInt(255);
        int secondValue = 1 + random.nextInt(255);
        script.append("aio_write -P %d %d %d%n".formatted(value, offset, end - offset));
        script.append("aio_write -P %d %d %d%n".formatted(secondValue, second, secondLength));
        script.append("aio_flush\n");
        model.fill(second, secondLength, secondValue);
        model.fill(offset, end - offset, value);
        model.race(second, Math.min(end, second + secondLength), secondValue);
    }
}
