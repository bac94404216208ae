package io.rawcow.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.rawcow.catalog.ProblemException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QueryValuesTest {

    @ParameterizedTest
    @CsvSource({"0s,0", "500ms,500", "60000ms,60000", "30s,30000", "60s,60000", "1m,60000", "0m,0"})
    void waitIsUpToAMinute(String stated, long millis) {
        assertThat(QueryValues.wait(stated)).isEqualTo(Duration.ofMillis(millis));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "30", "s", "-1s", "61s", "2m", "60001ms", "1.5s", "1S", " 1s", "01s", "1h", "PT1S"})
    void otherWaitsAreRefused(String stated) {
        assertThatExceptionOfType(ProblemException.class).isThrownBy(() -> QueryValues.wait(stated));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0", "1001", "-1", "+1", "0x10", "1.0", "ten", "9223372036854775808"})
    void limitIsOneToAThousand(String stated) {
        assertThatExceptionOfType(ProblemException.class).isThrownBy(() -> QueryValues.limit(stated));
    }

    @Test
    void defaultsHoldWhereNothingIsStated() {
        assertThat(QueryValues.limit(null)).isEqualTo(100);
        assertThat(QueryValues.wait(null)).isEqualTo(Duration.ZERO);
        assertThat(QueryValues.isSecond("files", null, "keep", "delete")).isFalse();
    }

    @Test
    void wordIsOneOfBoth() {
        assertThat(QueryValues.isSecond("files", "keep", "keep", "delete")).isFalse();
        assertThat(QueryValues.isSecond("files", "delete", "keep", "delete")).isTrue();
        assertThatExceptionOfType(ProblemException.class)
                .isThrownBy(() -> QueryValues.isSecond("files", "Delete", "keep", "delete"));
    }
}
