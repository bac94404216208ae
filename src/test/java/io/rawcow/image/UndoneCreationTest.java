package io.rawcow.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.image.Rig.Between;
import io.rawcow.posix.Errno;
import io.rawcow.testing.Faults;
import io.rawcow.testing.Operation;
import io.rawcow.testing.Survival;
import org.junit.jupiter.api.Test;

/**
 * A creation can be repeated wherever it was cut off. One that fails takes back what it made, and can be cut off while
 * it does: it can be repeated all the same, and so can the repetition.
 */
class UndoneCreationTest {
    private final Rig rig = Rig.fresh(new Layout(
            4096, 8192, "../disks/vm.img", "disks/vm.img", null, false, null, Preallocation.OFF, false, 1 << 20));

    @Test
    void aLossOfPowerAnywhereInACreationDoesNotHinderItsRepetition() {
        rig.disk().watch(_ -> requireRepeatable(rig));
        assertThat(rig.create()).isTrue();
    }

    @Test
    void aLossOfPowerNeverLeavesTheRawFileAlone() {
        rig.disk().setFaults(Faults.failing(Operation.Kind.SYNC, "vm.img", 1, 1, Errno.ENOSPC));
        rig.disk().watch(_ -> requireRepeatable(rig));
        assertThat(rig.create()).isFalse();
    }

    @Test
    void aKillThenALossOfPowerNeither() {
        rig.disk().setFaults(Faults.failing(Operation.Kind.SYNC, "vm.img", 1, 1, Errno.ENOSPC));
        rig.disk().watch(_ -> {
            Rig next = rig.on(rig.disk().copyOfLiving());
            next.disk().watch(_ -> requireRepeatable(next));
            next.open(Between.KILL);
        });
        assertThat(rig.create()).isFalse();
    }

    private static void requireRepeatable(Rig rig) {
        for (int choice = 0; choice < 20; choice++) {
            assertThat(rig.on(rig.disk().cut(Survival.of(choice, 1))).open(Between.POWER_LOSS))
                    .isTrue();
        }
    }
}
