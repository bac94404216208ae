package io.rawcow.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.rawcow.TmpfsFolder;
import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import io.rawcow.posix.OpenFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Any bytes at all: a sidecar, or a refusal that says why, and not a byte changed. */
class SidecarFuzzTest {
    private static final int CASES = 10 * Integer.getInteger("rawcow.seeds", 2000);

    /** What a header field turns into, besides flipped bits. */
    private static final long[] EXTREMES = {
        0,
        1,
        -1,
        511,
        512,
        513,
        4096,
        1L << 21,
        (1L << 21) + 1,
        1L << 31,
        1L << 32,
        1L << 44,
        1L << 62,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        Long.MAX_VALUE - (1L << 21) + 1,
        Long.MAX_VALUE - (1L << 21) + 2
    };

    @TempDir(factory = TmpfsFolder.class)
    Path folder;

    @Test
    void arbitraryBytesAreASidecarOrARefusalThatSaysWhy() throws Exception {
        List<byte[]> valid = List.of(
                SidecarFiles.bytesOf(folder, new SidecarHeader("ubuntu.img", "my_vm.img", 7, 10_000, 4096)),
                SidecarFiles.bytesOf(folder, new SidecarHeader("", "raw", 0, 1_000_000, 512)),
                Arrays.copyOf(
                        SidecarFiles.bytesOf(folder, new SidecarHeader("a", "raw", 0, 70_000_000, 4096)), 2080 + 2137));
        Set<Outcome> seen = EnumSet.noneOf(Outcome.class);
        try (OpenFile file = SidecarFiles.create(folder.resolve("fuzzed"));
                Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(1 << 16);
            for (long seed = 0; seed < CASES; seed++) {
                byte[] bytes = mutate(valid, new SplittableRandom(seed));
                file.truncate(0);
                file.write(0, copy(buffer, bytes));
                long modified = file.status().mtimeNanos();

                seen.add(open(file, seed));

                assertThat(file.status().size()).isEqualTo(bytes.length);
                assertThat(file.status().mtimeNanos()).isEqualTo(modified);
            }
        }
        assertThat(seen).containsExactlyInAnyOrder(Outcome.values()); // the mutations reach both sides
    }

    private enum Outcome {
        OPENED,
        REFUSED_AT_OPEN,
        REFUSED_AT_LOAD
    }

    private static Outcome open(OpenFile file, long seed) throws IOException {
        boolean loading = false;
        try {
            Sidecar sidecar = Sidecar.open(file, "new-uuid");
            loading = true;
            requireSound(sidecar.header());
            // A file this small has a bitmap this small.
            AllocationBitmap bitmap = sidecar.load(SidecarFiles.memoryFor(sidecar.header()));
            assertThat(bitmap.allocatedCount()).isBetween(0L, bitmap.sectorCount());
            return Outcome.OPENED;
        } catch (BlockException e) {
            assertThat(e.kind()).as("seed %d", seed).isEqualTo(FaultKind.SIDECAR_INVALID);
            assertThat(e.getMessage()).as("seed %d", seed).matches("cannot read sidecar: [^:]{3,}.*: path=.*");
            return loading ? Outcome.REFUSED_AT_LOAD : Outcome.REFUSED_AT_OPEN;
        } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
            return fail("seed " + seed, e);
        }
    }

    private static void requireSound(SidecarHeader header) {
        assertThat(header.size()).isBetween(1L, SidecarHeader.MAX_SIZE);
        assertThat(SidecarHeader.isSectorSize(header.sectorSize())).isTrue();
        assertThat(header.rawFile()).isNotEmpty();
    }

    private static MemorySegment copy(MemorySegment buffer, byte[] bytes) {
        MemorySegment.copy(bytes, 0, buffer, ValueLayout.JAVA_BYTE, 0, bytes.length);
        return buffer.asSlice(0, bytes.length);
    }

    private static byte[] mutate(List<byte[]> valid, SplittableRandom random) {
        if (random.nextInt(50) == 0) {
            return random(random, random.nextInt(20_000));
        }
        byte[] bytes = valid.get(random.nextInt(valid.size())).clone();
        for (int left = random.nextInt(3); left >= 0; left--) {
            bytes = switch (random.nextInt(9)) {
                case 0, 1 -> flip(bytes, random.nextInt(bytes.length + 1), random);
                case 2 -> flip(bytes, 2056 + random.nextInt(40), random);
                case 3 -> flip(bytes, Math.max(0, bytes.length - 8192) + random.nextInt(200), random);
                case 4 -> Arrays.copyOf(bytes, random.nextInt(bytes.length + 1));
                case 5 -> Arrays.copyOf(bytes, random.nextInt(16_000));
                case 6 -> splice(bytes, valid.get(random.nextInt(valid.size())), random);
                case 7 -> splice(bytes, random(random, random.nextInt(600)), random);
                default -> extreme(bytes, random);
            };
        }
        return random.nextInt(3) == 0 ? withIntactSlot(bytes, random) : bytes;
    }

    private static byte[] random(SplittableRandom random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private static byte[] flip(byte[] bytes, int at, SplittableRandom random) {
        if (at < bytes.length) {
            bytes[at] ^= (byte) (1 << random.nextInt(8));
        }
        return bytes;
    }

    private static byte[] splice(byte[] bytes, byte[] other, SplittableRandom random) {
        int from = random.nextInt(other.length + 1);
        int to = random.nextInt(bytes.length + 1);
        System.arraycopy(
                other,
                from,
                bytes,
                to,
                Math.min(random.nextInt(5000), Math.min(other.length - from, bytes.length - to)));
        return bytes;
    }

    private static byte[] extreme(byte[] bytes, SplittableRandom random) {
        long value = EXTREMES[random.nextInt(EXTREMES.length)];
        if (bytes.length >= SidecarHeader.BYTES) {
            if (random.nextBoolean()) {
                ByteBuffer.wrap(bytes).putLong(2064, value);
            } else {
                ByteBuffer.wrap(bytes).putInt(2072, (int) value);
            }
        }
        return bytes;
    }

    /** Behind a good checksum too, nothing may be taken for granted. */
    private static byte[] withIntactSlot(byte[] bytes, SplittableRandom random) {
        String json = "{\"uuid\":\"u\",\"state\":\"cow\",\"backingFormat\":\"raw\",\"backingSize\":1,"
                + "\"clean\":{\"rawSize\":1,\"rawMtimeNs\":2},"
                + "\"dirty\":{\"bootId\":\"b\",\"nonce\":\"n\"},\"requires\":[]}";
        String alphabet = "{}[]\",:\\ue019-.\0é";
        var changed = new StringBuilder(json);
        for (int left = random.nextInt(4); left > 0; left--) {
            changed.setCharAt(random.nextInt(changed.length()), alphabet.charAt(random.nextInt(alphabet.length())));
        }
        changed.setLength(random.nextInt(5) == 0 ? random.nextInt(changed.length()) : changed.length());
        byte[] slot = ExtensionSlotTest.slot(random.nextLong(), changed.toString());
        int at = 4096 * random.nextInt(1, 4);
        byte[] result = Arrays.copyOf(bytes, Math.max(bytes.length, at + slot.length));
        System.arraycopy(slot, 0, result, at, slot.length);
        return result;
    }
}
