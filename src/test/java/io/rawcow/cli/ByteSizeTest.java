package io.rawcow.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ByteSizeTest {

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "1000, 1000",
        "7b, 7",
        "1k, 1024",
        "1K, 1024",
        "10M, 10485760",
        "10m, 10485760",
        "1.5G, 1610612736",
        ".5k, 512",
        "2.k, 2048",
        "1T, 1099511627776",
        "1P, 1125899906842624",
        "7E, 8070450532247928832",
        "0x1000, 4096",
        "0.0001k, 0",
        "9223372036854775807, 9223372036854775807"
    })
    void readsWhatQemuImgReads(String text, long bytes) throws Exception {
        assertThat(ByteSize.parse("image size", text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "k", "-1", "1.5", "1.5b", "1e3", "10MB", "1Q", "1 k", "0x", "0xg", "1.2.3k", "+1", "١"})
    void refusesTheRestInQemuImgsWords(String text) {
        assertThatThrownBy(() -> ByteSize.parse("image size", text))
                .isInstanceOf(CommandFailure.class)
                .hasMessageStartingWith("Invalid image size specified")
                .hasMessageContaining("k, M, G, T, P or E suffixes");
    }

    @ParameterizedTest
    @ValueSource(strings = {"8E", "9223372036854775808", "0xffffffffffffffff", "99999999999999999999999999T"})
    void refusesWhatNoFileCanHave(String text) {
        assertThatThrownBy(() -> ByteSize.parse("image size", text))
                .hasMessageContaining("Must be between 0 and 9223372036854775807");
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0 B",
        "999, 999 B",
        "1000, 0.977 KiB",
        "4096, 4 KiB",
        "200704, 196 KiB",
        "10485760, 10 MiB",
        "1610612736, 1.5 GiB",
        "1073741823, 1 GiB",
        "9223372036854775807, 8 EiB"
    })
    void writesThreeDigitsAndAUnit(long bytes, String words) {
        assertThat(ByteSize.words(bytes)).isEqualTo(words);
    }
}
