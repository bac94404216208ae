package io.rawcow.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class RateMeterTest {
    private static final long SECOND = 1_000_000_000L;

    private final RateMeter meter = new RateMeter();
    private long nanos;
    private long count;

    private void run(int seconds, long perSecond) {
        for (int i = 0; i < seconds * 20; i++) {
            meter.sample(nanos, count);
            nanos += SECOND / 20;
            count += perSecond / 20;
        }
    }

    @Test
    void knowsNothingAtFirst() {
        meter.sample(0, 1_000_000);

        assertThat(meter.perSecond()).isZero();
    }

    @Test
    void isRightFromTheFirstSecondOn() {
        run(1, 1000);

        assertThat(meter.perSecond()).isCloseTo(1000, within(1.0));
    }

    @Test
    void followsAChange() {
        run(60, 1000);
        run(20, 5000);

        assertThat(meter.perSecond()).isBetween(4800.0, 5000.0);
        run(60, 0);
        assertThat(meter.perSecond()).isLessThan(1);
    }

    @Test
    void whatIsCountedBetweenTwoSamplesOfOneMomentIsNotLost() {
        for (int i = 0; i < 200; i++) {
            meter.sample(nanos, count);
            count += 50;
            meter.sample(nanos, count);
            nanos += SECOND / 20;
        }

        assertThat(meter.perSecond()).isCloseTo(1000, within(1.0));
    }

    @Test
    void aPauseIsNotMeasured() {
        run(10, 1000);
        meter.reset();
        nanos += 3600 * SECOND;

        run(2, 2000);

        assertThat(meter.perSecond()).isCloseTo(2000, within(1.0));
    }
}
