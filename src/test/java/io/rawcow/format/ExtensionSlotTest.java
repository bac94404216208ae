package io.rawcow.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.rawcow.format.Extension.Clean;
import io.rawcow.format.Extension.Dirty;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExtensionSlotTest {
    private static final int SEEDS = Integer.getInteger("rawcow.seeds", 2000);
    private static final String EXAMPLE_JSON = "{\"uuid\":\"0b8f4c1e-6d1f-4b57-9a0c-2f5f0c9f7a11\","
            + "\"state\":\"cow\",\"backingFormat\":\"raw\",\"backingSize\":10000,"
            + "\"backingMtimeNs\":1500000000123456789,\"requires\":[]}";

    /** CRC32C as RFC 3720 defines it, a bit at a time: nothing of the code under test. */
    private static int crc32c(byte[] bytes, int length) {
        int crc = -1;
        for (int i = 0; i < length; i++) {
            crc ^= bytes[i] & 0xFF;
            for (int bit = 0; bit < 8; bit++) {
                crc = crc >>> 1 ^ ((crc & 1) != 0 ? 0x82F6_3B78 : 0);
            }
        }
        return ~crc;
    }

    /** A slot built from the specification alone. */
    static byte[] slot(long sequence, String json) {
        return slot(sequence, json.getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] slot(long sequence, byte[] json) {
        ByteBuffer slot = ByteBuffer.allocate(4096);
        slot.put("RCX1".getBytes(StandardCharsets.US_ASCII)).putLong(sequence).putInt(json.length);
        slot.put(json).putInt(crc32c(slot.array(), 16 + json.length));
        return slot.array();
    }

    @Test
    void theTestsOwnChecksumGivesTheVectorOfRfc3720() {
        assertThat(crc32c("123456789".getBytes(StandardCharsets.US_ASCII), 9)).isEqualTo(0xE306_9283);
        assertThat(crc32c(new byte[32], 32)).isEqualTo(0x8A91_36AA);
    }

    @Test
    void encodesToTheBytesOfTheSpecification() {
        byte[] slot = new ExtensionSlot(2, SidecarFiles.extension(SidecarState.COW)).encode();

        assertThat(slot).isEqualTo(slot(2, EXAMPLE_JSON));
        assertThat(HexFormat.of().formatHex(slot, 0, 16)).isEqualTo("52435831" + "0000000000000002" + "0000009a");
    }

    @Test
    void readsBackWhatWasWritten() {
        for (long seed = 0; seed < SEEDS; seed++) {
            var random = new SplittableRandom(seed);
            var slot = new ExtensionSlot(random.nextLong(), randomExtension(random));

            byte[] bytes = slot.encode();

            assertThat(ExtensionSlot.sequenceOf(bytes)).as("seed %d", seed).hasValue(slot.sequence());
            assertThat(ExtensionSlot.decode(bytes)).as("seed %d", seed).isEqualTo(slot);
        }
    }

    private static Extension randomExtension(SplittableRandom random) {
        SidecarState[] states = SidecarState.values();
        return new Extension(
                SidecarFiles.UUID,
                states[random.nextInt(states.length)],
                random.nextBoolean() ? "raw" : null,
                random.nextBoolean() ? random.nextLong() : null,
                random.nextBoolean() ? random.nextLong() : null,
                random.nextBoolean() ? "\"\u0001 é \uD83D\uDC04 " + random.nextInt() + "\\" : null,
                random.nextBoolean()
                        ? new Clean(random.nextLong(), random.nextBoolean() ? random.nextLong() : null)
                        : null,
                random.nextBoolean() ? new Dirty("boot-" + random.nextInt(), "nonce") : null,
                random.nextBoolean() ? List.of() : List.of("a", "b" + random.nextInt()));
    }

    @Test
    void aSlotTornAtAnyByteIsNotIntact() {
        byte[] old = new ExtensionSlot(6, SidecarFiles.extension(SidecarState.CREATING)).encode();
        byte[] next = new ExtensionSlot(8, SidecarFiles.extension(SidecarState.COW)).encode();
        int used = 16 + EXAMPLE_JSON.length() + 4;
        for (int cut = 0; cut <= next.length; cut++) {
            byte[] torn = Arrays.copyOf(next, next.length);
            System.arraycopy(old, cut, torn, cut, old.length - cut);

            OptionalLong sequence = ExtensionSlot.sequenceOf(torn);

            if (Arrays.equals(torn, old)) {
                assertThat(sequence).hasValue(6);
            } else if (cut < used && !Arrays.equals(torn, 0, used, next, 0, used)) {
                assertThat(sequence).as("torn at byte %d", cut).isEmpty();
            } else {
                assertThat(sequence).as("torn at byte %d", cut).hasValue(8);
            }
        }
    }

    @Test
    void aFlippedBitInItsUsedBytesBreaksASlotAndBehindThemDoesNot() {
        byte[] slot = slot(3, EXAMPLE_JSON);
        int used = 16 + EXAMPLE_JSON.length() + 4;
        for (int bit = 0; bit < slot.length * 8; bit++) {
            slot[bit / 8] ^= (byte) (1 << bit % 8);
            assertThat(ExtensionSlot.sequenceOf(slot).isPresent())
                    .as("bit %d", bit)
                    .isEqualTo(bit / 8 >= used);
            slot[bit / 8] ^= (byte) (1 << bit % 8);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, Integer.MIN_VALUE, Integer.MAX_VALUE, 4077, 4096})
    void lengthsThatDoNotFitAreNotIntact(int length) {
        byte[] slot = slot(1, EXAMPLE_JSON);
        ByteBuffer.wrap(slot).putInt(12, length);

        assertThat(ExtensionSlot.sequenceOf(slot)).isEmpty();
    }

    @Test
    void jsonMayFillTheSlotAndNotMore() {
        String full = "{\"uuid\":\"%s\",\"state\":\"cow\"}";
        byte[] slot = slot(1, full.formatted("u".repeat(4076 - full.length() + 2)));

        Extension extension = ExtensionSlot.decode(slot).extension();

        assertThat(ExtensionSlot.sequenceOf(slot)).hasValue(1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ExtensionSlot(2, extension).encode()) // writes "requires" too
                .withMessageContaining("does not fit its slot");
    }

    @Test
    void unknownFieldsNullsAndTheOrderOfFieldsAreOfNoMatter() {
        String json = """
            { "later": {"a": [1, 2.5, true, null, {"b": "c"}]}, "requires": [], "clean": null,
              "backingSize": null, "state": "standalone", "uuid": "u", "dirty": null, "more": "é" }""";

        assertThat(ExtensionSlot.decode(slot(1, json)).extension())
                .isEqualTo(new Extension("u", SidecarState.STANDALONE, null, null, null, null, null, null, List.of()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{}                                          | has no \"uuid\"",
                "{\"uuid\":\"u\"}                            | has no \"state\"",
                "{\"uuid\":7,\"state\":\"cow\"}              | \"uuid\" is not a string",
                "{\"uuid\":\"u\",\"state\":\"COW\"}          | unknown state: state=COW",
                "{\"uuid\":\"u\",\"state\":\"detached\"}     | unknown state: state=detached",
                "{\"uuid\":\"u\",\"uuid\":\"v\",\"state\":\"cow\"} | Duplicate",
                "{\"uuid\":\"u\",\"state\":\"cow\",\"backingSize\":1.5} | \"backingSize\" is not a long",
                "{\"uuid\":\"u\",\"state\":\"cow\",\"backingSize\":9223372036854775808} | is not JSON",
                "{\"uuid\":\"u\",\"state\":\"cow\",\"clean\":{}} | has no \"rawSize\"",
                "{\"uuid\":\"u\",\"state\":\"cow\",\"clean\":[]} | \"clean\" is not a map",
                "{\"uuid\":\"u\",\"state\":\"cow\",\"dirty\":{\"bootId\":\"b\"}} | has no \"nonce\"",
                "{\"uuid\":\"u\",\"state\":\"cow\",\"requires\":[1]} | holds something that is not a name",
                "{\"uuid\":\"u\",\"state\":\"cow\",\"requires\":\"x\"} | \"requires\" is not a list",
                "{\"uuid\":\"\\ud800\",\"state\":\"cow\"}    | not Unicode",
                "{\"uuid\":\"u\",\"state\":\"cow\"} x        | is not JSON",
                "{\"uuid\":\"u\",\"state\":\"cow\"} {}       | something behind its JSON object",
                "[]                                          | is not a JSON object",
                "7                                           | is not a JSON object",
                "{\"uuid\":\"u\"                             | is not JSON",
                "x                                           | is not JSON",
            })
    void intactSlotsThatSayWhatCannotBeAreRefused(String json, String message) {
        byte[] slot = slot(1, json.strip());

        assertThat(ExtensionSlot.sequenceOf(slot)).hasValue(1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ExtensionSlot.decode(slot))
                .withMessageContaining(message);
    }

    @Test
    void deepNestingAndForeignEncodingsAreRefused() {
        String deep = "{\"uuid\":\"u\",\"state\":\"cow\",\"x\":" + "[".repeat(1500) + "]".repeat(1500) + "}";

        assertThatIllegalArgumentException().isThrownBy(() -> ExtensionSlot.decode(slot(1, deep)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ExtensionSlot.decode(slot(1, EXAMPLE_JSON.getBytes(StandardCharsets.UTF_16LE))));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ExtensionSlot.decode(slot(1, new byte[] {'{', '"', (byte) 0xFF, '"'})))
                .withMessage("the extension is not UTF-8");
        assertThatIllegalArgumentException().isThrownBy(() -> ExtensionSlot.decode(slot(1, "")));
    }
}
