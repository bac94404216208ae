package io.rawcow.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rawcow.image.Preallocation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CreateOptionsTest {

    private static CreateOptions parse(String... options) throws CommandFailure {
        return CreateOptions.parse(options);
    }

    @Test
    void twoCommasAreOneInAValue() throws Exception {
        CreateOptions options = parse("backing_file=a,,b,,,raw_file=c,,,,d", "size=1M");

        assertThat(options.get("backing_file")).isEqualTo("a,b,");
        assertThat(options.get("raw_file")).isEqualTo("c,,d");
        assertThat(options.get("size")).isEqualTo("1M");
    }

    @Test
    void valuesKeepTheirEqualsSigns() throws Exception {
        assertThat(parse("raw_file=a=b").get("raw_file")).isEqualTo("a=b");
    }

    @Test
    void theLastOfAKeyCounts() throws Exception {
        assertThat(parse("size=1M,size=2M", "size=3M").get("size")).isEqualTo("3M");
    }

    @ParameterizedTest
    @CsvSource({
        "foo=1, Invalid parameter 'foo'",
        "Size=1, Invalid parameter 'Size'",
        "size, Parameter 'size' expects a value",
    })
    void namesWhatItDoesNotKnow(String option, String message) {
        assertThatThrownBy(() -> parse(option)).hasMessageStartingWith(message);
    }

    @Test
    void aValueMayBeSaidTwiceIfItIsTheSame() throws Exception {
        assertThat(parse("backing_file=a").merged("-b", "a", "backing_file")).isEqualTo("a");
        assertThat(parse("backing_file=a").merged("-b", null, "backing_file")).isEqualTo("a");
        assertThat(parse().merged("-b", "a", "backing_file")).isEqualTo("a");
        assertThatThrownBy(() -> parse("backing_file=a").merged("-b", "b", "backing_file"))
                .hasMessageContaining("different things: 'b' and 'a'");
    }

    @Test
    void sectorSizesArePowersOfTwo() throws Exception {
        assertThat(parse().sectorSize()).isEqualTo(4096);
        assertThat(parse("sectorsize=64k").sectorSize()).isEqualTo(65536);
        assertThat(parse("sectorsize=2M").sectorSize()).isEqualTo(2 << 20);
        for (String wrong : new String[] {"0", "256", "1000", "4M", "4G"}) {
            assertThatThrownBy(() -> parse("sectorsize=" + wrong).sectorSize()).hasMessageContaining(wrong);
        }
    }

    @Test
    void preallocationHasThreeWords() throws Exception {
        assertThat(parse().preallocation()).isEqualTo(Preallocation.OFF);
        assertThat(parse("preallocation=falloc").preallocation()).isEqualTo(Preallocation.FALLOC);
        assertThatThrownBy(() -> parse("preallocation=metadata").preallocation())
                .hasMessageContaining("metadata");
    }
}
