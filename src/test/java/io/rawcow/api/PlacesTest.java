package io.rawcow.api;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PlacesTest {
    private final Places places = new Places(9);

    @Test
    void oneCallerHasAQuarterAtMost() {
        assertThat(places.take("a")).isTrue();
        assertThat(places.take("a")).isTrue();
        assertThat(places.take("a")).isFalse();
        assertThat(places.take("b")).isTrue();

        places.giveBack("a");

        assertThat(places.take("a")).isTrue();
        assertThat(places.take("a")).isFalse();
    }

    @Test
    void allCallersTogetherHaveNoMoreThanAll() {
        for (int i = 0; i < 9; i++) {
            assertThat(places.take("caller" + i)).isTrue();
        }
        assertThat(places.take("another")).isFalse();

        places.giveBack("caller3");

        assertThat(places.take("another")).isTrue();
        assertThat(places.take("caller3")).isFalse();
    }

    @Test
    void whereThereAreFewEveryCallerHasOne() {
        var few = new Places(2);

        assertThat(few.take("a")).isTrue();
        assertThat(few.take("a")).isFalse();
        assertThat(few.take("b")).isTrue();
    }
}
