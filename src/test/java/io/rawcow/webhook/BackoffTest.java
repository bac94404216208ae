package io.rawcow.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class BackoffTest {
    private final Backoff full = new Backoff(() -> 0);
    private final Backoff half = new Backoff(() -> Math.nextDown(1.0));

    @Test
    void doublesFromASecondToFiveMinutes() {
        assertThat(full.after(1, null)).isEqualTo(Duration.ofSeconds(1));
        assertThat(full.after(2, null)).isEqualTo(Duration.ofSeconds(2));
        assertThat(full.after(9, null)).isEqualTo(Duration.ofSeconds(256));
        assertThat(full.after(10, null)).isEqualTo(Duration.ofMinutes(5));
        assertThat(full.after(Integer.MAX_VALUE, null)).isEqualTo(Duration.ofMinutes(5));
    }

    @Test
    void chanceTakesUpToHalfOfIt() {
        assertThat(half.after(1, null)).isBetween(Duration.ofMillis(499), Duration.ofMillis(501));
        assertThat(half.after(100, null)).isBetween(Duration.ofMillis(149_999), Duration.ofMillis(150_001));
    }

    @Test
    void receiverMayAskForMoreButNotForEver() {
        assertThat(full.after(1, Duration.ofSeconds(30))).isEqualTo(Duration.ofSeconds(30));
        assertThat(full.after(1, Duration.ofDays(30))).isEqualTo(Duration.ofMinutes(5));
        assertThat(full.after(5, Duration.ofSeconds(3))).isEqualTo(Duration.ofSeconds(16));
        assertThat(full.after(1, Duration.ofSeconds(-5))).isEqualTo(Duration.ofSeconds(1));
    }
}
