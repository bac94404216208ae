package io.rawcow.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.image.Rig.Between;
import io.rawcow.posix.Errno;
import io.rawcow.testing.Faults;
import io.rawcow.testing.Operation;
import io.rawcow.testing.SimulatedDisk;
import io.rawcow.testing.Survival;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * What an open finds, left by a killed process in the page cache alone, is on the disk before anything builds on it.
 */
class SeenIsSavedTest {
    private final Rig rig =
            Rig.fresh(new Layout(4096, 8192, "vm.img", "images/vm.img", null, false, null, Preallocation.OFF));
    private @Nullable Rig killed;

    @Test
    void thatItIsStandalone() {
        rig.create();
        rig.open(Between.CLEAN_CLOSE);
        rig.write(0, new byte[8192]);
        rig.close();
        rig.open(Between.CLEAN_CLOSE);
        rig.disk().watch(this::killAfterTheSlotIsWritten);
        rig.detach(false);
        Rig next = killed;
        next.open(Between.KILL);
        assertThat(next.image().isStandalone()).isTrue();
        next.write(0, new byte[] {1});
        requireItOpensAfterAnyLossOfPower(next);
    }

    @Test
    void thatItIsOpenAfterTheSyncOfThatFailed() {
        rig.create();
        rig.open(Between.CLEAN_CLOSE);
        rig.disk().setFaults(Faults.failing(Operation.Kind.DATA_SYNC, "raw-cow", 1, 1, Errno.EIO));
        rig.write(0, new byte[] {1});
        assertThat(rig.isFailed()).isTrue();
        rig.close();
        rig.open(Between.KILL);
        rig.write(0, new byte[] {2});
        requireItOpensAfterAnyLossOfPower(rig);
    }

    private static void requireItOpensAfterAnyLossOfPower(Rig rig) {
        for (int choice = 0; choice < 50; choice++) {
            SimulatedDisk left = rig.disk().cut(Survival.of(choice, 1));
            assertThat(rig.on(left).open(Between.POWER_LOSS)).isTrue();
        }
    }

    private void killAfterTheSlotIsWritten(Operation operation) {
        if (killed == null
                && operation.kind() == Operation.Kind.WRITE
                && operation.path().endsWith("raw-cow")) {
            killed = rig.on(rig.disk().copyOfLiving());
        }
    }
}
