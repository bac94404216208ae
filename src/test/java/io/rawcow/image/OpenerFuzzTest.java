package io.rawcow.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.rawcow.TmpfsFolder;
import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import io.rawcow.format.SidecarHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sidecars with bytes changed: an image, or a refusal after which every file is as it was. */
class OpenerFuzzTest {
    private static final int SEEDS = Integer.getInteger("rawcow.seeds", 2000);
    private static final int IMAGE_BYTES = 100_000;
    private static final Set<String> OURS = Set.of("a.raw-cow", "a.img", "base.img");

    private static final Set<FaultKind> REFUSALS = EnumSet.of(
            FaultKind.SIDECAR_INVALID,
            FaultKind.FILE_NOT_FOUND,
            FaultKind.FILE_TYPE_UNSUPPORTED,
            FaultKind.FORBIDDEN,
            FaultKind.PATH_OUTSIDE_ROOTS,
            FaultKind.BACKING_CHANGED,
            FaultKind.BACKING_FORMAT_UNSUPPORTED,
            FaultKind.RAW_FILE_CHANGED,
            FaultKind.RAW_FILE_NOT_EMPTY,
            FaultKind.INVALID_VALUE,
            FaultKind.NO_SPACE);

    @TempDir(factory = TmpfsFolder.class)
    Path folder;

    @Test
    void changedBytesAreAnImageOrARefusalThatChangesNothing() throws Exception {
        var files = new ImageFiles(folder);
        files.createOver(IMAGE_BYTES);
        byte[] valid = Files.readAllBytes(files.path("a.raw-cow"));
        Map<FaultKind, Integer> refused = new EnumMap<>(FaultKind.class);
        int opened = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
            var random = new SplittableRandom(seed);
            Files.write(files.path("a.raw-cow"), mutate(valid.clone(), random));
            Map<String, String> before = files.snapshot();
            try {
                files.open("a.raw-cow").close();
                opened++;
                reset(files);
            } catch (BlockException e) {
                refused.merge(e.kind(), 1, Integer::sum);
                assertThat(e.kind()).as("seed %d: %s", seed, e.getMessage()).isIn(REFUSALS);
                assertThat(e.getMessage()).as("seed %d", seed).matches("(?s)cannot .+: .+");
                assertThat(files.snapshot())
                        .as("seed %d: %s", seed, e.getMessage())
                        .isEqualTo(before);
            } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
                fail("seed " + seed, e);
            }
        }
        assertThat(opened).isGreaterThan(SEEDS / 50);
        assertThat(refused)
                .containsKeys(FaultKind.SIDECAR_INVALID, FaultKind.FILE_NOT_FOUND, FaultKind.RAW_FILE_CHANGED);
    }

    private static byte[] mutate(byte[] bytes, SplittableRandom random) {
        byte[] changed = bytes;
        for (int left = random.nextInt(2); left >= 0; left--) {
            switch (random.nextInt(8)) {
                case 0 -> flip(changed, 8 + random.nextInt(12), random);
                case 1 -> flip(changed, 1032 + random.nextInt(8), random);
                case 2 -> flip(changed, 2056 + random.nextInt(24), random);
                case 3 -> flip(changed, 2080 + random.nextInt(4), random);
                case 4 -> flip(changed, 4096 + random.nextInt(300), random);
                case 5 -> flip(changed, 8192 + random.nextInt(300), random);
                case 6 -> changed = Arrays.copyOf(changed, random.nextInt(changed.length) + 1);
                default -> {
                    if (changed.length >= SidecarHeader.BYTES) {
                        ByteBuffer.wrap(changed).putLong(2064, random.nextLong(1, 1L << random.nextInt(1, 60)));
                    }
                }
            }
        }
        return changed;
    }

    private static void flip(byte[] bytes, int at, SplittableRandom random) {
        if (at < bytes.length) {
            bytes[at] ^= (byte) (1 << random.nextInt(8));
        }
    }

    /** Undoes what an image that could be opened has become: a raw file extended, or made anew. */
    private void reset(ImageFiles files) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            for (Path file : all.toList()) {
                if (!OURS.contains(file.getFileName().toString())) {
                    Files.delete(file);
                }
            }
        }
        var modified = Files.getLastModifiedTime(files.path("a.img"));
        try (var raw = Files.newByteChannel(files.path("a.img"), StandardOpenOption.WRITE)) {
            raw.truncate(IMAGE_BYTES);
        }
        Files.setLastModifiedTime(files.path("a.img"), modified);
    }
}
