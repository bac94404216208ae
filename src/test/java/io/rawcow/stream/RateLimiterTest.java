package io.rawcow.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RateLimiterTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long MIB = 1 << 20;

    private long now = -5 * SECOND;

    private RateLimiter at(long speed) {
        return new RateLimiter(speed, () -> now);
    }

    /** Charges as fast as the limiter lets one; answers the bytes that went through. */
    private long drive(RateLimiter limiter, long nanos, long chunk) {
        long end = now + nanos;
        long bytes = 0;
        while (true) {
            long wait = limiter.nanosUntilReady();
            if (now + wait >= end) {
                now = end;
                return bytes;
            }
            now += wait;
            limiter.charge(chunk);
            bytes += chunk;
        }
    }

    @Test
    void holdsFromTheFirstByte() {
        RateLimiter limiter = at(4 * MIB);
        now += 60 * SECOND; // waited for its turn
        limiter.restart();
        long chunk = limiter.stepBytes(2 * MIB);

        assertThat(chunk).isEqualTo(4 * MIB / 10);
        assertThat(drive(limiter, SECOND / 11, chunk)).isEqualTo(chunk);
    }

    @Test
    void eightyMebibytesAtEightTakeTenSeconds() {
        RateLimiter limiter = at(8 * MIB);
        long start = now;
        long chunk = limiter.stepBytes(2 * MIB) / 4096 * 4096;
        for (long done = 0; done < 80 * MIB; done += chunk) {
            now += limiter.nanosUntilReady();
            limiter.charge(chunk);
        }
        now += limiter.nanosUntilReady();

        assertThat((now - start) / 1e9).isCloseTo(10, within(0.11));
    }

    @Test
    void aChunkOfASecondsWorthGoesOnceInHalfASecond() {
        RateLimiter limiter = at(65536);

        assertThat(drive(limiter, SECOND / 2, 65536)).isEqualTo(65536);
        assertThat(limiter.nanosUntilReady()).isEqualTo(SECOND / 2);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 512, 65536, 10 * MIB, Long.MAX_VALUE})
    void anySpeedIsKept(long speed) {
        RateLimiter limiter = at(speed);
        long chunk = Math.max(4096, limiter.stepBytes(2 * MIB));
        long start = now;
        limiter.charge(chunk);
        limiter.charge(chunk);
        now += limiter.nanosUntilReady();

        assertThat((now - start) / 1e9).isCloseTo(2.0 * chunk / speed, within(0.001));
    }

    @Test
    void noLimitIsNoLimit() {
        RateLimiter limiter = at(0);
        limiter.charge(Long.MAX_VALUE);

        assertThat(limiter.nanosUntilReady()).isZero();
        assertThat(limiter.stepBytes(2 * MIB)).isEqualTo(2 * MIB);
    }

    @Test
    void aStepIsNeverLargerThanAskedForAndNeverNothing() {
        assertThat(at(Long.MAX_VALUE).stepBytes(2 * MIB)).isEqualTo(2 * MIB);
        assertThat(at(1).stepBytes(2 * MIB)).isOne();
    }

    @Test
    void whatCostsNothingIsFree() {
        RateLimiter limiter = at(1000);
        for (int i = 0; i < 1000; i++) {
            limiter.charge(0);
        }

        assertThat(limiter.nanosUntilReady()).isZero();
    }

    @Test
    void idleTimeSavesUpATenthOfASecond() {
        RateLimiter limiter = at(1000);
        limiter.charge(1000);
        now += 3600 * SECOND;

        assertThat(drive(limiter, SECOND, 10)).isBetween(1000L, 1110L);
    }

    @Test
    void aRestartGivesUpWhatWasSavedAndKeepsTheDebt() {
        RateLimiter limiter = at(1000);
        now += SECOND;
        limiter.restart();
        limiter.charge(500);
        assertThat(limiter.nanosUntilReady()).isEqualTo(SECOND / 2);

        limiter.restart();

        assertThat(limiter.nanosUntilReady()).isEqualTo(SECOND / 2);
    }

    @Test
    void aHigherSpeedHoldsForTheDebtToo() {
        RateLimiter limiter = at(1000);
        limiter.charge(10_000);
        assertThat(limiter.nanosUntilReady()).isEqualTo(10 * SECOND);

        limiter.setSpeed(100_000);

        assertThat(limiter.nanosUntilReady()).isEqualTo(SECOND / 10);
        assertThat(limiter.speed()).isEqualTo(100_000);
    }

    @Test
    void aLowerSpeedHoldsAtOnce() {
        RateLimiter limiter = at(100_000);
        limiter.charge(10_000);

        limiter.setSpeed(1000);

        assertThat(limiter.nanosUntilReady()).isEqualTo(10 * SECOND);
        assertThat(drive(limiter, 20 * SECOND, 100)).isEqualTo(10_000);
    }

    @Test
    void liftingTheLimitForgivesTheDebt() {
        RateLimiter limiter = at(1);
        limiter.charge(MIB);
        limiter.setSpeed(0);
        assertThat(limiter.nanosUntilReady()).isZero();

        limiter.setSpeed(1000);

        assertThat(limiter.nanosUntilReady()).isZero();
        assertThat(drive(limiter, SECOND, 100)).isBetween(1000L, 1100L);
    }
}
