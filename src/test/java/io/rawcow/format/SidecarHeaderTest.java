package io.rawcow.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The 2080 bytes, held against bytes written down by hand. */
class SidecarHeaderTest {
    private static final int SEEDS = Integer.getInteger("rawcow.seeds", 2000);
    private static final SidecarHeader EXAMPLE =
            new SidecarHeader("ubuntu.img", "my_vm.img", 0x4E1F_2A30, 10_000, 4096);

    /** Built from the specification's table alone. */
    private static byte[] exampleBytes() {
        byte[] bytes = new byte[2080];
        put(bytes, 0, "52434F57 00000001");
        put(bytes, 8, "7562756E74752E696D67"); // ubuntu.img
        put(bytes, 1032, "6D795F766D2E696D67"); // my_vm.img
        put(bytes, 2056, "4E1F2A30 00000000");
        put(bytes, 2064, "0000000000002710 00001000 00000000");
        return bytes;
    }

    private static void put(byte[] bytes, int at, String hex) {
        byte[] part = HexFormat.of().parseHex(hex.replace(" ", ""));
        System.arraycopy(part, 0, bytes, at, part.length);
    }

    @Test
    void encodesToTheBytesOfTheSpecification() {
        assertThat(EXAMPLE.encode()).isEqualTo(exampleBytes());
    }

    @Test
    void decodesTheBytesOfTheSpecification() throws Exception {
        assertThat(SidecarHeader.decode(exampleBytes(), "a")).isEqualTo(EXAMPLE);
    }

    @Test
    void timesBeyond2038KeepTheirLow32Bits() throws Exception {
        byte[] bytes = exampleBytes();
        put(bytes, 2056, "FFFFFFFE");

        assertThat(Integer.toUnsignedLong(SidecarHeader.decode(bytes, "a").mtime()))
                .isEqualTo(0xFFFF_FFFEL);
    }

    @Test
    void readsBackWhatWasWritten() throws Exception {
        for (long seed = 0; seed < SEEDS; seed++) {
            var random = new SplittableRandom(seed);
            var header = new SidecarHeader(
                    name(random, 0),
                    name(random, 1),
                    random.nextInt(),
                    random.nextLong(SidecarHeader.MAX_SIZE) + 1,
                    512 << random.nextInt(13));

            assertThat(SidecarHeader.decode(header.encode(), "a"))
                    .as("seed %d", seed)
                    .isEqualTo(header);
        }
    }

    /** Text of one to four bytes a character, up to the full length of a name. */
    private static String name(SplittableRandom random, int fewest) {
        var name = new StringBuilder();
        int left = random.nextInt(4) == 0 ? SidecarHeader.MAX_NAME_BYTES : random.nextInt(fewest, 60);
        for (int length; left > 0; left -= length) {
            int[] perLength = {'a' + random.nextInt(26), 0xE9, 0x4E2D, 0x1F404};
            length = random.nextInt(Math.min(left, 4)) + 1;
            name.appendCodePoint(perLength[length - 1]);
        }
        return name.toString();
    }

