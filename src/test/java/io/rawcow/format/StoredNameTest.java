package io.rawcow.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StoredNameTest {
    private static final int SEEDS = Integer.getInteger("rawcow.seeds", 2000);

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ubuntu.img",
                "./a:b",
                "/images/a:b",
                "images/a:b",
                "../a:b",
                "Nbd:a", // a scheme is in lower case
                "1a:b", // and begins with a letter
                "-a:b",
                "a b:c",
                ":a",
                "é:a"
            })
    void localPathsAreStoredAsTheyAre(String path) {
        assertThat(StoredName.ofPath(StoredName.RAW, path)).isEqualTo(path);
        assertThat(StoredName.parse(path)).isEqualTo(new StoredName("raw", path));
        assertThat(StoredName.parse(path).isUri()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"a:b, ./a:b", "vm1:disk.img, ./vm1:disk.img", "qcow2:x, ./qcow2:x", "a+b.c-1:, ./a+b.c-1:"})
    void localPathsThatLookLikeUrisGetADotAndASlash(String path, String stored) {
        assertThat(StoredName.ofPath(StoredName.RAW, path)).isEqualTo(stored);
        assertThat(StoredName.parse(stored).isUri()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"nbd://host/base, nbd", "nbd+unix:///base?socket=a, nbd+unix", "https://host/a, https", "raw:a, raw"})
    void schemesBeforeTheFirstSlashMakeUris(String stored, String scheme) {
        assertThat(StoredName.parse(stored).isUri()).isTrue();
        assertThat(StoredName.parse(stored).scheme()).isEqualTo(scheme);
        assertThat(StoredName.parse(stored).format()).isEqualTo("raw");
    }

    @ParameterizedTest
    @CsvSource({"golden.qcow2, qcow2:golden.qcow2", "/a:b, qcow2:/a:b", "a:b, qcow2:./a:b"})
    void otherFormatsAreStoredAsASchemeBeforeAName(String path, String stored) {
        assertThat(StoredName.ofPath(StoredName.QCOW2, path)).isEqualTo(stored);
        assertThat(StoredName.parse(stored).format()).isEqualTo("qcow2");
        assertThat(StoredName.parse(stored).isUri()).isFalse();
    }

    @Test
    void everyPathLeadsToTheSameFileOnceStored() {
        String alphabet = "aqcow2:/.+-é\n ";
        for (long seed = 0; seed < SEEDS; seed++) {
            var random = new SplittableRandom(seed);
            var path = new StringBuilder();
            for (int left = random.nextInt(1, 12); left > 0; left--) {
                path.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            String format = random.nextBoolean() ? StoredName.RAW : StoredName.QCOW2;

            StoredName stored = StoredName.parse(StoredName.ofPath(format, path.toString()));

            assertThat(stored.format()).as("%s %s", format, path).isEqualTo(format);
            assertThat(stored.isUri()).as("%s %s", format, path).isFalse();
            assertThat(stored.name()).isIn(path.toString(), "./" + path);
        }
    }
}
