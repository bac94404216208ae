package io.rawcow;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MachineMemoryTest {
    private static final long MIB = 1 << 20;

    @Test
    void usualIsTakenWhereThereIsEnough() {
        assertThat(MachineMemory.share(256 * MIB, 8, 2048 * MIB)).isEqualTo(256 * MIB);
    }

    @Test
    void partIsTakenOfALittle() {
        assertThat(MachineMemory.share(256 * MIB, 8, 256 * MIB)).isEqualTo(32 * MIB);
    }

    @Test
    void thisMachineHasMemory() {
        assertThat(MachineMemory.share(Long.MAX_VALUE, 1)).isBetween(16 * MIB, 1L << 50);
    }
}