    static Stream<Arguments> damage() {
        return Stream.of(
                damage("magic is 0x4F4F4F4D", bytes -> put(bytes, 0, "4F4F4F4D")),
                damage("version is 0x0", bytes -> put(bytes, 4, "00000000")),
                damage("version is 0x2", bytes -> put(bytes, 4, "00000002")),
                damage("version is 0x1000000", bytes -> put(bytes, 4, "01000000")),
                damage("padding at 2060", bytes -> bytes[2063] = 1),
                damage("padding at 2076", bytes -> bytes[2076] = 1),
                damage("size=0", bytes -> put(bytes, 2064, "0000000000000000")),
                damage("size=-9223372036854775808", bytes -> put(bytes, 2064, "8000000000000000")),
                damage("size=-1", bytes -> put(bytes, 2064, "FFFFFFFFFFFFFFFF")),
                damage("size=9223372036852678657", bytes -> put(bytes, 2064, "7FFFFFFFFFE00001")),
                damage("sectorsize=0", bytes -> put(bytes, 2072, "00000000")),
                damage("sectorsize=3", bytes -> put(bytes, 2072, "00000003")),
                damage("sectorsize=256", bytes -> put(bytes, 2072, "00000100")),
                damage("sectorsize=4097", bytes -> put(bytes, 2072, "00001001")),
                damage("sectorsize=4194304", bytes -> put(bytes, 2072, "00400000")),
                damage("sectorsize=-2147483648", bytes -> put(bytes, 2072, "80000000")),
                damage("backing_file is not NUL-terminated", bytes -> Arrays.fill(bytes, 8, 1032, (byte) 'a')),
                damage("raw_file is not NUL-terminated", bytes -> Arrays.fill(bytes, 1032, 2056, (byte) 'a')),
                damage(
                        "backing_file has a byte that is not zero behind its end: offset=1031",
                        bytes -> bytes[1031] = 1),
                damage("raw_file has a byte that is not zero behind its end: offset=1042", bytes -> bytes[1042] = 1),
                damage("backing_file is not UTF-8", bytes -> bytes[8] = (byte) 0xFF),
                damage("raw_file is not UTF-8", bytes -> put(bytes, 1032, "C0AF")), // a slash, one byte too long
                damage("raw_file is not UTF-8", bytes -> put(bytes, 1032, "EDA080")), // half a surrogate pair
                damage("raw_file must not be empty", bytes -> Arrays.fill(bytes, 1032, 2056, (byte) 0)));
    }

    private static Arguments damage(String message, Consumer<byte[]> change) {
        return Arguments.of(message, change);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("damage")
    void damageIsRefusedByName(String message, Consumer<byte[]> change) {
        byte[] bytes = exampleBytes();
        change.accept(bytes);

        var refusal =
                catchThrowableOfType(BlockException.class, () -> SidecarHeader.decode(bytes, "/images/a.raw-cow"));

        assertThat(refusal.kind()).isEqualTo(FaultKind.SIDECAR_INVALID);
        assertThat(refusal).hasMessageContaining(message).hasMessageEndingWith("path=/images/a.raw-cow");
    }

    @Test
    void everyShorterFileIsRefused() {
        byte[] bytes = exampleBytes();
        for (int length = 0; length < bytes.length; length++) {
            byte[] part = Arrays.copyOf(bytes, length);
            var refusal = catchThrowableOfType(BlockException.class, () -> SidecarHeader.decode(part, "a"));

            assertThat(refusal)
                    .hasMessage("cannot read sidecar: it is shorter than a header: bytes=%d expected=2080: path=a"
                            .formatted(length));
        }
    }

    @Test
    void anyByteThatChangesChangesTheHeaderOrIsRefused() {
        byte[] bytes = exampleBytes();
        for (int at = 0; at < bytes.length; at++) {
            byte[] changed = bytes.clone();
            changed[at] ^= 0x41;
            try {
                assertThat(SidecarHeader.decode(changed, "a")).as("byte %d", at).isNotEqualTo(EXAMPLE);
            } catch (BlockException e) {
                assertThat(e.kind()).isEqualTo(FaultKind.SIDECAR_INVALID);
            }
        }
    }

    @Test
    void namesMayFillTheirFieldsUpToTheNul() throws Exception {
        String longest = "é".repeat(511) + "a";
        var header = new SidecarHeader(longest, longest, 0, 1, 512);

        byte[] bytes = header.encode();

        assertThat(ByteBuffer.wrap(bytes).get(8 + 1023)).isZero();
        assertThat(SidecarHeader.decode(bytes, "a")).isEqualTo(header);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a\0b", "\ud800", "half a pair \udc00 inside"})
    void namesThatCannotBeStoredAreRefused(String name) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new SidecarHeader("", name, 0, 1, 512))
                .withMessageContaining("raw_file");
    }

    @Test
    void namesOfOneByteTooManyAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new SidecarHeader("é".repeat(512), "a", 0, 1, 512))
                .withMessage("backing_file must not be longer than 1023 bytes: bytes=1024");
    }
}
