package io.rawcow.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import io.rawcow.posix.Errno;
import io.rawcow.posix.PosixException;
import org.junit.jupiter.api.Test;

class HealthTest {
    private final Health health = new Health();

    private static BlockException failedSync(int errno) {
        return BlockException.of(new PosixException("sync data", "/a.img", errno), "raw file");
    }

    @Test
    void isWellAtFirst() {
        assertThatNoException().isThrownBy(health::require);
        assertThat(health.isFailed()).isFalse();
        assertThat(health.failure()).isNull();
    }

    @Test
    void remembersTheFirstFailureForGood() {
        BlockException first = failedSync(Errno.EIO);
        BlockException told = health.fail(first);
        health.fail(failedSync(Errno.ENOSPC));

        assertThat(told.kind()).isEqualTo(FaultKind.IMAGE_FAILED);
        assertThat(told.errno()).isEqualTo(Errno.EIO);
        assertThat(health.failure()).isSameAs(first);
        assertThatExceptionOfType(BlockException.class)
                .isThrownBy(health::require)
                .withMessageContaining("Input/output error")
                .matches(e -> e.kind() == FaultKind.IMAGE_FAILED && e.errno() == Errno.EIO && e.action() != null);
    }
}
